use crate::causes::{Advice, Cause, Severity};

/// The condition looks at a key that IAM does not fill.
pub static CONDITION_KEY_WRONG_IN_TRUST_POLICY: Cause = Cause {
    code: "condition-key-wrong-in-trust-policy",
    title: "the trust policy looks at a condition key that is not there",
    severity: Severity::Error,
    advice: Advice::Fix,
    // Source: IAM user guide, "IAM and AWS STS condition context keys", section "Available keys for AWS OIDC
    // federation".
    explanation: "\
A condition key is the issuer without https://, a colon, and sub or aud. Seen in the field: :aud and :sub swapped, \
the provider's whole ARN as key, https:// left in, the suffix missing, another cluster's issuer in the key while the \
principal is right, keys of two clusters in one statement (all conditions of a statement must hold, so it never \
matches), and claims that IAM does not offer for such providers (it knows sub, aud, amr, azp and a few more, not \
kubernetes.io).

A key that the request does not carry makes StringEquals false, so STS answers AccessDenied.

Give each cluster a statement of its own, with exactly the two keys that `irsa-probe trust-policy` prints.",
    judge: None,
};
