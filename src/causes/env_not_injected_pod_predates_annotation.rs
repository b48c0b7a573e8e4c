use crate::causes::{Advice, Cause, Severity};

/// The pod was made before its service account was annotated.
pub static ENV_NOT_INJECTED_POD_PREDATES_ANNOTATION: Cause = Cause {
    code: "env-not-injected-pod-predates-annotation",
    title: "the pod was made before its service account was annotated",
    severity: Severity::Error,
    advice: Advice::RecreatePod,
    explanation: "\
The webhook changes pods only while they are created. A pod that was there before the annotation, or that came in the \
same moment as its service account (the webhook's cache had not seen it yet), stays without IRSA for its whole life.

Compare the pod's creationTimestamp with the moment of the annotation, then make the pod anew, for example with \
kubectl rollout restart.",
    judge: None,
};
