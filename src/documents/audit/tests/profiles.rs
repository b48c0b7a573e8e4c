//! Pods whose role comes from a profile in a ConfigMap.

use super::faults::*;
use super::pod_identity::{association, pod_identity_pod};
use crate::documents::audit::{Audit, Verdict};
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
    // Nothing else shows that the pod has a role.
    assert_eq!((audit.verdict(), audit.exit_code()), (Verdict::Incomplete, 3));
    let read = audited(&[named(), config_map()]);
    assert_eq!((read.verdict(), read.exit_code()), (Verdict::Clean, 0));
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

/// A pod with IRSA or Pod Identity, and with the ConfigMap in its home directory.
fn beside(mut pod: Value, profile: &str) -> Value {
    let container = &mut pod["spec"]["containers"][0];
    let push = |list: &mut Value, item: Value| list.as_array_mut().expect("a list").push(item);
    push(&mut container["env"], json!({"name": "AWS_PROFILE", "value": profile}));
    push(&mut container["volumeMounts"], json!({"name": "aws", "mountPath": "/root/.aws"}));
    push(&mut pod["spec"]["volumes"], json!({"name": "aws", "configMap": {"name": "aws"}}));
    pod
}

#[test]
fn variables_and_a_profile_with_another_role_are_a_warning_that_says_which_wins() {
    let other = |role: &str, more: &str| {
        let config = format!("[profile app]\nrole_arn = {role}\nweb_identity_token_file = /token\n{more}");
        with(config_map(), |map| map["data"]["config"] = config.clone().into())
    };
    let chain = "[profile chain]\nrole_arn = arn:aws:iam::111122223333:role/c\nsource_profile = app\n";
    let reports = "arn:aws:iam::111122223333:role/reports";
    let (irsa, pod) = (|| injected_pod(&[]), pod_identity_pod);
    let associated = || association(json!("2026-11-20T00:00:00Z"));
    let most = "most AWS SDKs use IRSA, but JavaScript 2, JavaScript 3, C++ and Rust use IRSA through a profile";
    let boto = "most AWS SDKs use IRSA, but boto3, botocore, AWS CLI";
    for (what, documents, found) in [
        ("another role", vec![beside(irsa(), "app"), other(reports, "")], Some(most)),
        ("the same role", vec![beside(irsa(), "app"), other(ROLE, "")], None),
        ("another profile", vec![beside(irsa(), "other"), other(reports, "")], None),
        ("a chain", vec![beside(irsa(), "chain"), other(ROLE, chain)], Some(boto)),
        ("an unknown association", vec![beside(pod(), "app"), other(reports, "")], None),
        (
            "an association",
            vec![beside(pod(), "app"), other(reports, ""), associated()],
            Some("all AWS SDKs use IRSA through a profile"),
        ),
        ("of the same role", vec![beside(pod(), "app"), other(ROLE, ""), associated()], None),
    ] {
        let audit = audited(&documents);
        let texts: Vec<&str> = audit.findings.iter().map(|one| one.text()).collect();
        assert_eq!(
            codes(&audit),
            if found.is_some() { vec!["profile-precedence"] } else { vec![] },
            "{what}: {texts:?}"
        );
        assert!(found.is_none_or(|words| texts[0].contains(words)), "{what}: {texts:?}");
        assert_eq!(audit.exit_code(), 0, "{what}");
    }
}

/// The pod works with the role of its variables, whatever the profile's role trusts.
#[test]
fn the_role_of_a_profile_beside_irsa_is_not_judged() {
    let config = "[default]\nrole_arn = arn:aws:iam::111122223333:role/other\nweb_identity_token_file = /token\n";
    let map = with(config_map(), |map| map["data"]["config"] = config.into());
    let other = with(role("system:serviceaccount:payments:basket"), |role| {
        role["Role"]["Arn"] = "arn:aws:iam::111122223333:role/other".into();
    });
    let pod = beside(injected_pod(&[]), "default");
    let audit = audited(&[pod.clone(), map, other, role("system:serviceaccount:payments:checkout"), cluster()]);
    assert_eq!((codes(&audit), audit.exit_code()), (vec!["profile-precedence"], 0), "{:#?}", audit.findings);
    // The file is asked for, but the verdict does not depend on it.
    let audit = audited(&[pod]);
    let open: Vec<_> = audit.open.iter().filter(|one| one.command.to_string().contains("configmap")).collect();
    assert!(open.len() == 1 && !open[0].decides, "{open:?}");
    assert_eq!(audit.exit_code(), 0);
}
