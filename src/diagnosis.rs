//! From evidence to a verdict.

mod answer;
pub mod history;
pub mod judged;
pub mod matcher;
mod network;
pub mod report;
