use crate::causes::{Advice, Cause, Severity};

/// IRSA works, but AWS refuses a further AssumeRole.
pub static SECOND_HOP_ASSUME_ROLE_DENIED: Cause = Cause {
    code: "second-hop-assume-role-denied",
    title: "sts:AssumeRole into a second role is refused; IRSA itself works",
    compare: "the second role must trust the first",
    severity: Severity::Error,
    advice: Advice::Fix,
    explanation: "\
IRSA works: the caller named in the error already is the role that IRSA provides. The program then calls \
sts:AssumeRole for a second role, and AWS refuses that call. Either the second role's trust policy does not name the \
first role, or the first role is not allowed to call sts:AssumeRole.

Often the program is configured with the same role that it already has (\"role\" in cert-manager, external-secrets, \
external-dns). A role cannot assume itself unless its trust policy allows it. In that case, remove the setting.

The trust policy and the OIDC provider of IRSA are not the cause.",
    judge: None,
};
