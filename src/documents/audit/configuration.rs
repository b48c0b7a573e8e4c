//! The webhook's own configuration: whether it is there, whom it inspects, and whether the API server can trust it.

use super::{Audit, Case, Finding};
use crate::causes::Fix;
use crate::documents::{Pod, Webhook, WebhookConfiguration};
use crate::text::timestamp::Timestamp;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use x509_parser::pem::Pem;

const NAME_LABEL: &str = "kubernetes.io/metadata.name";
const CODE: &str = "env-not-injected-webhook-missing";

pub(super) fn audit(case: &Case<'_>, audit: &mut Audit) {
    if case.webhooks.is_none() {
        return;
    }
    let frozen = case.documents.pods.iter().any(|pod| super::pod::was_missed(case, pod));
    let mut add = |about: &str, cause: String, fix: &str| {
        let finding = Finding::new(CODE, about, cause, Fix::new(format!("{fix}, then recreate the pods")));
        audit.add(if frozen { finding.frozen() } else { finding });
    };
    let Some((configuration, webhook)) = case.identity_webhook else {
        let cause = "no MutatingWebhookConfiguration is that of the Pod Identity Webhook".to_owned();
        let fix = "install amazon-eks-pod-identity-webhook, or on EKS, whose control plane brings it, ask AWS support";
        return add("cluster", cause, fix);
    };
    let about = format!("webhook configuration {}", configuration.metadata.name);
    if let Some(fault) = &case.certificate_fault {
        let cause = format!("{fault}: the API server cannot call the webhook");
        add(&about, cause, "let the webhook renew its certificate and caBundle");
    }
    let policy = match webhook.failure_policy.as_deref() {
        Some("Ignore") => "pods that it cannot be asked about are let in unchanged",
        _ => "pods that it cannot be asked about are refused",
    };
    let again = match webhook.reinvocation_policy.as_deref() {
        Some("IfNeeded") => "",
        _ => "; containers that a later webhook adds are not inspected",
    };
    audit.facts.push(format!("{about}: {policy}{again}"));
}

/// Whether the webhook touches no pod at all, which [`audit`] reports.
pub(super) fn is_broken(case: &Case<'_>) -> bool {
    case.webhooks.is_some() && (case.identity_webhook.is_none() || case.certificate_fault.is_some())
}

/// Why the webhook, by its configuration, did not inspect the pod.
pub(super) fn keeps_away(case: &Case<'_>, pod: &Pod) -> Option<&'static str> {
    let (_, webhook) = case.identity_webhook?;
    let namespace = case.namespaces.get(pod.namespace());
    let label_of_namespace = |key: &str| match key {
        // The API server puts this label on every namespace.
        NAME_LABEL => Some(pod.namespace()),
        key => namespace.and_then(|namespace| namespace.labels.get(key)),
    };
    if !webhook.object_selector.fits(|key| pod.metadata.labels.get(key)) {
        Some("its objectSelector does not fit the pod's labels")
    } else if !webhook.namespace_selector.fits(label_of_namespace) && !hangs_on_namespace(case, pod) {
        Some("its namespaceSelector does not fit the pod's namespace")
    } else {
        None
    }
}

/// Whether only the pod's namespace, which is not among the documents, tells if the webhook inspects the pod.
pub(super) fn hangs_on_namespace(case: &Case<'_>, pod: &Pod) -> bool {
    let is_selected_by_labels = |webhook: &Webhook| webhook.namespace_selector.keys().any(|key| key != NAME_LABEL);
    !case.namespaces.contains_key(pod.namespace())
        && case.identity_webhook.is_some_and(|(_, webhook)| is_selected_by_labels(webhook))
}

/// EKS calls it `iam-for-pods.amazonaws.com`, an own installation `pod-identity-webhook.amazonaws.com`.
pub(super) fn is_named(name: &str) -> bool {
    name.contains("iam-for-pods") || name.contains("pod-identity-webhook")
}

pub(super) fn identity_webhook(configurations: &[WebhookConfiguration]) -> Option<(&WebhookConfiguration, &Webhook)> {
    let is = |configuration: &WebhookConfiguration, webhook: &Webhook| {
        is_named(&webhook.name) || is_named(&configuration.metadata.name)
    };
    let all = configurations.iter().flat_map(|one| one.webhooks.iter().map(move |webhook| (one, webhook)));
    all.into_iter().find(|(configuration, webhook)| is(configuration, webhook))
}

pub(super) fn certificate_fault(webhook: &Webhook, now: Timestamp) -> Option<String> {
    let Some(bundle) = webhook.client_config.ca_bundle.as_deref().filter(|bundle| !bundle.is_empty()) else {
        // Without a bundle the API server's own roots count, which is right for a URL with a public certificate only.
        return webhook.client_config.service.as_ref().map(|_| "its caBundle is empty".to_owned());
    };
    let Ok(pem) = STANDARD.decode(bundle.replace(['\n', '\r'], "")) else {
        return Some("its caBundle is not base64".to_owned());
    };
    let certificates: Vec<Pem> = Pem::iter_from_buffer(&pem).filter_map(Result::ok).collect();
    let ends: Vec<i64> =
        certificates.iter().filter_map(|pem| Some(pem.parse_x509().ok()?.validity().not_after.timestamp())).collect();
    match ends.iter().max() {
        None => Some("its caBundle holds no certificate".to_owned()),
        Some(end) if *end < now.0 => Some(format!("its caBundle expired at {}", Timestamp(*end))),
        Some(_) => None,
    }
}
