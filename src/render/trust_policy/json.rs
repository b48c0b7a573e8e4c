//! The same as JSON: one line.

use crate::documents::trust_policy::{Answer, Judged, Judgement, Mismatch, Needed, Request, Verdict};
use serde::Serialize;
use serde_json::Value;

pub(super) const SCHEMA: &str = "irsa-probe/trust-policy/v1";

#[derive(Serialize)]
struct Document<'a> {
    schema: &'static str,
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
struct CheckV1<'a> {
    verdict: &'static str,
    code: Option<&'static str>,
    cause: Option<&'a str>,
    unknown: &'a [String],
    statements: Vec<StatementV1<'a>>,
    fix: Option<&'a str>,
}

#[derive(Serialize)]
struct StatementV1<'a> {
    sid: Option<&'a str>,
    effect: &'static str,
    applies: &'static str,
    unknown: &'a [String],
    differs: Vec<DifferenceV1<'a>>,
    code: Option<&'static str>,
    cause: Option<&'a str>,
}

#[derive(Serialize)]
struct DifferenceV1<'a> {
    what: String,
    needs: Option<&'a str>,
}

/// The policy that a token needs, for programs.
pub(crate) fn needed_json(request: &Request, needed: &Needed) -> String {
    let commands = needed.check_commands().into_iter().chain(needed.provider_commands()).collect();
    line(&document(request, needed, None, commands, 0))
}

/// A decision, for programs.
pub(crate) fn answer_json(answer: &Answer) -> String {
    let decision = &answer.decision;
    let (verdict, unknown) = match &decision.verdict {
        Verdict::Allowed => ("allowed", &[] as &[String]),
        Verdict::Denied => ("denied", &[] as &[String]),
        Verdict::Unknown(why) => ("unknown", why.as_slice()),
    };
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

fn document<'a>(
    request: &'a Request,
    needed: &Needed,
    check: Option<CheckV1<'a>>,
    commands: Vec<String>,
    exit_code: u8,
) -> Document<'a> {
    Document {
        schema: SCHEMA,
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
    let (applies, unknown, parts): (_, &[String], &[Mismatch]) = match &judged.judgement {
        Judgement::Applies => ("yes", &[], &[]),
        Judgement::Unknown(why) => ("unknown", why, &[]),
        Judgement::Differs(parts) => ("no", &[], parts),
    };
    let differs = parts.iter().map(|part| DifferenceV1 { what: part.to_string(), needs: part.needs() });
    StatementV1 {
        sid: judged.sid.as_deref(),
        effect: judged.effect.word(),
        applies,
        unknown,
        differs: differs.collect(),
        code: judged.fault.as_ref().map(|fault| fault.cause.code),
        cause: judged.fault.as_ref().map(|fault| fault.text.as_str()),
    }
}

fn line(document: &Document<'_>) -> String {
    let mut line = serde_json::to_string(document).unwrap_or_default();
    line.push('\n');
    line
}
