//! What `irsa-probe trust-policy` answers, before it is text or JSON.

use super::correction::{Correction, correct};
use super::document::Policy;
use super::evaluate::{Decision, Verdict, evaluate};
use super::needed::Needed;
use super::request::Request;
use crate::diagnosis::report::exit;
use serde_json::Value;

/// A policy judged for a request, and what puts it right.
#[derive(Clone, Debug)]
pub struct Answer {
    pub request: Request,
    pub decision: Decision,
    /// What is to be done, if anything is known to be.
    pub fix: Option<String>,
    /// A command that makes the role trust this token and keeps what the policy allows already.
    pub command: Option<String>,
}

impl Answer {
    /// `bare` is the JSON that `policy` was parsed from.
    pub fn new(request: Request, policy: &Policy, bare: &Value) -> Answer {
        let decision = evaluate(policy, &request);
        let (fix, command) = match (&decision.mistake, decision.denied_by()) {
            (None, _) => (None, None),
            (Some(_), Some(_)) => {
                (Some("narrow the Deny statement, or take it out: no Allow can make up for it".to_owned()), None)
            }
            (Some(_), None) => match correct(bare, policy, &decision, &request) {
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
