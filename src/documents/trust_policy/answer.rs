//! What `irsa-probe trust-policy` answers, before it is text or JSON.

use super::correction::{Correction, correct};
use super::evaluate::{Decision, Verdict, evaluate};
use super::needed::Needed;
use super::policy::Policy;
use super::request::Request;
use crate::diagnosis::report::exit;
use serde_json::Value;

/// The decision about a request, and how to correct the policy.
#[derive(Clone, Debug)]
pub struct Answer {
    pub request: Request,
    pub decision: Decision,
    /// What to do, if that is known.
    pub fix: Option<String>,
    /// A command that makes the role trust this token and keeps what the policy already allows.
    pub command: Option<String>,
}

impl Answer {
    /// `json` is what `policy` was parsed from.
    pub fn new(request: Request, policy: &Policy, json: &Value) -> Answer {
        let decision = evaluate(policy, &request);
        let (fix, command) = match (&decision.fault, decision.denied_by()) {
            (None, _) => (None, None),
            (Some(_), Some(_)) => {
                (Some("Narrow the Deny statement or remove it: no Allow overrides it.".to_owned()), None)
            }
            (Some(_), None) => match correct(json, policy, &decision, &request) {
                Some(Correction { policy, text }) => (Some(text), Some(Needed::from(&request).update_command(&policy))),
                None => (Some("Add a statement for this token.".to_owned()), None),
            },
        };
        Answer { request, decision, fix, command }
    }

    pub fn exit_code(&self) -> u8 {
        match self.decision.verdict {
            Verdict::Allowed => exit::WORKS,
            Verdict::Denied => exit::FIX,
            Verdict::Unknown(_) => exit::UNDETERMINED,
        }
    }
}
