//! From evidence to a verdict.

mod answer;
pub mod history;
pub mod judged;
pub mod matcher;
pub mod report;
mod unreached;
