//! What `irsa-probe trust-policy` answers, before it is text or JSON.

use super::document::Policy;
use super::evaluate::{Decision, Verdict, evaluate};
use super::needed::Needed;
use super::request::Request;
use crate::report::exit;
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
        let explicit = decision.denied_by().is_some();
        let fix = decision.mistake.as_ref().map(|_| match explicit {
            true => "narrow the Deny statement, or take it out: no Allow can make up for it".to_owned(),
            false => "correct the statement where the policy differs, or add one for this token:".to_owned(),
        });
        let needed = Needed::from(&request);
        let command = match fix.is_some() && !explicit {
            true => needed.added_to(bare).map(|policy| needed.update_command(&policy)),
            false => None,
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
