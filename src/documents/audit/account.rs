//! A service account: its annotation, and whether it is where the webhook looks for it.

use super::{Audit, Case, Finding};
use crate::aws::arn::RoleArn;
use crate::causes::{Fix, shell_word};
use crate::documents::{Absent, Metadata, Pod, ServiceAccount};

/// What the names of the webhook's annotations and labels begin with.
pub const PREFIX: &str = "eks.amazonaws.com/";

/// The annotation as the webhook reads it; an empty one counts as none.
pub fn role_annotation(metadata: &Metadata) -> Option<&str> {
    metadata.annotations.get(&format!("{PREFIX}role-arn")).filter(|role| !role.is_empty())
}

/// Whether anything about the object was meant for IRSA, well or badly.
pub fn means_irsa(metadata: &Metadata) -> bool {
    metadata.annotations.contains_key(&format!("{PREFIX}role-arn")) || misplaced(metadata).is_some()
}

/// Whether the annotation was meant and is not as the webhook needs it, which [`audit`] reports.
pub(super) fn is_to_blame(account: &ServiceAccount) -> bool {
    means_irsa(&account.metadata) && role_annotation(&account.metadata).is_none()
}

/// Whether the documents show that a pod's service account does not exist.
pub(super) fn is_missing(case: &Case<'_>, pod: &Pod) -> bool {
    let named = || Absent::ServiceAccount(pod.service_account().to_owned());
    case.account_of(pod).is_none()
        && (case.documents.whole_namespaces.contains(pod.namespace()) || case.absent.contains(&named()))
}

/// An annotation or label that was meant to be the annotation: its name, its value, and what it is.
fn misplaced(metadata: &Metadata) -> Option<(&str, &str, &'static str)> {
    let right = format!("{PREFIX}role-arn");
    let meant = |key: &str, value: &str| {
        let plain: String = key.to_ascii_lowercase().chars().filter(char::is_ascii_alphanumeric).collect();
        plain.contains("rolearn") || plain.contains("eksamazon") && plain.contains("role") || value.contains(":role/")
    };
    let annotation = metadata.annotations.iter().find(|(key, value)| *key != right && meant(key, value));
    let label = metadata.labels.iter().find(|(key, value)| meant(key, value));
    let annotation = annotation.map(|(key, value)| (key, value, "annotation"));
    annotation.or(label.map(|(key, value)| (key, value, "label")))
}

pub(super) fn audit(case: &Case<'_>, account: &ServiceAccount, audit: &mut Audit) {
    let about = format!("service account {}/{}", account.namespace(), account.metadata.name);
    let annotate = |role: &str| annotate_fix(account.namespace(), &account.metadata.name, role);
    match role_annotation(&account.metadata) {
        Some(role) => {
            if let Err(fault) = RoleArn::parse(role) {
                let meant = role.trim_matches(|c: char| c.is_whitespace() || "\"'\u{201c}\u{201d}".contains(c));
                let cause = format!("the annotation is {role:?}: it {fault}");
                audit.add(Finding::new("malformed-arn", &about, cause, annotate(meant)).frozen());
            }
        }
        None => {
            let frozen = case.is_used(account);
            let missing = |cause: String, fix| {
                let finding = Finding::new("env-not-injected-annotation-missing-or-misplaced", &about, cause, fix);
                if frozen { finding.frozen() } else { finding }
            };
            if let Some((key, value, what)) = misplaced(&account.metadata) {
                let cause =
                    format!("it has the {what} {key:?}, where the webhook reads the annotation {PREFIX}role-arn");
                audit.add(missing(cause, annotate(value)));
            } else if account.metadata.annotations.contains_key(&format!("{PREFIX}role-arn")) {
                let cause = format!("its annotation {PREFIX}role-arn is empty, which is as good as none");
                audit.add(missing(cause, Fix::new("set the annotation to the role's ARN, then recreate the pods")));
            }
        }
    }
    if case.lacks_namespace(account.namespace()) {
        let cause = format!("the namespace {} does not exist", account.namespace());
        let fix = Fix::new("make the service account in the namespace of its pods");
        audit.add(Finding::new("service-account-mismatch", &about, cause, fix));
    }
}

/// Only the ARN of a role is written into the annotation.
fn annotate_fix(namespace: &str, name: &str, role: &str) -> Fix {
    match RoleArn::parse(role) {
        Ok(_) => {
            Fix::new("set the annotation, then recreate the pods").command(annotate_command(namespace, name, role))
        }
        Err(_) => Fix::new("set the annotation to the role's ARN, then recreate the pods")
            .command("aws iam list-roles --query 'Roles[].Arn' --output json"),
    }
}

pub(super) fn annotate_command(namespace: &str, name: &str, role: &str) -> String {
    let [namespace, name, role] = [namespace, name, role].map(shell_word);
    format!("kubectl annotate serviceaccount {name} -n {namespace} --overwrite {PREFIX}role-arn={role}")
}

/// On a pod even the right annotation is in the wrong place.
pub(super) fn misplaced_on_pod(metadata: &Metadata) -> Option<(&str, &str, &'static str)> {
    let right = metadata.annotations.iter().find(|(key, _)| key.strip_prefix(PREFIX) == Some("role-arn"));
    right.map(|(key, value)| (key, value, "annotation")).or_else(|| misplaced(metadata))
}
