use super::{Caller, PodIdentityAnswer, PodIdentityCall};
use crate::aws::arn::RoleArn;
use crate::documents::Association;
use crate::documents::trust_policy::{Policy, Verdict, json};
use serde_json::json;

const CLUSTER: &str = "arn:aws:eks:eu-west-1:111122223333:cluster/prod";

fn call() -> PodIdentityCall {
    let association = Association {
        namespace: "payments".into(),
        service_account: "checkout".into(),
        association_arn: "arn:aws:eks:eu-west-1:111122223333:podidentityassociation/prod/a-1".into(),
        ..Association::default()
    };
    PodIdentityCall::of_association(role("checkout"), &association)
}

fn role(name: &str) -> RoleArn {
    RoleArn::parse(&format!("arn:aws:iam::111122223333:role/{name}")).expect("an ARN")
}

fn answer(call: PodIdentityCall, statements: &str) -> PodIdentityAnswer {
    let json = json(&format!(r#"{{"Version":"2012-10-17","Statement":[{statements}]}}"#)).expect("JSON");
    PodIdentityAnswer::new(call, &Policy::from_value(&json).expect("a policy"), &json)
}

fn allow(principal: &str, action: &str, condition: &str) -> String {
    format!(r#"{{"Effect":"Allow","Principal":{principal},"Action":{action},"Condition":{condition}}}"#)
}

const EKS: &str = r#"{"Service":"pods.eks.amazonaws.com"}"#;
const BOTH: &str = r#"["sts:AssumeRole","sts:TagSession"]"#;

#[test]
fn both_actions_are_needed_and_conditions_count() {
    let eks = |action: &str, condition: &str| allow(EKS, action, condition);
    let tag = |name: &str, value: &str| format!(r#"{{"StringEquals":{{"aws:RequestTag/{name}":"{value}"}}}}"#);
    let irsa = allow(
        r#"{"Federated":"arn:aws:iam::111122223333:oidc-provider/k/id/A"}"#,
        r#""sts:AssumeRoleWithWebIdentity""#,
        "{}",
    );
    let deny = format!(r#"{{"Effect":"Deny","Principal":{EKS},"Action":"sts:TagSession"}}"#);
    let source = |key: &str, value: &str| format!(r#"{{"StringEquals":{{"{key}":"{value}"}}}}"#);
    let (missing, tags, condition) =
        ("pods-eks-trust-missing", "tag-session-missing", "pod-identity-condition-mismatch");
    for (policy, code) in [
        (eks(BOTH, "{}"), None),
        (eks(r#""sts:*""#, "{}"), None),
        (format!("{},{}", eks(r#""sts:AssumeRole""#, "{}"), eks(r#""sts:TagSession""#, "{}")), None),
        (irsa.clone(), Some(missing)),
        (allow(r#"{"Service":"eks.amazonaws.com"}"#, BOTH, "{}"), Some(missing)),
        (eks(r#""sts:TagSession""#, "{}"), Some(missing)),
        (eks(r#""sts:AssumeRole""#, "{}"), Some(tags)),
        (format!("{irsa},{}", eks(r#""sts:AssumeRole""#, "{}")), Some(tags)),
        (format!("{},{deny}", eks(BOTH, "{}")), Some("explicit-deny-in-trust-policy")),
        (eks(BOTH, &tag("kubernetes-namespace", "payments")), None),
        (eks(BOTH, &tag("Kubernetes-Namespace", "payments")), None),
        (eks(BOTH, &tag("kubernetes-namespace", "shop")), Some(condition)),
        (eks(BOTH, &tag("kubernetes-service-account", "basket")), Some(condition)),
        (eks(BOTH, &tag("eks-cluster-name", "prod")), None),
        (eks(BOTH, &tag("eks-cluster-arn", CLUSTER)), None),
        (eks(BOTH, &tag("namespace", "payments")), Some(condition)),
        (eks(BOTH, &source("aws:SourceAccount", "111122223333")), None),
        (eks(BOTH, &source("aws:SourceAccount", "999922223333")), Some(condition)),
        (eks(BOTH, &format!(r#"{{"ArnLike":{{"aws:SourceArn":"{CLUSTER}"}}}}"#)), None),
        (eks(BOTH, r#"{"ArnLike":{"aws:SourceArn":"arn:aws:eks:*:*:cluster/test"}}"#), Some(condition)),
        (eks(BOTH, r#"{"StringEquals":{"k/id/A:sub":"system:serviceaccount:payments:checkout"}}"#), Some(condition)),
    ] {
        let answer = answer(call(), &policy);
        assert_eq!(answer.decision.fault.as_ref().map(|fault| fault.cause.code), code, "{policy}");
        assert_eq!(answer.decision.verdict == Verdict::Allowed, code.is_none(), "{policy}: {:?}", answer.decision);
        // What it says to do lets the pod in.
        if let Some(command) = &answer.command {
            let corrected = command.split_once("--policy-document '").expect("a policy").1.trim_end_matches('\'');
            let policy = Policy::parse(corrected).expect("a policy");
            assert_eq!(super::evaluate::evaluate(&policy, &call()).verdict, Verdict::Allowed, "{corrected}");
        }
        assert_eq!(answer.command.is_some(), code.is_some_and(|code| !code.contains("deny")), "{policy}");
    }
}

#[test]
fn what_is_not_known_stays_open() {
    let pod = r#"{"StringLike":{"aws:RequestTag/kubernetes-pod-name":"checkout-*"}}"#;
    let unknown =
        |call: PodIdentityCall, policy: &str| matches!(answer(call, policy).decision.verdict, Verdict::Unknown(_));
    assert!(unknown(call(), &allow(EKS, BOTH, pod)));
    assert!(!unknown(PodIdentityCall { pod: Some("checkout-0".into()), ..call() }, &allow(EKS, BOTH, pod)));
    assert!(unknown(call(), &allow("\"*\"", BOTH, "{}")));
    assert!(unknown(call(), &allow(EKS, BOTH, r#"{"StringEquals":{"aws:SourceOrgID":"o-1"}}"#)));
    let without_cluster = PodIdentityCall { cluster: None, ..call() };
    assert!(unknown(without_cluster, &allow(EKS, BOTH, r#"{"StringEquals":{"aws:SourceAccount":"111122223333"}}"#)));
}

#[test]
fn without_session_tags_one_action_is_enough_and_no_tag_matches() {
    let untagged = || PodIdentityCall { has_tags: false, ..call() };
    let code = |policy: &str| answer(untagged(), policy).decision.fault.map(|fault| fault.cause.code);
    assert_eq!(code(&allow(EKS, r#""sts:AssumeRole""#, "{}")), None);
    let tag = r#"{"StringEquals":{"aws:RequestTag/kubernetes-namespace":"payments"}}"#;
    assert_eq!(code(&allow(EKS, BOTH, tag)), Some("pod-identity-condition-mismatch"));
    assert!(untagged().policy().contains("aws:SourceArn") && !untagged().policy().contains("RequestTag"));
}

#[test]
fn a_target_role_must_trust_the_first_role_with_its_external_id() {
    let hop = |external_id: Option<&str>| PodIdentityCall {
        caller: Caller::Role { arn: role("first"), external_id: external_id.map(str::to_owned) },
        ..call()
    };
    let (first, root) = (json!({"AWS": role("first").to_string()}), json!({"AWS": "arn:aws:iam::111122223333:root"}));
    let id = r#"{"StringEquals":{"sts:ExternalId":"x"}}"#;
    for (call, policy, is_allowed) in [
        (hop(None), allow(&first.to_string(), BOTH, "{}"), true),
        (hop(None), allow(&root.to_string(), BOTH, "{}"), true),
        (hop(Some("x")), allow(&first.to_string(), BOTH, id), true),
        (hop(Some("y")), allow(&first.to_string(), BOTH, id), false),
        (hop(None), allow(&first.to_string(), BOTH, id), false),
        (hop(None), allow(EKS, BOTH, "{}"), false),
        (hop(None), allow(&first.to_string(), r#""sts:AssumeRole""#, "{}"), false),
    ] {
        let decision = answer(call, &policy).decision;
        let code = decision.fault.as_ref().map(|fault| fault.cause.code);
        assert_eq!(code, (!is_allowed).then_some("target-role-not-assumable"), "{policy}: {decision:?}");
    }
}

#[test]
fn the_needed_policy_passes_its_own_check() {
    let target =
        PodIdentityCall { caller: Caller::Role { arn: role("first"), external_id: Some("x".into()) }, ..call() };
    for call in [
        call(),
        PodIdentityCall { has_tags: false, ..call() },
        PodIdentityCall::new(role("checkout")),
        PodIdentityCall { cluster: None, ..call() },
        target,
    ] {
        let policy = Policy::parse(&call.policy()).expect("a policy");
        assert_eq!(super::evaluate::evaluate(&policy, &call).verdict, Verdict::Allowed, "{}", call.policy());
    }
    let yaml = call().eksctl().expect("a ClusterConfig");
    assert!(
        yaml.contains("  name: prod\n  region: eu-west-1\n") && yaml.contains("serviceAccountName: checkout"),
        "{yaml}"
    );
    assert!(PodIdentityCall::new(role("checkout")).eksctl().is_none(), "no service account is known");
    assert!(call().terraform().contains("identifiers = [\"pods.eks.amazonaws.com\"]"), "{}", call().terraform());
}
