use crate::causes::{Advice, Cause, Severity};

/// The webhook was not there, or failed, when the pod was made.
pub static ENV_NOT_INJECTED_WEBHOOK_MISSING: Cause = Cause {
    code: "env-not-injected-webhook-missing",
    title: "the pod identity webhook did not handle this pod",
    severity: Severity::Error,
    advice: Advice::RecreatePod,
    explanation: "\
On EKS the webhook runs in the control plane; on other clusters somebody must install amazon-eks-pod-identity-webhook. \
Its failure policy is Ignore: if it does not answer (certificate expired, no endpoints, the API server cannot reach \
it), pods are made without IRSA and nobody is told. A label eks.amazonaws.com/skip-pod-identity-webhook on the pod has \
the same effect on purpose, and the pod annotation eks.amazonaws.com/skip-containers leaves single containers out.

See that the MutatingWebhookConfiguration is there and its service answers, then make the pod anew.",
    judge: None,
};
