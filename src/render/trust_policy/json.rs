//! The same as JSON: one line.

use crate::documents::trust_policy::{Answer, Given, Judged, Judgement, Mismatch, Needed, Request, Verdict};
use serde::Serialize;
use serde_json::Value;

pub(super) const SCHEMA: &str = "irsa-probe/trust-policy/v1";

#[derive(Serialize)]
struct Document<'a> {
    schema: &'static str,
    mechanism: &'static str,
    role_arn: String,
    provider_arn: String,
    issuer: &'a str,
    subject: &'a str,
    audience: Vec<String>,
    /// The policy that the token needs.
    policy: Value,
    #[serde(skip_serializing_if = "Option::is_none")]
    check: Option<CheckV1<'a>>,
    commands: Vec<String>,
    exit_code: u8,
}

#[derive(Serialize)]
pub(super) struct CheckV1<'a> {
    pub verdict: &'static str,
    pub code: Option<&'static str>,
    pub cause: Option<&'a str>,
    pub unknown: &'a [String],
    pub statements: Vec<StatementV1<'a>>,
    pub fix: Option<&'a str>,
}

#[derive(Serialize)]
pub(super) struct StatementV1<'a> {
    pub sid: Option<&'a str>,
    pub effect: &'static str,
    pub applies: &'static str,
    /// The actions that it applies to, where several are needed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub actions: Option<Vec<&'static str>>,
    pub unknown: &'a [String],
    pub differs: Vec<DifferenceV1<'a>>,
    pub code: Option<&'static str>,
    pub cause: Option<&'a str>,
}

#[derive(Serialize)]
pub(super) struct DifferenceV1<'a> {
    what: String,
    needs: Option<&'a str>,
}

/// The policy that a token needs, for programs.
pub(crate) fn needed_json(request: &Request, needed: &Needed, given: &Given) -> String {
    let commands = needed.check_commands(given).into_iter().chain(needed.provider_commands()).collect();
    line(&document(request, needed, None, commands, 0))
}

/// A decision, for programs.
pub(crate) fn answer_json(answer: &Answer) -> String {
    let decision = &answer.decision;
    let (verdict, unknown) = verdict_word(&decision.verdict);
    let check = CheckV1 {
        verdict,
        code: decision.fault.as_ref().map(|fault| fault.cause.code),
        cause: decision.fault.as_ref().map(|fault| fault.text.as_str()),
        unknown,
        statements: decision.statements.iter().map(statement_v1).collect(),
        fix: answer.fix.as_deref(),
    };
    let commands = answer.command.iter().cloned().collect();
    let needed = Needed::from(&answer.request);
    line(&document(&answer.request, &needed, Some(check), commands, answer.exit_code()))
}

pub(super) fn verdict_word(verdict: &Verdict) -> (&'static str, &[String]) {
    match verdict {
        Verdict::Allowed => ("allowed", &[]),
        Verdict::Denied => ("denied", &[]),
        Verdict::Unknown(why) => ("unknown", why.as_slice()),
    }
}

fn document<'a>(
    request: &'a Request,
    needed: &Needed,
    check: Option<CheckV1<'a>>,
    commands: Vec<String>,
    exit_code: u8,
) -> Document<'a> {
    Document {
        schema: SCHEMA,
        mechanism: "irsa",
        role_arn: request.role.to_string(),
        provider_arn: request.provider_arn(),
        issuer: &request.issuer,
        subject: &request.subject,
        audience: request.seen_audience(),
        policy: needed.value(),
        check,
        commands,
        exit_code,
    }
}

fn statement_v1(judged: &Judged) -> StatementV1<'_> {
    let (applies, unknown): (_, &[String]) = match &judged.judgement {
        Judgement::Applies => ("yes", &[]),
        Judgement::Unknown(why) => ("unknown", why),
        Judgement::Differs(_) => ("no", &[]),
    };
    StatementV1 {
        sid: judged.sid.as_deref(),
        effect: judged.effect.word(),
        applies,
        actions: None,
        unknown,
        differs: differences(Some(&judged.judgement)),
        code: judged.fault.as_ref().map(|fault| fault.cause.code),
        cause: judged.fault.as_ref().map(|fault| fault.text.as_str()),
    }
}

pub(super) fn differences(judgement: Option<&Judgement>) -> Vec<DifferenceV1<'_>> {
    let parts: &[Mismatch] = match judgement {
        Some(Judgement::Differs(parts)) => parts,
        _ => &[],
    };
    parts.iter().map(|part| DifferenceV1 { what: part.to_string(), needs: part.needs() }).collect()
}

pub(super) fn line(document: &impl Serialize) -> String {
    let mut line = serde_json::to_string(document).unwrap_or_default();
    line.push('\n');
    line
}
