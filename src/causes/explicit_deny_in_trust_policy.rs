use crate::causes::{Advice, Cause, Severity};

/// A `Deny` of the trust policy is about this very call.
pub static EXPLICIT_DENY_IN_TRUST_POLICY: Cause = Cause {
    code: "explicit-deny-in-trust-policy",
    title: "a Deny statement of the trust policy shuts this token out",
    severity: Severity::Error,
    advice: Advice::Fix,
    explanation: "\
A trust policy may hold Deny statements, and one that fits the call beats every Allow. They come from hardening \
templates: deny everybody but some principals, or everything from outside a VPC or an organization. A call with a \
web identity is not signed and its principal is the OIDC provider, so a Deny written with IAM roles in mind often \
catches it.

`irsa-probe trust-policy --check role.json` tells which statement it is. Narrow its conditions so that it leaves \
this service account out.",
    judge: None,
};
