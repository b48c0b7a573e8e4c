//! The same for EKS Pod Identity.

use super::json::{CheckV1, SCHEMA, StatementV1, differences, line, verdict_word};
use super::text::{mismatches, value};
use crate::documents::trust_policy::{
    Caller, Effect, Given, Grants, Judgement, PodIdentityAnswer, PodIdentityCall, Verdict,
};
use crate::render::text::wrap;
use crate::text::printable::printable;
use serde::Serialize;
use serde_json::Value;

/// The policy that EKS Pod Identity needs, for people.
pub(crate) fn needed_text(call: &PodIdentityCall, given: &Given) -> String {
    let who = format!("The trust policy that {} needs for {}:", call.role, printable(&call.whom()));
    let update = "Check the role's current policy. The last command prints an update that keeps the other statements:";
    let mut text = format!("{}\n\n{}\n\n{}\n\n", wrap(&who, "", ""), call.policy(), wrap(update, "", ""));
    call.check_commands(given).iter().for_each(|command| text += &format!("  {command}\n"));
    text
}

/// A decision, for people.
pub(crate) fn answer_text(answer: &PodIdentityAnswer) -> String {
    let call = &answer.call;
    let mut lines = vec![wrap(&headline(answer), "", "  "), String::new()];
    lines.push(value("role", &call.role.to_string()));
    lines.push(value("caller", &call.whom()));
    if let Some(cluster) = &call.cluster {
        lines.push(value("cluster", &cluster.to_string()));
    }
    let tags = if call.has_tags { "EKS sets them" } else { "none, because disableSessionTags is set" };
    lines.push(value("tags", tags));
    for (index, grants) in answer.decision.statements.iter().enumerate() {
        lines.push(String::new());
        lines.extend(statement(index + 1, grants));
    }
    if let Some(fix) = &answer.fix {
        lines.push(String::new());
        lines.push(value("fix", fix));
    }
    if let Some(command) = &answer.command {
        // Commands are never wrapped, so that they can be pasted.
        lines.push(String::new());
        lines.push(command.clone());
    }
    if answer.decision.verdict == Verdict::Allowed {
        let why = "the association names another role, the node role lacks eks-auth:AssumeRoleForPodIdentity, or a \
                   service or resource control policy denies the call";
        lines.push(String::new());
        lines.push(value("if AWS still denies it", why));
    }
    lines.push(format!("\nexit {}\n", answer.exit_code()));
    lines.join("\n")
}

fn headline(answer: &PodIdentityAnswer) -> String {
    match (&answer.decision.verdict, &answer.decision.fault) {
        (Verdict::Allowed, _) => format!("ok ALLOWED  the policy allows {}", printable(&answer.call.whom())),
        (Verdict::Denied, Some(fault)) => format!("x DENIED  {}: {}", fault.cause.code, printable(&fault.text)),
        (Verdict::Denied, None) => "x DENIED".to_owned(),
        (Verdict::Unknown(why), _) => format!("? UNKNOWN  {}", printable(&why.join("; "))),
    }
}

fn statement(number: usize, grants: &Grants) -> Vec<String> {
    let sid = grants.sid.as_ref().filter(|sid| !sid.is_empty()).map(|sid| format!(" ({sid})")).unwrap_or_default();
    let head = |words: &str| {
        wrap(&printable(&format!("statement {number}, {}{sid}: {words}", grants.effect.word())), "  ", "    ")
    };
    let applies = grants.applies_to();
    let words = match grants.other() {
        _ if !applies.is_empty() => format!("applies to {}", applies.join(" and ")),
        Some(Judgement::Unknown(why)) => format!("unknown: {}", why.join("; ")),
        _ => "does not apply".to_owned(),
    };
    let mut lines = vec![head(&words)];
    if let Some(Judgement::Differs(parts)) = grants.other() {
        lines.extend(mismatches(parts, grants.effect == Effect::Allow));
    }
    lines
}

#[derive(Serialize)]
struct Document<'a> {
    schema: &'static str,
    mechanism: &'static str,
    role_arn: String,
    /// The service principal, or the role that assumes the target role.
    principal: String,
    /// `NAMESPACE/NAME`, if it is known.
    service_account: Option<String>,
    cluster_arn: Option<String>,
    session_tags: bool,
    /// The policy that is needed.
    policy: Value,
    #[serde(skip_serializing_if = "Option::is_none")]
    check: Option<CheckV1<'a>>,
    commands: Vec<String>,
    exit_code: u8,
}

/// The policy that EKS Pod Identity needs, for programs.
pub(crate) fn needed_json(call: &PodIdentityCall, given: &Given) -> String {
    line(&document(call, None, call.check_commands(given), 0))
}

/// A decision, for programs.
pub(crate) fn answer_json(answer: &PodIdentityAnswer) -> String {
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
    line(&document(&answer.call, Some(check), answer.command.iter().cloned().collect(), answer.exit_code()))
}

fn document<'a>(
    call: &PodIdentityCall,
    check: Option<CheckV1<'a>>,
    commands: Vec<String>,
    exit_code: u8,
) -> Document<'a> {
    Document {
        schema: SCHEMA,
        mechanism: "pod-identity",
        role_arn: call.role.to_string(),
        principal: match &call.caller {
            Caller::Eks => crate::aws::pod_identity::SERVICE.to_owned(),
            Caller::Role { arn, .. } => arn.to_string(),
        },
        service_account: call.account.as_ref().map(|(namespace, name)| format!("{namespace}/{name}")),
        cluster_arn: call.cluster.as_ref().map(ToString::to_string),
        session_tags: call.has_tags,
        policy: call.value(),
        check,
        commands,
        exit_code,
    }
}

fn statement_v1(grants: &Grants) -> StatementV1<'_> {
    let (applies, unknown) = match grants.other() {
        None => ("yes", &[] as &[String]),
        Some(Judgement::Unknown(why)) => ("unknown", why.as_slice()),
        Some(_) => ("no", &[] as &[String]),
    };
    StatementV1 {
        sid: grants.sid.as_deref(),
        effect: grants.effect.word(),
        applies,
        actions: Some(grants.applies_to()),
        unknown,
        differs: differences(grants.other()),
        code: None,
        cause: None,
    }
}
