//! Documents beside a run: what they say of this very pod goes into its report.

use super::{Context, Finding, account_of_subject, audit};
use crate::causes::{self, Diagnosis, Severity};
use crate::diagnosis::report::Report;
use crate::documents::Documents;
use crate::probe::evidence::{Evidence, Token};

/// The report with what the documents add. Where they prove one of an umbrella's candidates, that takes the umbrella's
/// place. Where STS has let this pod in, documents cannot say otherwise: what they hold against it is a warning.
pub fn with_documents(report: Report, documents: &Documents) -> Report {
    let evidence = &report.evidence;
    let mut documents = documents.clone();
    if let Some(token) = evidence.token.seen() {
        keep_ours(&mut documents, token);
    }
    let role_arn = evidence.environment.value("AWS_ROLE_ARN");
    let thumbprint = evidence.issuer.seen().and_then(|issuer| issuer.thumbprint.as_deref());
    let context = Context { now: evidence.now, token: evidence.token.seen(), role_arn, thumbprint };
    let found = audit(&documents, context).findings;
    let mut findings = report.findings.clone();
    for one in found {
        if findings.iter().any(|other| other.cause.code == one.code) {
            continue;
        }
        let Some(finding) = as_finding(&one, evidence) else { continue };
        let umbrella = |other: &causes::Finding| {
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

fn as_finding(one: &Finding, evidence: &Evidence) -> Option<causes::Finding> {
    let severity = match evidence.caller.seen() {
        Some(_) => one.severity.min(Severity::Warning),
        None => one.severity,
    };
    let cause = format!("{}: {}", one.about, one.cause);
    let diagnosis = Diagnosis::new(cause, one.fix.clone());
    Some(causes::Finding { cause: causes::cause(one.code)?, severity, advice: one.advice, diagnosis })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::causes::testing::{ROLE, healthy};
    use crate::diagnosis::report::{Mode, Verdict};
    use crate::probe::evidence::{CallFault, Operation, Seen, StsError};
    use serde_json::json;

    fn documents(subject: &str) -> Documents {
        let key = "oidc.eks.eu-west-1.amazonaws.com/id/EXAMPLED539D4633E53DE1B71EXAMPLE";
        let provider = format!("arn:aws:iam::111122223333:oidc-provider/{key}");
        let role = json!({"Role": {"Arn": ROLE, "AssumeRolePolicyDocument": {"Statement": {"Effect": "Allow",
            "Principal": {"Federated": provider}, "Action": "sts:AssumeRoleWithWebIdentity",
            "Condition": {"StringEquals": {format!("{key}:sub"): subject}}}}}});
        let mut documents = Documents::default();
        documents.read("role.json", &role.to_string());
        // Of another service account: none of this pod's business.
        documents.read(
            "other.yaml",
            "kind: ServiceAccount\nmetadata: {name: b, annotations: {eks.amazonaws.com/role-arn: x}}",
        );
        documents
    }

    fn report(evidence: Evidence) -> Report {
        let judged = crate::diagnosis::judged::judge(&evidence);
        Report::new(Mode::Check, 1, evidence, judged, Default::default())
    }

    fn refused() -> Evidence {
        let refusal = StsError {
            operation: Operation::AssumeRoleWithWebIdentity,
            status: 403,
            code: "AccessDenied".into(),
            message: "Not authorized to perform sts:AssumeRoleWithWebIdentity".into(),
            request_id: None,
            attempts: 1,
        };
        Evidence {
            session: Seen::Failed(CallFault::Refused(refusal)),
            caller: Seen::not_checked("no credentials"),
            ..healthy()
        }
    }

    fn codes(report: &Report) -> Vec<&'static str> {
        report.findings.iter().map(|finding| finding.cause.code).collect()
    }

    #[test]
    fn a_document_that_proves_a_candidate_takes_the_umbrella_s_place() {
        let report = report(refused());
        assert_eq!(codes(&report), ["not-authorized"]);
        let decided = with_documents(report.clone(), &documents("system:serviceaccount:payments:basket"));
        assert_eq!(codes(&decided), ["wrong-subject-in-trust-policy"]);
        assert!(decided.findings[0].diagnosis.cause.contains("basket"));
        assert_eq!((decided.verdict, decided.exit_code), (Verdict::Broken, 1));
        // A policy that is right leaves the question as it was.
        let open = with_documents(report, &documents("system:serviceaccount:payments:checkout"));
        assert_eq!(codes(&open), ["not-authorized"]);
    }

    #[test]
    fn what_sts_allowed_a_document_cannot_break() {
        let healthy = report(healthy());
        assert_eq!(healthy.verdict, Verdict::Healthy);
        let right = with_documents(healthy.clone(), &documents("system:serviceaccount:payments:checkout"));
        assert_eq!(right.verdict, Verdict::Healthy, "{:?}", codes(&right));
        let stale = with_documents(healthy, &documents("system:serviceaccount:payments:basket"));
        assert_eq!((stale.verdict, stale.exit_code), (Verdict::Degraded, 0));
    }
}
