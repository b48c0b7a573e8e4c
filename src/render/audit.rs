//! An audit as text, as one HTML page and as `irsa-probe/audit/v1`.

mod doctor;
mod fleet;
mod html;
mod text;

pub(crate) use doctor::answer;
pub(crate) use html::html;
pub(crate) use text::text;

use crate::causes::{Advice, Severity};
use crate::documents::Documents;
use crate::documents::audit::{Applied, Audit, AuditedPod, Group, ObjectFinding, Open, Verdict, Workload, groups};
use crate::render::json::{self as report, CandidateV1, FixV1};
use serde::Serialize;
use std::collections::BTreeMap;

pub(crate) const SCHEMA: &str = "irsa-probe/audit/v1";

#[derive(Serialize)]
struct Document<'a> {
    schema: &'static str,
    version: &'static str,
    verdict: Verdict,
    exit_code: u8,
    documents: &'a [String],
    unusable: &'a [String],
    unread: &'a BTreeMap<String, usize>,
    ended: &'a BTreeMap<String, usize>,
    groups: Vec<GroupV1<'a>>,
    findings: Vec<FindingV1<'a>>,
    pods: Vec<PodV1<'a>>,
    facts: &'a [String],
    expected: &'a [String],
    pods_without_irsa: &'a [String],
    open: Vec<OpenV1<'a>>,
}

/// The findings of one fault.
#[derive(Serialize)]
struct GroupV1<'a> {
    code: &'static str,
    severity: Severity,
    advice: Advice,
    title: &'static str,
    findings: usize,
    workloads: Vec<WorkloadV1<'a>>,
}

#[derive(Serialize)]
struct WorkloadV1<'a> {
    kind: &'a str,
    namespace: &'a str,
    name: &'a str,
    /// The number of its pods; only in a group.
    #[serde(skip_serializing_if = "Option::is_none")]
    pods: Option<usize>,
}

#[derive(Serialize)]
struct FindingV1<'a> {
    code: &'static str,
    severity: Severity,
    advice: Advice,
    title: &'static str,
    about: &'a str,
    workload: Option<WorkloadV1<'a>>,
    cause: &'a str,
    candidates: Vec<CandidateV1<'a>>,
    fix: FixV1<'a>,
}

#[derive(Serialize)]
struct PodV1<'a> {
    about: &'a str,
    workload: WorkloadV1<'a>,
    service_account: &'a str,
    webhook: Vec<AppliedV1<'a>>,
    token_file: Option<&'a str>,
    /// Why a container does not run.
    #[serde(skip_serializing_if = "Option::is_none")]
    waits: Option<&'a str>,
}

#[derive(Serialize)]
struct AppliedV1<'a> {
    rule: &'static str,
    container: Option<&'a str>,
    why: &'a str,
}

#[derive(Serialize)]
struct OpenV1<'a> {
    question: &'a str,
    command: String,
    account: Option<&'a str>,
    /// Why doctor has no answer.
    why: Option<&'a str>,
}

fn open_v1(one: &Open) -> OpenV1<'_> {
    OpenV1 {
        question: &one.question,
        command: one.command.to_string(),
        account: one.account.as_deref(),
        why: one.why.as_deref(),
    }
}

/// For programs: one line.
pub(crate) fn json(audit: &Audit, documents: &Documents) -> String {
    let document = Document {
        schema: SCHEMA,
        version: env!("CARGO_PKG_VERSION"),
        verdict: audit.verdict(),
        exit_code: audit.exit_code(),
        documents: &documents.recognised,
        unusable: &documents.unusable,
        unread: &documents.unread,
        ended: &documents.ended,
        groups: groups(&audit.findings).iter().map(group_v1).collect(),
        findings: audit.findings.iter().map(finding_v1).collect(),
        pods: audit.pods.iter().map(pod_v1).collect(),
        facts: &audit.facts,
        expected: &audit.expected,
        pods_without_irsa: &audit.without_irsa,
        open: audit.open.iter().map(open_v1).collect(),
    };
    let mut line = serde_json::to_string(&document).unwrap_or_default();
    line.push('\n');
    line
}

fn group_v1<'a>(group: &Group<'a>) -> GroupV1<'a> {
    let first = &group.first.finding;
    GroupV1 {
        code: first.cause.code,
        severity: first.severity,
        advice: first.advice,
        title: group.first.title(),
        findings: group.findings.len(),
        workloads: group.workloads().into_iter().map(|(workload, pods)| workload_v1(workload, Some(pods))).collect(),
    }
}

fn workload_v1(workload: &Workload, pods: Option<usize>) -> WorkloadV1<'_> {
    WorkloadV1 { kind: &workload.kind, namespace: &workload.namespace, name: &workload.name, pods }
}

fn finding_v1(one: &ObjectFinding) -> FindingV1<'_> {
    let finding = &one.finding;
    FindingV1 {
        code: finding.cause.code,
        severity: finding.severity,
        advice: finding.advice,
        title: one.title(),
        about: &one.object,
        workload: one.pod.as_ref().map(|pod| workload_v1(&pod.workload, None)),
        cause: one.text(),
        candidates: report::candidates(&finding.diagnosis),
        fix: report::fix(one.fix()),
    }
}

fn pod_v1(pod: &AuditedPod) -> PodV1<'_> {
    PodV1 {
        about: &pod.object,
        workload: workload_v1(&pod.workload, None),
        service_account: &pod.service_account,
        webhook: pod.applied.iter().map(applied_v1).collect(),
        token_file: pod.token_file.as_deref(),
        waits: pod.waits.as_deref(),
    }
}

fn applied_v1(applied: &Applied) -> AppliedV1<'_> {
    AppliedV1 { rule: applied.rule.code(), container: applied.container.as_deref(), why: &applied.why }
}
