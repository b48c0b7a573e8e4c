use crate::causes::{Advice, Cause, Severity};

/// The service account does not carry the annotation that the webhook looks for.
pub static ENV_NOT_INJECTED_ANNOTATION_MISSING_OR_MISPLACED: Cause = Cause {
    code: "env-not-injected-annotation-missing-or-misplaced",
    title: "the service account is not annotated with the role",
    severity: Severity::Error,
    advice: Advice::RecreatePod,
    explanation: "\
The webhook reads the annotation eks.amazonaws.com/role-arn of the service account that the pod uses. An annotation on \
the pod or its Deployment, under a misspelt key, or on another service account counts for nothing, and an empty value \
is passed over in silence. Helm charts often take it under another key of their values than one thinks, or make a \
service account of another name.

Find out which service account the pod really uses (.spec.serviceAccountName), annotate that one, and make the pod anew.",
    judge: None,
};
