use crate::causes::{Advice, Cause, Severity};

/// IRSA works; a further AssumeRole is refused.
pub static SECOND_HOP_ASSUME_ROLE_DENIED: Cause = Cause {
    code: "second-hop-assume-role-denied",
    title: "a second sts:AssumeRole is refused, IRSA itself works",
    severity: Severity::Error,
    advice: Advice::Fix,
    explanation: "\
The caller named in the error already is the role that IRSA gave. The program then asks for another role with \
sts:AssumeRole, and that is refused: the second role's trust policy does not name the first role, or the first role \
may not call sts:AssumeRole.

Often the program was told a role that is the very one it has (\"role\" in cert-manager, external-secrets, \
external-dns): a role may not take itself unless its trust policy says so. Then simply remove that setting.

Trust policy and provider of IRSA have nothing to do with it.",
    judge: None,
};
