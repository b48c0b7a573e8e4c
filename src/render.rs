//! Shows a report. Nothing here decides anything.

pub(crate) mod audit;
pub mod html;
pub mod json;
pub mod metrics;
pub mod page;
#[cfg(test)]
pub(crate) mod sample;
mod target;
pub mod termination;
pub mod text;
pub(crate) mod trust_policy;
