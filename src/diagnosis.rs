//! From evidence to a verdict.

pub mod injection;
pub mod judged;
pub mod report;
pub mod sts_errors;
pub mod unreached;
