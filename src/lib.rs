//! Does IRSA work in this pod, and if not, exactly why, and what fixes it?
//!
//! ```text
//! subject -> collect (the only I/O) -> Evidence -> checks (pure) -> Report -> render (pure) -> stdout, log,
//!                                         ^                                    termination message, HTTP
//!            documents (JSON that a user pipes in) parsed into the same Evidence
//! ```

pub mod arn;
pub mod audit;
pub mod checks;
pub mod cli;
pub mod collect;
pub mod debug_profile;
pub mod documents;
pub mod evidence;
pub mod explain;
pub mod finding;
pub mod injection;
#[cfg(any(test, fuzzing))]
pub mod inputs;
pub mod issuer;
pub mod json;
pub mod log;
pub mod partition;
pub mod ping;
pub mod printable;
pub mod probe;
pub mod redact;
pub mod render;
pub mod report;
pub mod schedule;
pub mod sdk_chain;
pub mod sdk_support;
pub mod secrets;
pub mod serve;
pub mod signals;
pub mod sts_errors;
pub mod subject;
pub mod termination_log;
pub mod timestamp;
pub mod trust_policy;
pub mod unreached;
pub mod wait;
