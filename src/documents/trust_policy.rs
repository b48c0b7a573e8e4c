//! Judges a role's trust policy as IAM does when a pod calls AssumeRoleWithWebIdentity, and writes the one that a
//! token needs. STS never says which part of a policy it did not like; with the policy in hand this can.
//!
//! Rules are those of the IAM User Guide, "IAM JSON policy reference"; each is named where it is applied.

mod answer;
mod condition;
mod correction;
mod document;
mod evaluate;
#[cfg(test)]
mod laws;
mod mistake;
mod needed;
#[cfg(test)]
mod operators;
mod pattern;
mod request;
mod slip;
#[cfg(test)]
mod table;

pub use answer::Answer;
pub use condition::{Condition, Operator};
pub use document::{Actions, Effect, Policy, PolicyFault, PrincipalSet, Principals, Statement, Version, json, unwrap};
pub use evaluate::{Decision, Judged, Judgement, Mismatch, Verdict, evaluate};
pub use mistake::Mistake;
pub use needed::{Needed, needed};
pub use request::{ACTION, Request, STS_AUDIENCE};
