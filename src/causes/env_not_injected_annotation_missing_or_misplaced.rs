use crate::causes::{Advice, Cause, Severity};

/// The service account does not have the annotation that the webhook reads.
pub static ENV_NOT_INJECTED_ANNOTATION_MISSING_OR_MISPLACED: Cause = Cause {
    code: "env-not-injected-annotation-missing-or-misplaced",
    title: "the service account is not annotated with the role",
    compare: "the annotation",
    severity: Severity::Error,
    advice: Advice::RecreatePod,
    explanation: "\
The webhook reads the annotation eks.amazonaws.com/role-arn of the service account that the pod uses. It ignores an \
annotation on the pod or its Deployment, under a misspelt key, or on another service account. It also ignores an \
empty value, without an error. Helm charts often read the annotation from another key of their values than expected, \
or create a service account with another name.

Find out which service account the pod uses (.spec.serviceAccountName), annotate that service account, then recreate \
the pod.",
    judge: None,
};
