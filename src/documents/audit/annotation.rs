//! The annotation with the role of a service account, and its misspelt or misplaced forms.

use crate::aws::webhook::ROLE_ANNOTATION;
use crate::documents::Metadata;

/// The role in the annotation. The webhook treats an empty value as no annotation.
pub(super) fn role_annotation(metadata: &Metadata) -> Option<&str> {
    metadata.annotations.get(ROLE_ANNOTATION).filter(|role| !role.is_empty())
}

/// Annotations that others read: `ecr-role-arn` by the kubelet's ECR credential provider (kubernetes/cloud-provider-aws), from
/// service accounts; `role` by kube2iam and kiam, from pods.
const ECR_ANNOTATION: &str = "eks.amazonaws.com/ecr-role-arn";
const KUBE2IAM_ANNOTATION: &str = "iam.amazonaws.com/role";

/// Whether an object has the annotation, correct or not.
pub(super) fn intends_irsa(metadata: &Metadata) -> bool {
    metadata.annotations.contains_key(ROLE_ANNOTATION) || misplaced(metadata).is_some()
}

/// An annotation or label that was meant as the role annotation: its name, its value, and which of the two it is.
pub(super) fn misplaced(metadata: &Metadata) -> Option<(&str, &str, &'static str)> {
    let meant = |key: &str, value: &str| {
        let plain: String = key.to_ascii_lowercase().chars().filter(char::is_ascii_alphanumeric).collect();
        let is_arn =
            || value.contains(":role/") && value.trim_start_matches([' ', '"', '\'', '\u{201c}']).starts_with("arn:");
        let is_named = || plain.contains("rolearn") || plain.contains("eksamazon") && plain.contains("role");
        key != ECR_ANNOTATION && (is_named() || is_arn())
    };
    let annotation = metadata.annotations.iter().find(|(key, value)| *key != ROLE_ANNOTATION && meant(key, value));
    let label = metadata.labels.iter().find(|(key, value)| meant(key, value));
    let annotation = annotation.map(|(key, value)| (key, value, "annotation"));
    annotation.or(label.map(|(key, value)| (key, value, "label")))
}

/// The same on a pod, where even the right annotation is in the wrong place.
pub(super) fn misplaced_on_pod(metadata: &Metadata) -> Option<(&str, &str, &'static str)> {
    let right = metadata.annotations.iter().find(|(key, _)| *key == ROLE_ANNOTATION);
    let of_webhook = right.map(|(key, value)| (key, value, "annotation"));
    of_webhook.or_else(|| misplaced(metadata).filter(|(key, ..)| *key != KUBE2IAM_ANNOTATION))
}

/// Whether a pod has the annotation, which only its service account should have.
pub(super) fn pod_intends_irsa(metadata: &Metadata) -> bool {
    misplaced_on_pod(metadata).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn annotations_of_others_are_not_misplaced() {
        const ROLE: &str = "arn:aws:iam::111122223333:role/checkout";
        for (key, value, on_account, on_pod) in [
            ("eks.amazonaws.com/role_arn", ROLE, true, true),
            ("iam.amazonaws.com/role", ROLE, true, false),
            ("my/annotation", ROLE, true, true),
            ("eks.amazonaws.com/ecr-role-arn", ROLE, false, false),
            ("ad.datadoghq.com/app.instances", r#"[{"sts": "arn:aws:iam::111122223333:role/checkout"}]"#, false, false),
        ] {
            let metadata: Metadata =
                serde_json::from_value(json!({"name": "x", "annotations": {key: value}})).expect("metadata");
            assert_eq!((intends_irsa(&metadata), pod_intends_irsa(&metadata)), (on_account, on_pod), "{key}");
        }
    }
}
