//! Shows a report. Nothing here decides anything.

pub mod json;
mod target;
pub mod text;
pub mod trust_policy;
