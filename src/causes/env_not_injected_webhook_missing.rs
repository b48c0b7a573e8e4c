use crate::causes::{Advice, Cause, Facts, Fix, Priority, Reading, Saying, Severity, any, webhook, with};

/// The webhook was missing or failed when the pod was created.
pub(crate) static ENV_NOT_INJECTED_WEBHOOK_MISSING: Cause = Cause {
    code: "env-not-injected-webhook-missing",
    title: "the pod identity webhook did not mutate this pod",
    compare: "the webhook and its selectors",
    severity: Severity::Error,
    advice: Advice::RecreatePod,
    explanation: "\
The webhook was missing or did not answer when the pod was created. On EKS, it runs in the control plane. On other \
clusters, amazon-eks-pod-identity-webhook must be installed. Its failure policy is Ignore: if it does not answer (its \
certificate has expired, it has no endpoints, or the API server cannot reach it), pods are created without IRSA and \
without an error.

The pod label eks.amazonaws.com/skip-pod-identity-webhook has the same effect on purpose. The pod annotation \
eks.amazonaws.com/skip-containers excludes single containers.

Check that the MutatingWebhookConfiguration exists and that its service answers, then recreate the pod.",
    says: &[Saying::new(
        Priority::Admission,
        &[
            any(&["no serving certificate available for the webhook"]),
            with(
                &[
                    "failed calling webhook",
                    "failed to call webhook",
                    "failing open",
                    "tls handshake error",
                    "is the csr approved",
                ],
                &[&["pod-identity-webhook", "pod-identity-webhook.amazonaws.com", "iam-for-pods.amazonaws.com"]],
            ),
        ],
        |_| {
            let why = "the API server could not call the pod identity webhook, failed open, and admitted pods without \
                       variables";
            Reading::decided(&ENV_NOT_INJECTED_WEBHOOK_MISSING, why)
        },
    )],
    settles: false,
    hides_caller: false,
    judge: None,
    fix,
};

fn fix(_: &Facts) -> Fix {
    Fix::new(
        "Restore the pod identity webhook (EKS runs it; on other clusters, install it with a certificate that the API \
         server trusts), then recreate the pod.",
    )
    .command(webhook::SHOW)
}
