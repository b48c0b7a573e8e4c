//! The configuration of the Pod Identity Webhook: whether it exists, which pods it selects, and whether the API server can
//! call it.

use super::finding::ObjectFinding;
use super::inventory::Inventory;
use super::result::Audit;
use crate::causes::{ENV_NOT_INJECTED_WEBHOOK_MISSING, Fix};
use crate::documents::{Pod, Webhook};

/// The API server puts this label on every namespace.
const NAME_LABEL: &str = "kubernetes.io/metadata.name";

pub(super) fn audit(inventory: &Inventory<'_>, audit: &mut Audit) {
    if inventory.webhooks.is_none() {
        return;
    }
    let missed_pods = inventory.documents.pods.iter().any(|pod| inventory.was_not_injected(pod));
    let mut add = |object: &str, text: String, fix: &str| {
        let fix = Fix::new(format!("{fix}, then recreate the pods."));
        let finding = ObjectFinding::new(&ENV_NOT_INJECTED_WEBHOOK_MISSING, object, text, fix);
        audit.add(if missed_pods { finding.recreate_pod() } else { finding });
    };
    let Some((configuration, webhook)) = inventory.identity_webhook else {
        let text = "there is no MutatingWebhookConfiguration of the Pod Identity Webhook".to_owned();
        let fix =
            "Install amazon-eks-pod-identity-webhook (on EKS, where the control plane runs it, contact AWS support)";
        return add("cluster", text, fix);
    };
    let object = format!("webhook configuration {}", configuration.metadata.name);
    if let Some(fault) = &inventory.certificate_fault {
        let text = format!("{fault}: the API server cannot call the webhook");
        add(&object, text, "Have the webhook renew its certificate and caBundle");
    }
    let policy = match webhook.failure_policy.as_deref() {
        Some("Ignore") => "if the API server cannot call it, pods are admitted unchanged",
        _ => "if the API server cannot call it, pods are rejected",
    };
    let again = match webhook.reinvocation_policy.as_deref() {
        Some("IfNeeded") => "",
        _ => "; it does not see containers that a later webhook adds",
    };
    audit.facts.push(format!("{object}: {policy}{again}"));
}

/// Whether the webhook mutates no pod at all, which [`audit`] reports.
pub(super) fn is_broken(inventory: &Inventory<'_>) -> bool {
    inventory.webhooks.is_some() && (inventory.identity_webhook.is_none() || inventory.certificate_fault.is_some())
}

/// Why the webhook's configuration excludes a pod.
pub(super) fn exclusion(inventory: &Inventory<'_>, pod: &Pod) -> Option<&'static str> {
    let (_, webhook) = inventory.identity_webhook?;
    let namespace = inventory.namespaces.get(pod.namespace());
    let label_of_namespace = |key: &str| match key {
        NAME_LABEL => Some(pod.namespace()),
        key => namespace.and_then(|namespace| namespace.labels.get(key)),
    };
    if !webhook.object_selector.fits(|key| pod.metadata.labels.get(key)) {
        Some("its objectSelector does not match the pod's labels")
    } else if !webhook.namespace_selector.fits(label_of_namespace) && !needs_namespace(inventory, pod) {
        Some("its namespaceSelector does not match the pod's namespace")
    } else {
        None
    }
}

/// Whether the labels of the pod's namespace, which is not among the documents, decide if the webhook selects the pod.
pub(super) fn needs_namespace(inventory: &Inventory<'_>, pod: &Pod) -> bool {
    let is_selected_by_labels = |webhook: &Webhook| webhook.namespace_selector.keys().any(|key| key != NAME_LABEL);
    !inventory.namespaces.contains_key(pod.namespace())
        && inventory.identity_webhook.is_some_and(|(_, webhook)| is_selected_by_labels(webhook))
}
