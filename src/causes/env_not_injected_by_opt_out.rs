use crate::causes::{Advice, Cause, Severity};

/// The pod keeps the webhook away itself.
pub static ENV_NOT_INJECTED_BY_OPT_OUT: Cause = Cause {
    code: "env-not-injected-by-opt-out",
    title: "the pod itself keeps the webhook away",
    severity: Severity::Error,
    advice: Advice::RecreatePod,
    explanation: "\
The EKS Pod Identity Webhook leaves a pod alone that has the label eks.amazonaws.com/skip-pod-identity-webhook, and \
leaves out the containers that the pod's annotation eks.amazonaws.com/skip-containers names. Both usually come from \
a chart or a sidecar injector that somebody configured for another reason.

If the pod is to have the role, take the label or the annotation out of its template. The webhook acts only when a \
pod is made, so the pod must be made anew.",
    judge: None,
};
