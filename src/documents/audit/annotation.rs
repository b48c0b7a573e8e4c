//! The annotation with the role of a service account, and its misspelt or misplaced forms.

use crate::aws::webhook::ROLE_ANNOTATION;
use crate::documents::Metadata;

/// The role in the annotation. The webhook treats an empty value as no annotation.
pub(super) fn role_annotation(metadata: &Metadata) -> Option<&str> {
    metadata.annotations.get(ROLE_ANNOTATION).filter(|role| !role.is_empty())
}

/// Whether an object has the annotation, correct or not.
pub(super) fn intends_irsa(metadata: &Metadata) -> bool {
    metadata.annotations.contains_key(ROLE_ANNOTATION) || misplaced(metadata).is_some()
}

/// An annotation or label that was meant as the role annotation: its name, its value, and which of the two it is.
pub(super) fn misplaced(metadata: &Metadata) -> Option<(&str, &str, &'static str)> {
    let meant = |key: &str, value: &str| {
        let plain: String = key.to_ascii_lowercase().chars().filter(char::is_ascii_alphanumeric).collect();
        plain.contains("rolearn") || plain.contains("eksamazon") && plain.contains("role") || value.contains(":role/")
    };
    let annotation = metadata.annotations.iter().find(|(key, value)| *key != ROLE_ANNOTATION && meant(key, value));
    let label = metadata.labels.iter().find(|(key, value)| meant(key, value));
    let annotation = annotation.map(|(key, value)| (key, value, "annotation"));
    annotation.or(label.map(|(key, value)| (key, value, "label")))
}

/// The same on a pod, where even the right annotation is in the wrong place.
pub(super) fn misplaced_on_pod(metadata: &Metadata) -> Option<(&str, &str, &'static str)> {
    let right = metadata.annotations.iter().find(|(key, _)| *key == ROLE_ANNOTATION);
    right.map(|(key, value)| (key, value, "annotation")).or_else(|| misplaced(metadata))
}
