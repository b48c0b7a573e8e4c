//! Why the webhook did not mutate a pod.

use crate::aws::arn::RoleArn;
use crate::aws::webhook::ROLE_ANNOTATION;
use crate::causes::{
    Candidate, Cause, ENV_NOT_INJECTED, ENV_NOT_INJECTED_ANNOTATION_MISSING_OR_MISPLACED, ENV_NOT_INJECTED_BY_OPT_OUT,
    ENV_NOT_INJECTED_POD_PREDATES_ANNOTATION, ENV_NOT_INJECTED_WEBHOOK_MISSING, Facts, Fix, POD_PREDATES_ASSOCIATION,
    SERVICE_ACCOUNT_MISMATCH, VariableState, env_not_injected, shell_word,
};
use crate::documents::audit::annotation::{misplaced_on_pod, role_annotation};
use crate::documents::audit::facts;
use crate::documents::audit::finding::ObjectFinding;
use crate::documents::audit::inventory::Inventory;
use crate::documents::audit::service_account::{annotate_command, annotated_at};
use crate::documents::audit::webhook_configuration;
use crate::documents::audit::workload::{recreate, recreate_after};
use crate::documents::{Pod, ServiceAccount};

pub(super) fn without_account(inventory: &Inventory<'_>, pod: &Pod, object: &str) -> ObjectFinding {
    let (namespace, name) = (pod.namespace(), pod.service_account());
    let beside = inventory.annotated_beside(pod).map(|other| format!("{other} in that namespace has a role"));
    let other = beside.or(annotated_elsewhere(inventory, pod)).map(|other| format!("; {other}")).unwrap_or_default();
    let text = format!(
        "the service account {namespace}/{name} does not exist{other}: Kubernetes creates no new pod and refreshes no \
         token for it"
    );
    let fix =
        Fix::new("Create it and annotate it with the ARN of the role, or set serviceAccountName to an existing one.")
            .command(format!("kubectl create serviceaccount {} -n {}", shell_word(name), shell_word(namespace)));
    ObjectFinding::new(&SERVICE_ACCOUNT_MISMATCH, object, text, fix)
}

/// What the documents leave possible where they do not decide.
fn candidates(inventory: &Inventory<'_>, pod: &Pod) -> Vec<Candidate> {
    let facts = Facts { role_variable: VariableState::Missing, ..facts::of_pod(inventory, pod) };
    let mut all = env_not_injected::candidates(&facts);
    let account = inventory.account_of(pod);
    let is_annotated = account.is_some_and(|account| role_annotation(&account.metadata).is_some());
    let is_dated = account.is_some_and(|account| annotated_at(account).is_some());
    // The pod shows that it does not opt out.
    all.retain(|one| {
        one.cause != &ENV_NOT_INJECTED_BY_OPT_OUT
            && !(is_annotated && one.cause == &ENV_NOT_INJECTED_ANNOTATION_MISSING_OR_MISPLACED)
            && !(is_dated && one.cause == &ENV_NOT_INJECTED_POD_PREDATES_ANNOTATION)
    });
    if !is_annotated && inventory.documents.associations.is_none() {
        let why = "if the service account has a Pod Identity association that is newer than the pod";
        all.push(Candidate::new(&POD_PREDATES_ASSOCIATION, why));
    }
    all
}

/// The webhook did not mutate the pod. The other documents may show which of the reasons applies.
pub(super) fn not_injected(inventory: &Inventory<'_>, pod: &Pod, object: &str) -> ObjectFinding {
    let account = inventory.account_of(pod);
    let (cause, text, fix) =
        misplaced(pod).or_else(|| other_account(inventory, pod, account)).unwrap_or_else(|| match account {
            Some(account) => with_account(inventory, pod, account),
            None => (
                &ENV_NOT_INJECTED,
                format!(
                    "the webhook did not mutate the pod; {} or the webhook's configuration shows why",
                    account_object(pod)
                ),
                recreate_after(pod, "Find the reason with the commands below"),
            ),
        });
    let finding = ObjectFinding::new(cause, object, text, fix).recreate_pod();
    if cause == &ENV_NOT_INJECTED { finding.could_be(candidates(inventory, pod)) } else { finding }
}

type Reason = (&'static Cause, String, Fix);

fn misplaced(pod: &Pod) -> Option<Reason> {
    let (key, value, what) = misplaced_on_pod(&pod.metadata)?;
    let text = format!("the {what} {key:?} is on the pod; the webhook reads it only from {}", account_object(pod));
    let fix = match RoleArn::parse(value) {
        Ok(_) => {
            let mut fix = recreate(pod, Some("Annotate the service account"));
            fix.commands.insert(0, annotate_command(pod.namespace(), pod.service_account(), value));
            fix
        }
        Err(_) => recreate_after(pod, "Annotate the service account with the ARN of the role"),
    };
    Some((&ENV_NOT_INJECTED_ANNOTATION_MISSING_OR_MISPLACED, text, fix))
}

/// Another service account has a role, and the pod's has none.
fn other_account(inventory: &Inventory<'_>, pod: &Pod, account: Option<&ServiceAccount>) -> Option<Reason> {
    if account.is_some_and(|account| role_annotation(&account.metadata).is_some()) {
        return None;
    }
    let name = account_object(pod);
    let has = if account.is_some() { "which has no role" } else { "which is not among these documents" };
    let (text, first) = match inventory.annotated_beside(pod) {
        Some(other) => (
            format!("the pod uses {name}, {has}; in the same namespace {other} has one"),
            format!("If that is intended, set serviceAccountName: {other} in the pod template"),
        ),
        None => (
            format!("the pod uses {name}, {has}; {}", annotated_elsewhere(inventory, pod)?),
            "Move pod and service account to one namespace, and use it in the role's trust policy".to_owned(),
        ),
    };
    Some((&SERVICE_ACCOUNT_MISMATCH, text, recreate_after(pod, &first)))
}

fn with_account(inventory: &Inventory<'_>, pod: &Pod, account: &ServiceAccount) -> Reason {
    let name = account_object(pod);
    let Some(role) = role_annotation(&account.metadata) else {
        let text =
            format!("the webhook did not mutate the pod: {name} has no value in the annotation {ROLE_ANNOTATION}");
        let first =
            "Annotate the service account with the ARN of the role, or create a Pod Identity association for it";
        let fix = recreate_after(pod, first);
        return (&ENV_NOT_INJECTED_ANNOTATION_MISSING_OR_MISPLACED, text, fix);
    };
    // The annotation is at least not older than its service account.
    let annotated = annotated_at(account).max(account.metadata.creation_timestamp.as_deref());
    if let (Some(annotated), Some(created)) = (annotated, pod.metadata.creation_timestamp.as_deref())
        && annotated > created
    {
        let text = format!(
            "the pod was created at {created}, before the annotation of {name} was set ({annotated} or later); the \
             webhook never mutates existing pods"
        );
        return (&ENV_NOT_INJECTED_POD_PREDATES_ANNOTATION, text, recreate(pod, None));
    }
    if let Some(why) = webhook_configuration::exclusion(inventory, pod) {
        let text = format!("the webhook did not mutate the pod: {why}");
        return (&ENV_NOT_INJECTED_WEBHOOK_MISSING, text, recreate_after(pod, "Correct the webhook's configuration"));
    }
    let list = match inventory.documents.webhooks.is_none() && inventory.documents.empty_lists > 0 {
        true => "; if the empty list is that of the mutating webhooks, the webhook is not installed now",
        false => "",
    };
    let text = format!(
        "the webhook did not mutate the pod although {name} has the annotation {role}: it was set after the pod was \
         created, or the webhook was not available then{list}"
    );
    (&ENV_NOT_INJECTED, text, recreate(pod, None))
}

fn account_object(pod: &Pod) -> String {
    format!("service account {}/{}", pod.namespace(), pod.service_account())
}

/// A service account in another namespace that has the same name as the pod's, and a role.
fn annotated_elsewhere(inventory: &Inventory<'_>, pod: &Pod) -> Option<String> {
    let namespace = inventory.annotated_elsewhere(pod)?;
    Some(format!("the service account of that name with a role is in namespace {namespace} and applies only there"))
}
