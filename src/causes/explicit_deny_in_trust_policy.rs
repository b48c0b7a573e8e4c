use crate::causes::{Advice, Cause, Facts, Fix, Severity};

/// A `Deny` statement of the trust policy matches this call.
pub(crate) static EXPLICIT_DENY_IN_TRUST_POLICY: Cause = Cause {
    code: "explicit-deny-in-trust-policy",
    title: "a Deny statement in the trust policy matches this token",
    compare: "Deny statements must not match",
    severity: Severity::Error,
    advice: Advice::Fix,
    explanation: "\
A Deny statement in the trust policy matches the call, and Deny overrides every Allow. Such statements come from \
hardening templates: deny everyone except some principals, or everything from outside a VPC or an organization. A \
call with a web identity is not signed, and its principal is the OIDC provider. A Deny that was written for IAM roles \
often matches it.

`irsa-probe trust-policy --check role.json` shows which statement it is. Narrow its conditions so that they exclude \
this service account.",
    says: &[],
    settles: false,
    hides_caller: false,
    judge: None,
    fix,
};

fn fix(facts: &Facts) -> Fix {
    let names = facts.names();
    names.compare(Fix::new("Narrow the conditions of the Deny statement so that they exclude this service account."))
}
