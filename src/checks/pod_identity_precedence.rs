use crate::finding::{Advice, Cause, Severity};

/// IRSA and Pod Identity are both there.
pub static CAUSE: Cause = Cause {
    code: "pod-identity-precedence",
    title: "IRSA and Pod Identity are both configured",
    severity: Severity::Warning,
    advice: Advice::RecreatePod,
    explanation: "\
Both AWS_WEB_IDENTITY_TOKEN_FILE and AWS_CONTAINER_CREDENTIALS_FULL_URI are set. SDKs try web identity first, so \
IRSA's role wins, although the webhook itself prefers a Pod Identity association. Who reads the pod's spec expects \
one role and gets the other.

Decide for one: delete the association, or the service account's annotation. Then recreate the pod.",
};
