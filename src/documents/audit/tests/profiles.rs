//! Pods whose role comes from a profile in a ConfigMap.

use super::faults::*;
use crate::documents::audit::Audit;
use serde_json::{Value, json};

const ROLE: &str = "arn:aws:iam::111122223333:role/checkout";
const CONFIG: &str = "[default]\nregion = eu-west-1\n[profile app]\nrole_arn = arn:aws:iam::111122223333:role/checkout\n\
                      web_identity_token_file = /var/run/secrets/openshift/serviceaccount/token\n";

fn codes(audit: &Audit) -> Vec<&'static str> {
    audit.findings.iter().map(|finding| finding.code()).collect()
}

fn config_map() -> Value {
    json!({"kind": "ConfigMap", "metadata": {"name": "aws", "namespace": "payments"}, "data": {"config": CONFIG}})
}

/// As operators of OpenShift make them: a token of their own, and a profile that names it.
fn pod(env: Value, mounts: Value, volume: Value) -> Value {
    with(bare_pod(), |pod| {
        pod["spec"]["containers"][0]["env"] = env.clone();
        pod["spec"]["containers"][0]["volumeMounts"] = mounts.clone();
        pod["spec"]["volumes"] = json!([volume, {"name": "bound-token", "projected": {"sources": [
            {"serviceAccountToken": {"audience": "openshift", "path": "token"}}]}}]);
    })
}

fn named() -> Value {
    pod(
        json!([{"name": "AWS_CONFIG_FILE", "value": "/etc/aws/config"}, {"name": "AWS_PROFILE", "value": "app"}]),
        json!([{"name": "aws", "mountPath": "/etc/aws"},
            {"name": "bound-token", "mountPath": "/var/run/secrets/openshift/serviceaccount"}]),
        json!({"name": "aws", "configMap": {"name": "aws"}}),
    )
}

fn role(subject: &str) -> Value {
    let key = "oidc.eks.eu-west-1.amazonaws.com/id/A";
    json!({"Role": {"Arn": ROLE, "AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": [{"Effect": "Allow",
        "Principal": {"Federated": format!("arn:aws:iam::111122223333:oidc-provider/{key}")},
        "Action": "sts:AssumeRoleWithWebIdentity",
        "Condition": {"StringEquals": {format!("{key}:sub"): subject}}}]}}})
}

#[test]
fn the_role_of_a_profile_is_judged() {
    let documents = |subject: &str| [named(), config_map(), role(subject), cluster()];
    let right = audited(&documents("system:serviceaccount:payments:checkout"));
    assert_eq!((codes(&right), right.exit_code()), (vec![], 0), "{:#?}", right.findings);
    assert!(right.facts.iter().any(|fact| fact.contains("ConfigMap payments/aws gives the role")), "{:?}", right.facts);
    let wrong = audited(&documents("system:serviceaccount:payments:basket"));
    assert_eq!(codes(&wrong), ["wrong-subject-in-trust-policy"], "{:#?}", wrong.findings);
}

#[test]
fn a_file_is_found_wherever_it_is_mounted() {
    let config =
        |path: &str| json!([{"name": "AWS_CONFIG_FILE", "value": path}, {"name": "AWS_PROFILE", "value": "app"}]);
    let app = || json!([{"name": "AWS_PROFILE", "value": "app"}]);
    let mount = |path: &str| json!([{"name": "aws", "mountPath": path}]);
    let whole = || json!({"name": "aws", "configMap": {"name": "aws"}});
    let items = json!({"name": "aws", "configMap": {"name": "aws", "items": [{"key": "config", "path": "a/b"}]}});
    let projected = json!({"name": "aws", "projected": {"sources": [{"configMap": {"name": "aws"}}]}});
    let sub_path = json!([{"name": "aws", "mountPath": "/etc/aws.conf", "subPath": "config"}]);
    for (what, pod, found) in [
        ("named", named(), true),
        ("the whole map", pod(config("/x/config"), mount("/x"), whole()), true),
        ("items", pod(config("/x/a/b"), mount("/x"), items), true),
        ("projected", pod(config("/x/config"), mount("/x/"), projected), true),
        ("subPath", pod(config("/etc/aws.conf"), sub_path, whole()), true),
        ("home", pod(app(), mount("/root/.aws"), whole()), true),
        ("another key", pod(config("/x/other"), mount("/x"), whole()), false),
        ("another profile", pod(json!([]), mount("/root/.aws"), whole()), false),
    ] {
        let audit = audited(&[account(json!({})), pod, config_map()]);
        let is_found =
            audit.facts.iter().any(|fact| fact.contains("gives the role arn:aws:iam::111122223333:role/checkout"));
        assert_eq!(is_found, found, "{what}: {:?} {:#?}", audit.facts, audit.findings);
        assert_eq!(codes(&audit).is_empty(), found, "{what}: {:#?}", audit.findings);
    }
}

#[test]
fn a_file_that_the_documents_do_not_hold_is_asked_for() {
    let audit = audited(&[named()]);
    assert_eq!(codes(&audit), [""; 0], "{:#?}", audit.findings);
    let asked = |command: &str| audit.open.iter().any(|one| one.command.to_string() == command);
    assert!(asked("kubectl get configmap aws -n payments -o json"), "{:?}", audit.open);
    let secret = pod(
        json!([{"name": "AWS_SHARED_CREDENTIALS_FILE", "value": "/etc/aws/credentials"}]),
        json!([{"name": "aws", "mountPath": "/etc/aws"}]),
        json!({"name": "aws", "secret": {"secretName": "aws"}}),
    );
    let audit = audited(&[secret]);
    assert_eq!((codes(&audit), audit.exit_code()), (vec!["env-not-injected"], 0), "{:#?}", audit.findings);
    assert!(audit.findings[0].text().contains("is not in a ConfigMap"), "{:#?}", audit.findings);
}
