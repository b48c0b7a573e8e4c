//! Shows a report. Nothing here decides anything.

pub mod audit;
pub mod json;
pub mod text;
pub mod trust_policy;
