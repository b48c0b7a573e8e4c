//! The webhook's own configuration: whether it is there, whom it looks at, and whether the API server can trust it.

use super::{Audit, Case, Finding};
use crate::documents::{Pod, Webhook, WebhookConfiguration};
use crate::finding::Fix;
use crate::timestamp::Timestamp;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use std::collections::BTreeMap;
use x509_parser::pem::Pem;

const CODE: &str = "env-not-injected-webhook-missing";

pub(super) fn audit(case: &Case<'_>, audit: &mut Audit) {
    let Some(configurations) = &case.documents.webhooks else { return };
    let Some((configuration, webhook)) = identity_webhook(configurations) else {
        let fix = Fix::new(
            "on EKS the control plane brings it: if it was deleted, ask AWS support; elsewhere install amazon-eks-pod-identity-webhook",
        );
        return audit.add(Finding::new(
            CODE,
            "cluster",
            "no MutatingWebhookConfiguration is that of the Pod Identity Webhook",
            fix,
        ));
    };
    let about = format!("webhook configuration {}", configuration.metadata.name);
    if let Some(fault) = certificate_fault(webhook, case.context.now) {
        let fix = Fix::new("let the webhook make its certificate and caBundle anew, then make the pods anew");
        audit.add(Finding::new(CODE, &about, format!("{fault}: the API server cannot call the webhook"), fix));
    }
    let ignores = webhook.failure_policy.as_deref() == Some("Ignore");
    let policy = if ignores {
        "pods that it cannot be asked about are let in unchanged"
    } else {
        "pods that it cannot be asked about are refused"
    };
    let again = if webhook.reinvocation_policy.as_deref() == Some("IfNeeded") {
        ""
    } else {
        "; containers that a later webhook adds are not looked at"
    };
    audit.facts.push(format!("{about}: {policy}{again}"));
}

/// Why the webhook, by its configuration, did not touch the pod.
pub(super) fn keeps_away(case: &Case<'_>, pod: &Pod) -> Option<String> {
    let configurations = case.documents.webhooks.as_ref()?;
    let Some((_, webhook)) = identity_webhook(configurations) else {
        return Some("there is no configuration of it in the cluster".to_owned());
    };
    // The API server puts this label on every namespace; others are not in these documents.
    let namespace: BTreeMap<String, String> =
        [("kubernetes.io/metadata.name".to_owned(), pod.namespace().to_owned())].into();
    if !webhook.object_selector.fits(&pod.metadata.labels) {
        Some("its objectSelector does not fit the pod's labels".to_owned())
    } else if !webhook.namespace_selector.fits(&namespace) {
        Some("its namespaceSelector does not fit the name of the pod's namespace".to_owned())
    } else {
        certificate_fault(webhook, case.context.now)
    }
}

/// EKS calls it `iam-for-pods.amazonaws.com`, an own installation `pod-identity-webhook.amazonaws.com`.
fn identity_webhook(configurations: &[WebhookConfiguration]) -> Option<(&WebhookConfiguration, &Webhook)> {
    let is = |configuration: &WebhookConfiguration, webhook: &Webhook| {
        webhook.name.contains("iam-for-pods")
            || webhook.name.contains("pod-identity-webhook")
            || configuration.metadata.name.contains("pod-identity-webhook")
    };
    let all = configurations.iter().flat_map(|one| one.webhooks.iter().map(move |webhook| (one, webhook)));
    all.into_iter().find(|(configuration, webhook)| is(configuration, webhook))
}

fn certificate_fault(webhook: &Webhook, now: Timestamp) -> Option<String> {
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
