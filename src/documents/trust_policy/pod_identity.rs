//! The calls by which EKS Pod Identity assumes a role, and what a trust policy makes of them.
//!
//! Source: EKS user guide, "EKS Pod Identity role" and "Access AWS resources using EKS Pod Identity target IAM roles".

mod answer;
mod call;
mod evaluate;
mod needed;
#[cfg(test)]
mod tests;

pub use answer::PodIdentityAnswer;
pub use call::{Caller, PodIdentityCall};
pub use evaluate::{Grants, PodIdentityDecision};
