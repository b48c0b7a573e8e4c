//! `irsa-probe/report/v1`: a public format with structs of its own, so that a change within never changes it.

use crate::aws::pod_identity;
use crate::causes::{Advice, Diagnosis, Finding, Fix, Outcome, Severity};
use crate::diagnosis::report::Report;
use crate::probe::evidence::{Evidence, Mechanism, PathStep, Seen, Step, StepStatus};
use crate::text::printable::Notation;
use crate::text::timestamp::Timestamp;
use serde::Serialize;

/// The name of the format; it changes only with what a reader would have to change.
pub const SCHEMA: &str = "irsa-probe/report/v1";

/// The report as one line of JSON with a newline behind it.
pub fn render(report: &Report) -> String {
    let mut line = serde_json::to_string(&document(report)).unwrap_or_default();
    line.push('\n');
    report.secrets.hide_in(line, Notation::Json)
}

#[derive(Serialize)]
struct Document<'a> {
    schema: &'static str,
    version: &'static str,
    time: String,
    duration_ms: u64,
    mode: &'static str,
    verdict: &'static str,
    advice: Advice,
    exit_code: u8,
    summary: &'a str,
    identity: Identity<'a>,
    token: Token<'a>,
    /// Only where another process than the probe's was inspected.
    #[serde(skip_serializing_if = "Option::is_none")]
    target: Option<super::target::TargetV1<'a>>,
    findings: Vec<FindingV1<'a>>,
    checks: Vec<CheckV1<'a>>,
    steps: Vec<StepV1<'a>>,
}

#[derive(Serialize)]
struct Identity<'a> {
    /// `irsa`, `irsa-profile`, `pod-identity`, or `null` where nothing is configured.
    mechanism: Option<&'static str>,
    /// The variables that configure it, or the profile and its file.
    source: Vec<&'a str>,
    /// Only with EKS Pod Identity.
    #[serde(skip_serializing_if = "Option::is_none")]
    association: Option<Association<'a>>,
    expected_role_arn: Option<&'a str>,
    /// Only with a chain of profiles: the roles that an SDK then assumes, in order.
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    chained_role_arns: &'a [String],
    caller_arn: Option<&'a str>,
    account: Option<&'a str>,
    user_id: Option<&'a str>,
    credentials_expire_at: Option<String>,
}

/// As far as the token and the name of the session show it.
#[derive(Serialize)]
pub(super) struct Association<'a> {
    cluster: Option<&'a str>,
    namespace: Option<&'a str>,
    service_account: Option<&'a str>,
    pod: Option<&'a str>,
}

impl Association<'_> {
    /// For people.
    pub(super) fn in_words(&self) -> String {
        let cluster = self.cluster.unwrap_or("(not known)");
        let [namespace, name] = [self.namespace, self.service_account].map(|name| name.unwrap_or("(not known)"));
        format!("cluster {cluster}, service account {namespace}/{name}")
    }
}

#[derive(Serialize, Default)]
struct Token<'a> {
    path: Option<&'a str>,
    mode: Option<String>,
    uid: Option<u32>,
    gid: Option<u32>,
    issuer: Option<&'a str>,
    subject: Option<&'a str>,
    audience: &'a [String],
    issued_at: Option<String>,
    expires_at: Option<String>,
    key_id: Option<&'a str>,
    namespace: Option<&'a str>,
    service_account: Option<&'a str>,
    pod: Option<&'a str>,
    node: Option<&'a str>,
}

#[derive(Serialize)]
pub(crate) struct FindingV1<'a> {
    code: &'static str,
    severity: Severity,
    title: &'static str,
    cause: &'a str,
    candidates: Vec<CandidateV1<'a>>,
    fix: FixV1<'a>,
    docs: String,
}

#[derive(Serialize)]
pub(crate) struct CandidateV1<'a> {
    code: &'static str,
    why: &'a str,
}

#[derive(Serialize)]
pub(crate) struct FixV1<'a> {
    text: &'a str,
    commands: &'a [String],
    snippets: &'a [String],
}

#[derive(Serialize)]
struct CheckV1<'a> {
    code: &'static str,
    status: &'static str,
    reason: Option<&'a str>,
}

#[derive(Serialize)]
struct StepV1<'a> {
    name: &'static str,
    status: &'static str,
    duration_ms: u64,
    detail: &'a str,
}

fn document(report: &Report) -> Document<'_> {
    Document {
        schema: SCHEMA,
        version: env!("CARGO_PKG_VERSION"),
        time: report.evidence.now.to_string(),
        duration_ms: report.duration_ms,
        mode: report.mode.name(),
        verdict: report.verdict.word(),
        advice: report.advice,
        exit_code: report.exit_code,
        summary: &report.summary,
        identity: identity(report),
        token: token(report),
        target: super::target::json(&report.evidence),
        findings: report.findings.iter().map(finding).collect(),
        checks: report.judged.iter().map(|judged| check(judged.cause.code, &judged.outcome)).collect(),
        steps: report.evidence.steps.iter().map(step).collect(),
    }
}

fn identity(report: &Report) -> Identity<'_> {
    let evidence = &report.evidence;
    let caller = evidence.caller.seen();
    let session = evidence.session.seen();
    let is_set = |name: &&str| evidence.environment.variable(name).is_set();
    let variables = evidence.mechanism.and_then(Mechanism::variables).into_iter().flatten().filter(is_set);
    let source = match evidence.web_identity() {
        Some(identity) => vec![identity.profile.as_str(), identity.file.as_str()],
        None => variables.collect(),
    };
    Identity {
        mechanism: evidence.mechanism.map(Mechanism::code),
        source,
        association: evidence.has_pod_identity().then(|| association(evidence)),
        expected_role_arn: evidence.role_arn(),
        chained_role_arns: evidence.chained_roles(),
        caller_arn: caller.map(|caller| caller.arn.as_str()),
        account: caller.map(|caller| caller.account.as_str()),
        user_id: caller.map(|caller| caller.user_id.as_str()).filter(|id| !id.is_empty()),
        credentials_expire_at: session.map(|session| session.expires_at.to_string()),
    }
}

pub(super) fn association(evidence: &Evidence) -> Association<'_> {
    let kubernetes = evidence.token.seen().map(|token| &token.kubernetes);
    let pod = kubernetes.and_then(|claims| claims.pod.as_deref());
    let cluster = evidence.caller.seen().and_then(|caller| pod_identity::cluster(&caller.arn, pod?));
    Association {
        cluster,
        namespace: kubernetes.and_then(|claims| claims.namespace.as_deref()),
        service_account: kubernetes.and_then(|claims| claims.service_account.as_deref()),
        pod,
    }
}

fn token(report: &Report) -> Token<'_> {
    let evidence = &report.evidence;
    let (path, file) = match &evidence.token_file {
        Seen::Seen(file) => (Some(file.path.as_str()), file.file()),
        Seen::Failed(fault) => (Some(fault.path.as_str()), None),
        Seen::NotChecked(_) => (None, None),
    };
    let place = Token {
        path,
        mode: file.map(|PathStep { mode, .. }| format!("{mode:04o}")),
        uid: file.map(|step| step.uid),
        gid: file.map(|step| step.gid),
        ..Token::default()
    };
    let Some(token) = evidence.token.seen() else {
        return place;
    };
    let time = |time: Option<Timestamp>| time.map(|time| time.to_string());
    Token {
        issuer: token.issuer.as_deref(),
        subject: token.subject.as_deref(),
        audience: &token.audience,
        issued_at: time(token.issued_at),
        expires_at: time(token.expires_at),
        key_id: token.key_id.as_deref(),
        namespace: token.kubernetes.namespace.as_deref(),
        service_account: token.kubernetes.service_account.as_deref(),
        pod: token.kubernetes.pod.as_deref(),
        node: token.kubernetes.node.as_deref(),
        ..place
    }
}

/// A finding as every public JSON of this project shows it.
pub(crate) fn finding(finding: &Finding) -> FindingV1<'_> {
    let diagnosis = &finding.diagnosis;
    FindingV1 {
        code: finding.cause.code,
        severity: finding.severity,
        title: finding.cause.title,
        cause: &diagnosis.cause,
        candidates: candidates(diagnosis),
        fix: fix(&diagnosis.fix),
        docs: format!("irsa-probe explain {}", finding.cause.code),
    }
}

pub(crate) fn candidates(diagnosis: &Diagnosis) -> Vec<CandidateV1<'_>> {
    diagnosis.candidates.iter().map(|one| CandidateV1 { code: one.cause.code, why: &one.why }).collect()
}

pub(crate) fn fix(fix: &Fix) -> FixV1<'_> {
    FixV1 { text: &fix.text, commands: &fix.commands, snippets: &fix.snippets }
}

fn check<'a>(code: &'static str, outcome: &'a Outcome) -> CheckV1<'a> {
    let (status, reason) = match outcome {
        Outcome::Pass => ("pass", None),
        Outcome::Skip(reason) => ("skip", Some(reason.as_str())),
        Outcome::Fault(diagnosis) => ("fail", Some(diagnosis.cause.as_str())),
        Outcome::Warning(diagnosis) => ("warn", Some(diagnosis.cause.as_str())),
    };
    CheckV1 { code, status, reason }
}

fn step(step: &Step) -> StepV1<'_> {
    let status = match step.status {
        StepStatus::Ok => "pass",
        StepStatus::Failed => "fail",
        StepStatus::Skipped => "skip",
    };
    StepV1 { name: step.name, status, duration_ms: step.duration_ms, detail: &step.detail }
}
