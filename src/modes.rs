//! The ways to run: once ([`run`]), until healthy ([`wait`](mod@wait)), for as long as the pod lives ([`serve`]).

pub mod log;
pub mod ping;
pub mod run;
pub mod schedule;
pub mod serve;
pub mod signals;
pub mod termination_log;
pub mod wait;
