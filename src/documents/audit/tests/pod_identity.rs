//! EKS Pod Identity: associations, roles and pods that get them.

use super::faults::*;
use crate::causes::Severity;
use crate::documents::audit::Audit;
use serde_json::{Value, json};

const ROLE: &str = "arn:aws:iam::111122223333:role/checkout";

pub(super) fn codes(audit: &Audit) -> Vec<&'static str> {
    audit.findings.iter().map(|finding| finding.code()).collect()
}

/// As `list-pod-identity-associations` shows it.
pub(super) fn listed_association() -> Value {
    json!({"associations": [{"clusterName": "prod", "namespace": "payments", "serviceAccount": "checkout",
        "associationId": "a-1",
        "associationArn": "arn:aws:eks:eu-west-1:111122223333:podidentityassociation/prod/a-1"}]})
}

/// As `describe-pod-identity-association` shows it, created at that time.
pub(super) fn association(created: Value) -> Value {
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
        asked(
            "aws eks describe-pod-identity-association --output json --cluster-name prod --association-id a-1 --region eu-west-1"
        ),
        "{:?}",
        audit.open
    );
    // The webhook's configuration and the annotation decide nothing here.
    assert!(audit.open.iter().all(|one| !one.command.to_string().contains("mutatingwebhook")), "{:?}", audit.open);
    assert!(audit.pods[0].applied[0].why.contains("has a Pod Identity association"), "{:?}", audit.pods[0]);
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

pub(super) fn eks_role(action: Value, condition: Value) -> Value {
    json!({"Role": {"Arn": ROLE, "AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": [{"Effect": "Allow",
        "Principal": {"Service": "pods.eks.amazonaws.com"}, "Action": action, "Condition": condition}]}}})
}

/// As EKS makes it.
pub(super) fn pod_identity_pod() -> Value {
    with(bare_pod(), |pod| {
        pod["spec"]["containers"][0]["env"] = json!([
            {"name": "AWS_CONTAINER_CREDENTIALS_FULL_URI", "value": "http://169.254.170.23/v1/credentials"},
            {"name": "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
             "value": "/var/run/secrets/pods.eks.amazonaws.com/serviceaccount/eks-pod-identity-token"}]);
        pod["spec"]["containers"][0]["volumeMounts"] = json!([{"name": "eks-pod-identity-token",
            "mountPath": "/var/run/secrets/pods.eks.amazonaws.com/serviceaccount", "readOnly": true}]);
        pod["spec"]["volumes"] = json!([{"name": "eks-pod-identity-token", "projected": {"sources": [
            {"serviceAccountToken": {"audience": "pods.eks.amazonaws.com", "expirationSeconds": 84000,
             "path": "eks-pod-identity-token"}}]}}]);
    })
}

#[test]
fn the_role_of_an_association_must_trust_eks() {
    let old = || association(json!("2026-11-20T00:00:00Z"));
    let both = || json!(["sts:AssumeRole", "sts:TagSession"]);
    let tag = |namespace: &str| json!({"StringEquals": {"aws:RequestTag/kubernetes-namespace": namespace}});
    let untagged = || with(old(), |one| one["association"]["disableSessionTags"] = true.into());
    for (what, association, role, expected) in [
        ("right", old(), eks_role(both(), json!({})), &[][..]),
        ("without TagSession", old(), eks_role(json!("sts:AssumeRole"), json!({})), &["tag-session-missing"]),
        ("without TagSession or tags", untagged(), eks_role(json!("sts:AssumeRole"), json!({})), &[]),
        ("IRSA's", old(), good_role(), &["pods-eks-trust-missing"]),
        ("its namespace", old(), eks_role(both(), tag("payments")), &[]),
        ("another namespace", old(), eks_role(both(), tag("shop")), &["pod-identity-condition-mismatch"]),
        (
            "a tag that is turned off",
            untagged(),
            eks_role(both(), tag("payments")),
            &["pod-identity-condition-mismatch"],
        ),
        (
            "another account",
            old(),
            eks_role(both(), json!({"StringEquals": {"aws:SourceAccount": "999922223333"}})),
            &["pod-identity-condition-mismatch"],
        ),
    ] {
        let audit = audited(&[account(json!({})), pod_identity_pod(), association, role]);
        assert_eq!(codes(&audit), expected, "{what}: {:#?}", audit.findings);
        assert_eq!(audit.exit_code(), u8::from(!expected.is_empty()), "{what}");
        assert!(!audit.facts.is_empty() || !expected.is_empty(), "{what}: nothing is said");
    }
    // The association is not of one pod.
    let open = eks_role(both(), json!({"StringLike": {"aws:RequestTag/kubernetes-pod-name": "p"}}));
    let audit = audited(&[account(json!({})), pod_identity_pod(), old(), open]);
    assert_eq!((codes(&audit), audit.exit_code()), (vec![], 3), "{:#?}", audit.facts);
}

#[test]
fn a_target_role_must_trust_the_association_s_role() {
    let target = "arn:aws:iam::999922223333:role/shared";
    let chained = with(association(json!(0)), |one| {
        one["association"]["targetRoleArn"] = target.into();
        one["association"]["externalId"] = "x".into();
    });
    let first = || eks_role(json!(["sts:AssumeRole", "sts:TagSession"]), json!({}));
    let second = |id: &str| {
        json!({"Role": {"Arn": target, "AssumeRolePolicyDocument": {"Statement": [{"Effect": "Allow",
            "Principal": {"AWS": ROLE}, "Action": ["sts:AssumeRole", "sts:TagSession"],
            "Condition": {"StringEquals": {"sts:ExternalId": id}}}]}}})
    };
    assert_eq!(codes(&audited(&[chained.clone(), first(), second("x")])), [""; 0]);
    assert_eq!(codes(&audited(&[chained.clone(), first(), second("y")])), ["target-role-not-assumable"]);
    let open = audited(&[chained, first()]).open;
    assert!(open.iter().any(|one| one.command.to_string().contains("get-role --role-name shared")), "{open:?}");
}

/// After a move to Pod Identity, the annotation often stays behind.
#[test]
fn a_trust_policy_is_not_judged_for_an_annotation_that_an_association_overrides() {
    let old = association(json!("2026-11-20T00:00:00Z"));
    let role = eks_role(json!(["sts:AssumeRole", "sts:TagSession"]), json!({}));
    let moved = audited(&[annotated(), pod_identity_pod(), old.clone(), role.clone(), cluster()]);
    assert_eq!(codes(&moved), ["pod-identity-precedence"], "{:#?}", moved.findings);
    assert_eq!(moved.exit_code(), 0);
    // A pod that still has the variables of IRSA needs the old statement.
    let waiting = audited(&[annotated(), injected_pod(&[]), old, role, cluster()]);
    assert!(codes(&waiting).contains(&"trust-policy-lacks-web-identity-statement"), "{:#?}", waiting.findings);
}

#[test]
fn a_token_for_the_other_mechanism_is_a_fault() {
    let audience = |pod: Value, audience: &str| {
        with(pod, |pod| {
            let source = &mut pod["spec"]["volumes"][0]["projected"]["sources"][0];
            source["serviceAccountToken"]["audience"] = audience.into();
        })
    };
    let swapped = audience(injected_pod(&[]), "pods.eks.amazonaws.com");
    for (documents, code) in [
        (vec![swapped.clone()], "token-audience-for-other-use"),
        (vec![annotated(), swapped], "token-audience-for-other-use"),
        (vec![audience(pod_identity_pod(), "sts.amazonaws.com")], "pod-identity-wrong-audience"),
        (
            vec![annotated(), audience(injected_pod(&[]), "vault"), cluster(), provider("sts.amazonaws.com")],
            "wrong-audience",
        ),
    ] {
        let audit = audited(&documents);
        assert_eq!(codes(&audit)[0], code, "{:#?}", audit.findings);
        assert_ne!(audit.exit_code(), 0);
    }
    assert_eq!(codes(&audited(&[pod_identity_pod()])), [""; 0]);
}

#[test]
fn a_changed_association_is_served_late() {
    // Now is 2026-11-23T01:00:00Z.
    let changed =
        |at: &str| with(association(json!("2026-11-20T00:00:00Z")), |one| one["association"]["modifiedAt"] = at.into());
    let caller = |role: &str| {
        let arn =
            format!("arn:aws:sts::111122223333:assumed-role/{role}/eks-prod-p-b7e4f6aa-1c52-4b0e-8a55-7f1d2b9c3e42");
        let called = json!({"UserId": "A:eks", "Account": "111122223333", "Arn": arn});
        [called, json!({"schema": "irsa-probe/report/v1", "findings": [], "identity": {"caller_arn": arn}})]
    };
    let late = "association-change-not-yet-served";
    for (association, role, expected) in [
        (changed("2026-11-23T00:30:00Z"), "former", &[late][..]),
        (changed("2026-11-23T00:30:00Z"), "checkout", &[]),
        (changed("2026-11-22T20:00:00Z"), "former", &[]),
    ] {
        for document in caller(role) {
            let audit = audited(&[pod_identity_pod(), association.clone(), document]);
            assert_eq!(codes(&audit), expected, "{role}: {:#?}", audit.findings);
            assert_eq!(audit.exit_code(), 0);
        }
    }
}

#[test]
fn what_the_node_role_and_the_list_show_is_said() {
    let denied = json!({"EvaluationResults": [{"EvalActionName": "eks-auth:AssumeRoleForPodIdentity",
        "EvalDecision": "implicitDeny"}]});
    let audit = audited(&[denied]);
    // A policy may allow it on one cluster.
    assert_eq!((codes(&audit), audit.exit_code()), (vec!["node-role-lacks-eks-auth"], 0));
    for (decision, context, found, exit_code) in [
        ("explicitDeny", json!([]), &["node-role-lacks-eks-auth"][..], 1),
        // Nothing else is here to judge.
        ("implicitDeny", json!(["aws:SourceVpc"]), &[], 3),
    ] {
        let simulated = json!({"EvaluationResults": [{"EvalActionName": "eks-auth:AssumeRoleForPodIdentity",
            "EvalDecision": decision, "MissingContextValues": context}]});
        let audit = audited(&[simulated]);
        assert_eq!((codes(&audit).as_slice(), audit.exit_code()), (found, exit_code), "{decision}");
    }
    let gone = audited(&[pod_identity_pod(), json!({"associations": []})]);
    assert_eq!((codes(&gone), gone.exit_code()), (vec!["association-missing"], 0));
}

/// Where the aws CLI used another account, it is silent about the role.
#[test]
fn a_target_role_of_another_account_is_not_missing() {
    let absent = "An error occurred (NoSuchEntity) when calling the GetRole operation: The role with name shared cannot \
                  be found.";
    let found = |account: &str| {
        let chained = with(association(json!("2026-11-20T00:00:00Z")), |one| {
            one["association"]["targetRoleArn"] = format!("arn:aws:iam::{account}:role/shared").into();
        });
        let role = eks_role(json!(["sts:AssumeRole", "sts:TagSession"]), json!({}));
        codes(&audited_with(&[pod_identity_pod(), chained, role], absent)).join(" ")
    };
    assert_eq!(found("111122223333"), "target-role-not-assumable");
    assert_eq!(found("444455556666"), "");
}
