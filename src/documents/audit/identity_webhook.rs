//! The Pod Identity Webhook among the mutating webhooks of a cluster, and whether the API server can call it.

use crate::documents::{Webhook, WebhookConfiguration};
use crate::text::timestamp::Timestamp;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use x509_parser::pem::Pem;

/// EKS names it `iam-for-pods.amazonaws.com`, a self-managed installation `pod-identity-webhook.amazonaws.com`.
pub(super) fn is_named(name: &str) -> bool {
    name.contains("iam-for-pods") || name.contains("pod-identity-webhook")
}

pub(super) fn find(configurations: &[WebhookConfiguration]) -> Option<(&WebhookConfiguration, &Webhook)> {
    let mut all = configurations.iter().flat_map(|one| one.webhooks.iter().map(move |webhook| (one, webhook)));
    all.find(|(configuration, webhook)| is_named(&webhook.name) || is_named(&configuration.metadata.name))
}

/// Why the API server cannot verify the webhook's certificate, in a clause.
pub(super) fn certificate_fault(webhook: &Webhook, now: Timestamp) -> Option<String> {
    let Some(bundle) = webhook.client_config.ca_bundle.as_deref().filter(|bundle| !bundle.is_empty()) else {
        // Without a bundle the API server uses its own roots, which suits only a URL with a public certificate.
        return webhook.client_config.service.as_ref().map(|_| "its caBundle is empty".to_owned());
    };
    let Ok(pem) = STANDARD.decode(bundle.replace(['\n', '\r'], "")) else {
        return Some("its caBundle is not base64".to_owned());
    };
    let certificates: Vec<Pem> = Pem::iter_from_buffer(&pem).filter_map(Result::ok).collect();
    let ends: Vec<i64> =
        certificates.iter().filter_map(|pem| Some(pem.parse_x509().ok()?.validity().not_after.timestamp())).collect();
    match ends.iter().max() {
        None => Some("its caBundle contains no certificate".to_owned()),
        Some(end) if *end < now.0 => Some(format!("its caBundle expired at {}", Timestamp(*end))),
        Some(_) => None,
    }
}
