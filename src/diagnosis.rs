//! From evidence to a verdict.

pub(crate) mod answer;
pub mod history;
pub(crate) mod judged;
pub(crate) mod matcher;
mod network;
pub mod report;
