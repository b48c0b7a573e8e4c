//! The ways to run: from a laptop ([`doctor`]), once ([`run`]), until healthy ([`wait`](mod@wait)), for as long as the pod lives ([`serve`]).

pub(crate) mod doctor;
pub(crate) mod log;
pub(crate) mod ping;
pub mod run;
pub mod schedule;
pub(crate) mod serve;
pub(crate) mod signals;
pub(crate) mod termination_log;
pub(crate) mod wait;
