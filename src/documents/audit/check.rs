//! `check --document`: the findings of documents about this pod are added to its report.

use super::finding::ObjectFinding;
use super::inventory::{Context, account_of_subject};
use super::run::audit;
use crate::causes::{Finding, Severity};
use crate::diagnosis::report::Report;
use crate::documents::{Documents, Pod};
use crate::probe::evidence::{Evidence, Token};

/// A finding that proves a candidate of another finding replaces that one. If STS accepted this pod's token, findings of
/// documents are warnings.
pub(crate) fn with_documents(report: Report, documents: &Documents) -> Report {
    let evidence = &report.evidence;
    let mut documents = documents.clone();
    if let Some(token) = evidence.token.seen() {
        keep_ours(&mut documents, token);
    }
    let role_arn = evidence.environment.value("AWS_ROLE_ARN");
    let thumbprint = evidence.issuer.seen().and_then(|issuer| issuer.thumbprint.as_deref());
    let token = evidence.token.seen();
    let context = Context { token, role_arn, thumbprint, ..Context::at(evidence.now) };
    let mut findings = report.findings.clone();
    for one in audit(&documents, context).findings {
        if findings.iter().any(|other| other.cause == one.finding.cause) {
            continue;
        }
        let finding = of_this_pod(one, evidence);
        let has_candidate = |other: &Finding| {
            finding.severity == Severity::Error
                && other.diagnosis.candidates.iter().any(|candidate| candidate.cause == finding.cause)
        };
        match findings.iter().position(has_candidate) {
            Some(index) => findings[index] = finding,
            None => findings.push(finding),
        }
    }
    report.with_findings(findings)
}

/// Drops other pods and service accounts, which say nothing about this one.
fn keep_ours(documents: &mut Documents, token: &Token) {
    let Some((namespace, account)) = token.subject.as_deref().and_then(account_of_subject) else { return };
    let ours = |pod: &Pod| {
        let is_named = token.kubernetes.pod.as_ref().is_none_or(|name| *name == pod.metadata.name);
        pod.namespace() == namespace && pod.service_account() == account && is_named
    };
    documents.pods.retain(ours);
    documents.service_accounts.retain(|one| one.namespace() == namespace && one.metadata.name == account);
    documents
        .associations
        .iter_mut()
        .for_each(|all| all.retain(|one| one.namespace == namespace && one.service_account == account));
    documents.events.retain(|event| event.subject.is_none() || event.subject == token.subject);
    documents.expected.clear();
    documents.reports.clear();
}

fn of_this_pod(one: ObjectFinding, evidence: &Evidence) -> Finding {
    let ObjectFinding { object, mut finding, .. } = one;
    if evidence.caller.seen().is_some() {
        finding.severity = finding.severity.min(Severity::Warning);
    }
    finding.diagnosis.cause = format!("{object}: {}", finding.diagnosis.cause);
    finding
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
        // Of another service account: not about this pod.
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
    fn a_document_that_proves_a_candidate_replaces_the_finding() {
        let report = report(refused());
        assert_eq!(codes(&report), ["not-authorized"]);
        let decided = with_documents(report.clone(), &documents("system:serviceaccount:payments:basket"));
        assert_eq!(codes(&decided), ["wrong-subject-in-trust-policy"]);
        assert!(decided.findings[0].diagnosis.cause.contains("basket"));
        assert_eq!((decided.verdict, decided.exit_code), (Verdict::Broken, 1));
        // A correct policy proves nothing.
        let open = with_documents(report, &documents("system:serviceaccount:payments:checkout"));
        assert_eq!(codes(&open), ["not-authorized"]);
    }

    #[test]
    fn an_association_of_another_service_account_is_not_about_this_pod() {
        let association = |account: &str| {
            let one = json!({"clusterName": "prod", "namespace": "payments", "serviceAccount": account,
                "associationId": "a-1", "roleArn": "arn:aws:iam::111122223333:role/b"});
            let role = json!({"Role": {"Arn": "arn:aws:iam::111122223333:role/b",
                "AssumeRolePolicyDocument": {"Statement": []}}});
            let mut documents = Documents::default();
            documents.read("a.json", &format!("{}\n{role}", json!({ "association": one })));
            documents
        };
        let of_other = with_documents(report(healthy()), &association("basket"));
        assert_eq!(of_other.verdict, Verdict::Healthy, "{:?}", codes(&of_other));
        let of_this = with_documents(report(healthy()), &association("checkout"));
        assert!(codes(&of_this).contains(&"pods-eks-trust-missing"), "{:?}", codes(&of_this));
        assert_eq!(of_this.exit_code, 0);
    }

    #[test]
    fn an_event_of_another_service_account_is_not_about_this_pod() {
        let event = |account: &str| {
            let subject = format!("system:serviceaccount:payments:{account}");
            let event = json!({"eventVersion": "1.08", "eventName": "AssumeRoleWithWebIdentity", "errorCode": "AccessDenied",
                "userIdentity": {"userName": subject}, "requestParameters": {"roleArn": ROLE}});
            let mut documents = Documents::default();
            documents.read("event.json", &event.to_string());
            documents
        };
        let of_other = with_documents(report(healthy()), &event("basket"));
        assert_eq!(of_other.verdict, Verdict::Healthy, "{:?}", codes(&of_other));
        let of_this = with_documents(report(healthy()), &event("checkout"));
        assert_eq!((codes(&of_this), of_this.exit_code), (vec!["not-authorized"], 0));
    }

    #[test]
    fn a_document_cannot_break_what_sts_allowed() {
        let healthy = report(healthy());
        assert_eq!(healthy.verdict, Verdict::Healthy);
        let right = with_documents(healthy.clone(), &documents("system:serviceaccount:payments:checkout"));
        assert_eq!(right.verdict, Verdict::Healthy, "{:?}", codes(&right));
        let stale = with_documents(healthy, &documents("system:serviceaccount:payments:basket"));
        assert_eq!((stale.verdict, stale.exit_code), (Verdict::Degraded, 0));
    }
}
