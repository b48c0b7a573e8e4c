//! Documents beside a look: what they say of this very pod goes into its report.

use super::{Context, Finding, account_of_subject, audit};
use crate::checks;
use crate::documents::Documents;
use crate::evidence::{Evidence, Token};
use crate::finding::{self, Diagnosis, Severity};
use crate::report::Report;

/// The report with what the documents add. Where they prove one of an umbrella's candidates, that takes the umbrella's
/// place. Where STS has let this pod in, documents cannot say otherwise: what they hold against it is a warning.
pub fn with_documents(report: Report, documents: &Documents) -> Report {
    let evidence = &report.evidence;
    let mut documents = documents.clone();
    if let Some(token) = evidence.token.seen() {
        keep_ours(&mut documents, token);
    }
    let role_arn = evidence.environment.value("AWS_ROLE_ARN");
    let context = Context { now: evidence.now, token: evidence.token.seen(), role_arn };
    let found = audit(&documents, context).findings;
    let mut findings = report.findings.clone();
    for one in found {
        if findings.iter().any(|other| other.cause.code == one.code) {
            continue;
        }
        let Some(finding) = as_finding(&one, evidence) else { continue };
        let umbrella = |other: &finding::Finding| {
            finding.severity == Severity::Error
                && other.diagnosis.candidates.iter().any(|candidate| candidate.cause == finding.cause)
        };
        match findings.iter().position(umbrella) {
            Some(place) => findings[place] = finding,
            None => findings.push(finding),
        }
    }
    report.with_findings(findings)
}

/// What is about other pods and service accounts says nothing of this one.
fn keep_ours(documents: &mut Documents, token: &Token) {
    let Some((namespace, account)) = token.subject.as_deref().and_then(account_of_subject) else { return };
    let ours = |pod: &crate::documents::Pod| {
        let is_named = token.kubernetes.pod.as_ref().is_none_or(|name| *name == pod.metadata.name);
        pod.namespace() == namespace && pod.service_account() == account && is_named
    };
    documents.pods.retain(ours);
    documents.service_accounts.retain(|one| one.namespace() == namespace && one.metadata.name == account);
    documents.reports.clear();
}

fn as_finding(one: &Finding, evidence: &Evidence) -> Option<finding::Finding> {
    let severity = match evidence.caller.seen() {
        Some(_) => one.severity.min(Severity::Warning),
        None => one.severity,
    };
    let cause = format!("{}: {}", one.about, one.cause);
    let diagnosis = Diagnosis::new(cause, one.fix.clone());
    Some(finding::Finding { cause: checks::cause(one.code)?, severity, advice: one.advice, diagnosis })
}
