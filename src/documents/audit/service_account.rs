//! Service accounts: the role annotation and the namespace.

use super::annotation::{intends_irsa, misplaced, role_annotation};
use super::finding::ObjectFinding;
use super::inventory::Inventory;
use super::result::Audit;
use crate::aws::arn::RoleArn;
use crate::aws::webhook::ROLE_ANNOTATION;
use crate::causes::{
    ENV_NOT_INJECTED_ANNOTATION_MISSING_OR_MISPLACED, Fix, MALFORMED_ARN, SERVICE_ACCOUNT_MISMATCH, shell_word,
};
use crate::documents::{Pod, ServiceAccount};

pub(super) fn audit(inventory: &Inventory<'_>, account: &ServiceAccount, audit: &mut Audit) {
    let object = format!("service account {}/{}", account.namespace(), account.metadata.name);
    let annotate = |role: &str| annotate_fix(account.namespace(), &account.metadata.name, role);
    match role_annotation(&account.metadata) {
        Some(role) => {
            if let Err(fault) = RoleArn::parse(role) {
                let meant = role.trim_matches(|c: char| c.is_whitespace() || "\"'\u{201c}\u{201d}".contains(c));
                let text = format!("the annotation is {role:?}: it {fault}");
                audit.add(ObjectFinding::new(&MALFORMED_ARN, &object, text, annotate(meant)).recreate_pod());
            }
        }
        // An association does not need the annotation.
        None if inventory.association(account.namespace(), &account.metadata.name).is_some() => {}
        None => {
            let is_used = inventory.is_used(account);
            let missing = |text: String, fix| {
                let cause = &ENV_NOT_INJECTED_ANNOTATION_MISSING_OR_MISPLACED;
                let finding = ObjectFinding::new(cause, &object, text, fix);
                if is_used { finding.recreate_pod() } else { finding }
            };
            if let Some((key, value, what)) = misplaced(&account.metadata) {
                let text = format!("it has the {what} {key:?}; the webhook reads the annotation {ROLE_ANNOTATION}");
                audit.add(missing(text, annotate(value)));
            } else if account.metadata.annotations.contains_key(ROLE_ANNOTATION) {
                let text = format!("its annotation {ROLE_ANNOTATION} is empty, which is the same as no annotation");
                audit
                    .add(missing(text, Fix::new("Set the annotation to the ARN of the role, then recreate the pods.")));
            }
        }
    }
    if inventory.lacks_namespace(account.namespace()) {
        let text = format!("the namespace {} does not exist", account.namespace());
        let fix = Fix::new("Create the service account in the namespace of its pods.");
        audit.add(ObjectFinding::new(&SERVICE_ACCOUNT_MISMATCH, &object, text, fix));
    }
}

/// Whether the role annotation is misspelt, misplaced or empty, which [`audit`] reports.
pub(super) fn has_wrong_annotation(account: &ServiceAccount) -> bool {
    intends_irsa(&account.metadata) && role_annotation(&account.metadata).is_none()
}

/// Whether the documents show that the service account of a pod does not exist.
pub(super) fn is_missing(inventory: &Inventory<'_>, pod: &Pod) -> bool {
    inventory.lacks_account(pod.namespace(), pod.service_account())
}

/// The command writes only the ARN of a role into the annotation.
fn annotate_fix(namespace: &str, name: &str, role: &str) -> Fix {
    match RoleArn::parse(role) {
        Ok(_) => {
            Fix::new("Set the annotation, then recreate the pods.").command(annotate_command(namespace, name, role))
        }
        Err(_) => Fix::new("Set the annotation to the ARN of the role, then recreate the pods.")
            .command("aws iam list-roles --query 'Roles[].Arn' --output json"),
    }
}

pub(super) fn annotate_command(namespace: &str, name: &str, role: &str) -> String {
    let [namespace, name, role] = [namespace, name, role].map(shell_word);
    format!("kubectl annotate serviceaccount {name} -n {namespace} --overwrite {ROLE_ANNOTATION}={role}")
}

/// When the annotation was set, if `--show-managed-fields` was used. RFC 3339 in UTC compares as text.
pub(super) fn annotated_at(account: &ServiceAccount) -> Option<&str> {
    let set = account.metadata.managed_fields.iter().filter(|entry| entry.sets_annotation(ROLE_ANNOTATION));
    set.filter_map(|entry| entry.time.as_deref()).max()
}

/// Whether the documents show that the annotation is older than a pod.
pub(super) fn is_annotated_before(account: &ServiceAccount, pod: &Pod) -> bool {
    let created = pod.metadata.creation_timestamp.as_deref();
    annotated_at(account).zip(created).is_some_and(|(annotated, created)| annotated < created)
}
