//! What was seen, in labelled lines. Long identifiers are here and nowhere else on the first screen.

use crate::causes::Finding;
use crate::diagnosis::report::Report;
use crate::probe::evidence::{Evidence, Operation, StsError, Token};
use crate::text::timestamp::{Timestamp, span};

type Fact = (&'static str, String);

pub(super) fn of(report: &Report) -> Vec<Fact> {
    let mut facts = Vec::new();
    let evidence = &report.evidence;
    let issuer = evidence.token.seen().and_then(|token| token.issuer.as_deref());
    facts.extend(evidence.sts_error().map(|error| ("AWS said", aws_said(error, issuer))));
    facts.extend(report.root_cause().map(|root| ("cause", cause(root, evidence))));
    facts.extend(crate::render::target::line(evidence));
    facts.extend(profile(evidence).map(|profile| ("profile", profile)));
    match report.root_cause() {
        Some(_) => {
            facts.extend(evidence.role_arn().map(|role| ("role", role.to_owned())));
            facts.extend(evidence.token.seen().into_iter().flat_map(|token| claims(token, evidence.now)));
        }
        None => facts.extend(validity(evidence)),
    }
    facts
}

/// Which profile in which file, and what an SDK does with its role or with that of EKS Pod Identity.
fn profile(evidence: &Evidence) -> Option<String> {
    let hops = evidence.chained_roles();
    let place = match evidence.web_identity() {
        Some(identity) => format!("{} in {}", identity.profile, identity.file),
        None if hops.is_empty() => return None,
        None => format!("{} has credential_source = EcsContainer", evidence.profile.seen()?.name),
    };
    let hops: String = hops.iter().map(|role| format!("\nthe SDK then assumes {role}")).collect();
    Some(place + &hops)
}

/// The token's issuer has a line of its own.
fn aws_said(error: &StsError, issuer: Option<&str>) -> String {
    let StsError { operation, status, code, message, request_id, .. } = error;
    let operation = match operation {
        Operation::AssumeRoleWithWebIdentity => "",
        Operation::GetCallerIdentity => "GetCallerIdentity, ",
    };
    let request = request_id.as_ref().map(|id| format!("\n({operation}request {id})")).unwrap_or_default();
    let message = issuer.map_or_else(|| message.clone(), |issuer| message.replace(issuer, "<iss>"));
    format!("{status} {code}: {message}{request}")
}

/// What the probe saw. The words of AWS are a line of their own.
fn cause(root: &Finding, evidence: &Evidence) -> String {
    let cause = &root.diagnosis.cause;
    let quoted = evidence.sts_error().map(ToString::to_string).unwrap_or_default();
    cause.strip_prefix(quoted.as_str()).unwrap_or(cause).trim_start().to_owned()
}

fn claims(token: &Token, now: Timestamp) -> [Fact; 3] {
    let claim = |value: &Option<String>| value.clone().unwrap_or_else(|| "(none)".to_owned());
    let audience = match token.audience.is_empty() {
        true => "(none)".to_owned(),
        false => token.audience.join(", "),
    };
    let lifetime = match token.expires_at.map(|expires_at| expires_at.since(now)) {
        Some(left) if left > 0 => format!("expires in {}", span(left)),
        Some(gone) => format!("expired {} ago", span(gone)),
        None => "never expires".to_owned(),
    };
    [("sub", claim(&token.subject)), ("aud", format!("{audience}   {lifetime}")), ("iss", claim(&token.issuer))]
}

/// How long what works keeps working.
fn validity(evidence: &Evidence) -> Vec<Fact> {
    let mut facts = Vec::new();
    if let Some(session) = evidence.session.seen() {
        let left = session.expires_at.since(evidence.time_at_sts());
        facts.push(("session", format!("expires in {}", span(left))));
    }
    if let Some(token) = evidence.token.seen()
        && let Some(expires_at) = token.expires_at
    {
        let subject = token.subject.as_deref().unwrap_or("no subject");
        facts.push(("token", format!("{subject}, expires in {}", span(expires_at.since(evidence.now)))));
    }
    facts
}
