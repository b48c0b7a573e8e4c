//! EKS Pod Identity: associations, roles and pods that get them.

use super::faults::*;
use crate::causes::Severity;
use crate::documents::audit::Audit;
use serde_json::{Value, json};

const ROLE: &str = "arn:aws:iam::111122223333:role/checkout";

fn codes(audit: &Audit) -> Vec<&'static str> {
    audit.findings.iter().map(|finding| finding.code()).collect()
}

/// As `list-pod-identity-associations` shows it.
fn listed_association() -> Value {
    json!({"associations": [{"clusterName": "prod", "namespace": "payments", "serviceAccount": "checkout",
        "associationId": "a-1",
        "associationArn": "arn:aws:eks:eu-west-1:111122223333:podidentityassociation/prod/a-1"}]})
}

/// As `describe-pod-identity-association` shows it, created at that time.
fn association(created: Value) -> Value {
    let mut one = listed_association()["associations"][0].clone();
    one["roleArn"] = ROLE.into();
    one["createdAt"] = created.clone();
    one["modifiedAt"] = created;
    json!({ "association": one })
}

#[test]
fn a_pod_without_the_variables_of_its_association_is_told_why() {
    // The pod is of 01:00 UTC.
    let (before, after) = (json!("2026-11-22T02:59:59.123000+02:00"), json!("2026-11-22T03:00:01.000000+02:00"));
    let bare = || account(json!({}));
    let fargate =
        || with(bare_pod(), |pod| pod["metadata"]["labels"] = json!({"eks.amazonaws.com/fargate-profile": "fp"}));
    let windows = || with(bare_pod(), |pod| pod["spec"]["nodeSelector"] = json!({"kubernetes.io/os": "windows"}));
    let (predates, missed) = ("pod-predates-association", "pod-identity-injection-missed");
    for (what, documents, code, severity) in [
        ("newer", vec![bare(), bare_pod(), association(after.clone())], predates, Severity::Error),
        ("older", vec![bare(), bare_pod(), association(before.clone())], missed, Severity::Error),
        ("CLI version 1", vec![bare_pod(), association(json!(1_795_309_201.5))], predates, Severity::Error),
        ("undated", vec![bare(), bare_pod(), listed_association()], "env-not-injected", Severity::Error),
        (
            "misspelt",
            vec![account(json!({"eks.amazonaws.com/role_arn": ROLE})), bare_pod(), association(before.clone())],
            missed,
            Severity::Error,
        ),
        (
            "on Fargate",
            vec![fargate(), association(before.clone())],
            "pod-identity-unsupported-compute",
            Severity::Error,
        ),
        ("on Windows", vec![windows(), listed_association()], "pod-identity-unsupported-compute", Severity::Error),
        // These have a role by IRSA.
        ("IRSA, newer", vec![injected_pod(&[]), association(after)], predates, Severity::Warning),
        ("IRSA, older", vec![injected_pod(&[]), association(before)], missed, Severity::Warning),
    ] {
        let audit = audited(&documents);
        let first = audit.findings.first().unwrap_or_else(|| panic!("{what}: nothing"));
        assert_eq!((first.code(), first.finding.severity), (code, severity), "{what}: {:#?}", audit.findings);
        assert!(!first.fix().text.contains("nnotate"), "{what}: {:?}", first.fix());
        assert_eq!(
            codes(&audit).iter().filter(|code| code.starts_with("env-")).count(),
            usize::from(code == "env-not-injected"),
            "{what}"
        );
    }
}

#[test]
fn a_list_of_associations_leaves_their_dates_open() {
    let audit = audited(&[bare_pod(), listed_association()]);
    let candidates: Vec<_> = audit.findings[0].finding.diagnosis.candidates.iter().map(|one| one.cause.code).collect();
    assert_eq!(candidates, ["pod-predates-association", "pod-identity-injection-missed"]);
    let asked = |command: &str| audit.open.iter().any(|one| one.command.to_string() == command);
    assert!(
        asked("aws eks describe-pod-identity-association --output json --cluster-name prod --association-id a-1"),
        "{:?}",
        audit.open
    );
}

#[test]
fn a_template_with_an_association_gets_pod_identity() {
    let deployment = json!({"kind": "Deployment", "metadata": {"name": "d", "namespace": "payments"},
        "spec": {"template": {"spec": {"serviceAccountName": "checkout", "containers": [{"name": "app"}]}}}});
    let audit = audited(&[account(json!({})), deployment, listed_association()]);
    assert_eq!(codes(&audit), [""; 0]);
    assert_eq!(audit.pods[0].applied[0].rule.code(), "pod-identity-association");
}

#[test]
fn what_stays_undecided_has_candidates() {
    let of = |documents: &[Value]| -> Vec<&str> {
        let audit = audited(documents);
        assert_eq!(codes(&audit), ["env-not-injected"]);
        audit.findings[0].finding.diagnosis.candidates.iter().map(|one| one.cause.code).collect()
    };
    let (missing, predates) =
        ("env-not-injected-annotation-missing-or-misplaced", "env-not-injected-pod-predates-annotation");
    let webhook = "env-not-injected-webhook-missing";
    assert_eq!(of(&[bare_pod()]), [missing, predates, webhook, "pod-predates-association"]);
    assert_eq!(of(&[bare_pod(), annotated()]), [predates, webhook]);
    assert_eq!(of(&[bare_pod(), json!({"associations": []})]), [missing, predates, webhook]);
}
