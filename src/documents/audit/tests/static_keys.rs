//! Keys in the variables of a container that also has a role.

use super::faults::*;
use super::pod_identity::pod_identity_pod;
use crate::causes::Severity;
use serde_json::{Value, json};

fn with_key(pod: Value, key: Value) -> Value {
    with(pod, |pod| {
        let mut key = key.clone();
        key["name"] = "AWS_ACCESS_KEY_ID".into();
        pod["spec"]["containers"][0]["env"].as_array_mut().expect("variables").push(key);
    })
}

/// The EKS add-on of the EBS CSI driver has an optional key on every cluster, and no Secret.
#[test]
fn only_keys_that_are_there_are_an_error() {
    let of_secret = |optional: bool| json!({"valueFrom": {"secretKeyRef": {"name": "aws-secret", "key": "key_id", "optional": optional}}});
    let of_map = json!({"valueFrom": {"configMapKeyRef": {"name": "aws", "key": "id", "optional": true}}});
    for (key, severity, words) in [
        (json!({"value": "AKIAIOSFODNN7EXAMPLE"}), Severity::Error, "never"),
        (of_secret(false), Severity::Error, "never"),
        (of_secret(true), Severity::Info, "only if the key key_id of Secret aws-secret exists"),
        (of_map, Severity::Info, "only if the key id of ConfigMap aws exists"),
        (json!({}), Severity::Warning, "AWS_ACCESS_KEY_ID is empty"),
        (json!({"value": ""}), Severity::Warning, "AWS_ACCESS_KEY_ID is empty"),
    ] {
        for (pod, mechanism) in [(injected_pod(&[]), "IRSA"), (pod_identity_pod(), "EKS Pod Identity")] {
            let audit = audited(&[with_key(pod, key.clone())]);
            let found: Vec<_> = audit.findings.iter().filter(|one| one.code() == "static-keys-override").collect();
            assert_eq!(found.len(), 1, "{key} {mechanism}: {:#?}", audit.findings);
            assert_eq!(found[0].finding.severity, severity, "{key} {mechanism}");
            let text = found[0].text();
            assert!(text.contains(words) && text.ends_with(mechanism), "{text}");
        }
    }
}

#[test]
fn kubectl_describe_shows_whether_a_key_is_optional() {
    let describe = |value: &str| {
        format!(
            "Name:             p\nNamespace:        payments\nService Account:  checkout\nStatus:           Running\n\
             Containers:\n  app:\n    Environment:\n      AWS_ROLE_ARN:  arn:aws:iam::111122223333:role/checkout\n      \
             AWS_WEB_IDENTITY_TOKEN_FILE:  /var/run/secrets/eks.amazonaws.com/serviceaccount/token\n      \
             AWS_ACCESS_KEY_ID:  {value}\n    Mounts:  <none>\n"
        )
    };
    for (value, severity) in [
        ("<set to the key 'key_id' in secret 'aws-secret'>  Optional: true", Severity::Info),
        ("<set to the key 'id' of config map 'aws'>  Optional: true", Severity::Info),
        ("<set to the key 'key_id' in secret 'aws-secret'>  Optional: false", Severity::Error),
        ("", Severity::Warning),
    ] {
        let audit = audited_with(&[], &describe(value));
        let found = audit.findings.iter().find(|one| one.code() == "static-keys-override");
        assert_eq!(found.map(|one| one.finding.severity), Some(severity), "{value}: {:#?}", audit.findings);
    }
}
