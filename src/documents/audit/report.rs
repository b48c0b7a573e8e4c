//! What the probe found in a pod, beside what the documents show.

use super::finding::ObjectFinding;
use super::inventory::Inventory;
use super::result::Audit;
use super::workload::pod_object;
use crate::causes::{self, Candidate, Fix, Severity};
use crate::documents::{ReportFacts, ReportedFinding};

pub(super) fn audit(inventory: &Inventory<'_>, audit: &mut Audit) {
    for report in &inventory.documents.reports {
        let object = object(inventory, report);
        if !report.summary.is_empty() {
            audit.facts.insert(0, format!("the probe in {object}: {}", report.summary));
        }
        for one in &report.findings {
            add(one, &object, audit);
        }
    }
}

/// A report of a pod without a readable token does not name it.
fn object(inventory: &Inventory<'_>, report: &ReportFacts) -> String {
    let mut pods = inventory.documents.pods.iter();
    match (&report.token.namespace, &report.token.pod, pods.next(), pods.next()) {
        (Some(namespace), Some(pod), ..) => format!("pod {namespace}/{pod}"),
        (_, _, Some(only), None) => pod_object(only),
        _ => "the pod".to_owned(),
    }
}

/// Adds it, unless the documents name the cause: a pod can read neither its role nor its manifest.
fn add(one: &ReportedFinding, object: &str, audit: &mut Audit) {
    let Some(cause) = causes::cause(&one.code) else {
        return audit.facts.push(format!("the probe in {object} reports {}: {}", one.code, one.cause));
    };
    let candidates: Vec<Candidate> = one
        .candidates
        .iter()
        .filter_map(|candidate| Some(Candidate::new(causes::cause(&candidate.code)?, candidate.why.clone())))
        .collect();
    let is_same = |found: &ObjectFinding| {
        let is_error = found.finding.severity == Severity::Error;
        found.finding.cause == cause || is_error && candidates.iter().any(|one| one.cause == found.finding.cause)
    };
    if audit.findings.iter().any(is_same) {
        return;
    }
    let fix =
        Fix { text: one.fix.text.clone(), commands: one.fix.commands.clone(), snippets: one.fix.snippets.clone() };
    let mut finding = ObjectFinding::new(cause, object, one.cause.as_str(), fix).could_be(candidates);
    (finding.finding.severity, finding.finding.advice) = (one.severity, cause.advice);
    audit.add(finding);
}
