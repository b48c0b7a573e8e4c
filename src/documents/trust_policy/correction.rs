//! Corrects a policy that denies a request: in the statement that is wrong if that statement serves nobody else, and by a
//! new statement otherwise.

use super::edit::Edit;
use super::evaluate::{Decision, Judged, Judgement, Verdict, evaluate};
use super::mismatch::Mismatch;
use super::needed::Needed;
use super::policy::Policy;
use super::request::Request;
use serde::Serialize;
use serde_json::Value;

/// A policy that allows the request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Correction {
    /// JSON on several lines, without a final newline.
    pub policy: String,
    /// What is changed, in the imperative.
    pub text: String,
}

/// Version comes first: IAM has rejected policies with it at the end.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct PolicyText<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<&'a Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<&'a Value>,
    statement: Vec<Value>,
}

/// `json` is what `policy` was parsed from, `decision` is its decision about `request`. `None` if no known correction allows
/// the request.
pub(super) fn correct(json: &Value, policy: &Policy, decision: &Decision, request: &Request) -> Option<Correction> {
    in_place(json, policy, decision, request).or_else(|| {
        let mut list = statements(json)?;
        list.push(serde_json::to_value(Needed::from(request).statement()).ok()?);
        allowing(json, list, request, "Add a statement for this token. The command keeps the existing statements.")
    })
}

fn in_place(json: &Value, policy: &Policy, decision: &Decision, request: &Request) -> Option<Correction> {
    let is_closest = |judged: &Judged| judged.fault.is_some() && judged.fault == decision.fault;
    let index = decision.statements.iter().position(is_closest)?;
    let Judgement::Differs(parts) = &decision.statements[index].judgement else { return None };
    let mut list = statements(json)?;
    let mut edit = Edit::new(list.get(index)?.as_object()?, policy.statements.get(index)?, request);
    for part in parts {
        match part {
            Mismatch::Principal { .. } => edit.principal()?,
            Mismatch::Action { .. } => edit.action()?,
            Mismatch::Condition { operator, key, .. } => edit.condition(operator, key)?,
        }
    }
    let edited = edit.finish();
    let mut text =
        format!("Correct statement {}: {}. The command keeps the others.", index + 1, edited.changes.join(", "));
    if let Some(other) = &edited.dropped_subject {
        text += &format!(" If {other} still needs the role, list both subjects instead.");
    }
    list[index] = Value::Object(edited.statement);
    allowing(json, list, request, &text)
}

/// The policy with these statements, unless it still denies the request.
fn allowing(json: &Value, statement: Vec<Value>, request: &Request, text: &str) -> Option<Correction> {
    let policy = with_statements(json, statement)?;
    let decision = evaluate(&Policy::parse(&policy).ok()?, request);
    (decision.verdict != Verdict::Denied).then(|| Correction { policy, text: text.to_owned() })
}

/// The policy with these statements, as JSON on several lines.
pub(super) fn with_statements(json: &Value, statement: Vec<Value>) -> Option<String> {
    serde_json::to_string_pretty(&PolicyText { version: json.get("Version"), id: json.get("Id"), statement }).ok()
}

pub(super) fn statements(json: &Value) -> Option<Vec<Value>> {
    Some(match json.get("Statement")? {
        Value::Array(list) => list.clone(),
        single => vec![single.clone()],
    })
}
