//! The decision about a call of EKS Pod Identity, and how to correct the policy.

use super::call::{ASSUME_ROLE, PodIdentityCall, TAG_SESSION};
use super::evaluate::{PodIdentityDecision, evaluate};
use crate::causes::TAG_SESSION_MISSING;
use crate::diagnosis::report::exit;
use crate::documents::trust_policy::correction::{statements, with_statements};
use crate::documents::trust_policy::evaluate::{Judgement, Verdict};
use crate::documents::trust_policy::needed::update_command;
use crate::documents::trust_policy::policy::{Actions, Effect, Policy};
use serde_json::{Value, json};

#[derive(Clone, Debug)]
pub struct PodIdentityAnswer {
    pub call: PodIdentityCall,
    pub decision: PodIdentityDecision,
    /// What to do, if that is known.
    pub fix: Option<String>,
    /// A command that makes the role trust the caller and keeps what the policy already allows.
    pub command: Option<String>,
}

impl PodIdentityAnswer {
    /// `json` is what `policy` was parsed from.
    pub fn new(call: PodIdentityCall, policy: &Policy, json: &Value) -> PodIdentityAnswer {
        let decision = evaluate(policy, &call);
        let is_denied = |judged: &(&str, Judgement)| matches!(judged.1, Judgement::Applies);
        let has_deny =
            decision.statements.iter().any(|one| one.effect == Effect::Deny && one.by_action.iter().any(is_denied));
        let (fix, command) = match &decision.fault {
            None => (None, None),
            Some(_) if has_deny => {
                (Some("Narrow the Deny statement or remove it: no Allow overrides it.".to_owned()), None)
            }
            Some(_) => match correct(json, policy, &decision, &call) {
                Some((text, policy)) => (Some(text), Some(update_command(&call.role, &policy))),
                None => (Some(format!("Add a statement for {}.", call.whom())), None),
            },
        };
        PodIdentityAnswer { call, decision, fix, command }
    }

    pub fn exit_code(&self) -> u8 {
        match self.decision.verdict {
            Verdict::Allowed => exit::WORKS,
            Verdict::Denied => exit::FIX,
            Verdict::Unknown(_) => exit::UNDETERMINED,
        }
    }
}

/// What is changed, and a policy that allows the call.
fn correct(
    json: &Value,
    policy: &Policy,
    decision: &PodIdentityDecision,
    call: &PodIdentityCall,
) -> Option<(String, String)> {
    let mut list = statements(json)?;
    let only_assumes = |index: &usize| {
        let statement = &decision.statements[*index];
        statement.effect == Effect::Allow && statement.applies_to() == [ASSUME_ROLE]
    };
    let is_tag_missing = decision.fault.as_ref().is_some_and(|fault| fault.cause == &TAG_SESSION_MISSING);
    let lacking = (0..list.len()).find(only_assumes).filter(|_| is_tag_missing);
    let text = match lacking.map(|index| (index, &policy.statements[index].actions)) {
        Some((index, Actions::Only(names))) => {
            let names: Vec<&str> = names.iter().map(String::as_str).chain([TAG_SESSION]).collect();
            list[index]["Action"] = json!(names);
            format!("Add {TAG_SESSION} to the actions of statement {}. The command keeps everything else.", index + 1)
        }
        _ => {
            list.push(serde_json::to_value(call.statement()).ok()?);
            format!("Add a statement for {}. The command keeps the existing statements.", call.whom())
        }
    };
    let corrected = with_statements(json, list)?;
    let allows = evaluate(&Policy::parse(&corrected).ok()?, call).verdict != Verdict::Denied;
    allows.then_some((text, corrected))
}
