use crate::causes::{Advice, Cause, Severity};

/// STS says AccessDenied for a role that is not there.
pub static ROLE_DOES_NOT_EXIST: Cause = Cause {
    code: "role-does-not-exist",
    title: "the role does not exist",
    severity: Severity::Error,
    advice: Advice::Fix,
    // Source of the delay: IAM user guide, "Troubleshoot IAM: Changes that I make are not always immediately visible".
    explanation: "\
STS does not tell strangers which roles exist: a role that was deleted, misspelt or never made gets the same \
AccessDenied as one whose trust policy says no. So this can never be excluded from within a pod.

A role that was made seconds ago may not be known everywhere yet; that passes within a minute.

See with `aws iam get-role --role-name NAME --output json` whether it is there, path and letter case included. If the annotation \
is wrong, correct it and recreate the pod; if the role was missing, the pod recovers once it exists.",
    judge: None,
};
