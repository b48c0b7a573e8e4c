//! The ways to run: from a laptop ([`doctor`]), once ([`run`]), until healthy ([`wait`](mod@wait)), for as long as the pod lives ([`serve`]).

pub(crate) mod clock;
pub(crate) mod doctor;
#[cfg(target_os = "linux")]
pub(crate) mod log;
#[cfg(target_os = "linux")]
pub(crate) mod ping;
#[cfg(target_os = "linux")]
pub mod run;
pub mod schedule;
#[cfg(target_os = "linux")]
pub(crate) mod serve;
#[cfg_attr(windows, path = "modes/signals_windows.rs")]
pub(crate) mod signals;
#[cfg(target_os = "linux")]
pub(crate) mod termination_log;
#[cfg(target_os = "linux")]
pub(crate) mod wait;
