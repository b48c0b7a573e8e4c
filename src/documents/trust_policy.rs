//! Evaluates a role's trust policy as IAM does when a pod calls AssumeRoleWithWebIdentity, and writes the policy that a
//! token needs. STS does not say which part of a policy denied the call; this does.
//!
//! Rules are those of the IAM User Guide, "IAM JSON policy reference"; each is named where it is applied.

mod answer;
mod condition;
mod correction;
mod edit;
mod eksctl;
mod evaluate;
mod fault;
mod intent;
mod mismatch;
mod needed;
mod operator;
mod parse;
mod pattern;
mod pod_identity;
mod policy;
mod request;
mod terraform;
#[cfg(test)]
mod tests;
mod truth;
mod typo;
mod version;

pub use answer::Answer;
pub use evaluate::{Decision, Judged, Judgement, Verdict, evaluate};
pub use mismatch::Mismatch;
pub use needed::{Given, Needed, needed};
pub use parse::{PolicyFault, json, unwrap};
pub(crate) use pattern::matches_action;
pub use pod_identity::{Caller, Grants, PodIdentityAnswer, PodIdentityCall, PodIdentityDecision};
pub use policy::{Effect, Policy, Principals};
pub use request::{ACTION, Request};
