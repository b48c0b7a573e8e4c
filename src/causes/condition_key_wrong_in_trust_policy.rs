use crate::causes::{Advice, Cause, Facts, Fix, Names, Severity};

/// A condition of the trust policy uses a key that IAM does not set in the request.
pub(crate) static CONDITION_KEY_WRONG_IN_TRUST_POLICY: Cause = Cause {
    code: "condition-key-wrong-in-trust-policy",
    title: "the trust policy uses a condition key that the request lacks",
    compare: "keys must be ISSUER:sub, :aud",
    severity: Severity::Error,
    advice: Advice::Fix,
    // Source: IAM user guide, "IAM and AWS STS condition context keys", section "Available keys for AWS OIDC
    // federation".
    explanation: "\
A condition key must be the issuer without https://, a colon, and sub or aud. A key that the request does not contain \
makes StringEquals false, and STS answers AccessDenied.

Mistakes seen in the field: the suffixes :aud and :sub are swapped; the key is the provider's whole ARN; the key \
still contains https://; the suffix is missing; the principal is right, but the key names another cluster's issuer; \
one statement has keys of two clusters; the key is a claim that IAM does not offer for such providers. A statement \
with keys of two clusters never matches, because all conditions of a statement must hold. IAM offers sub, aud, amr, \
azp and a few more claims, but not kubernetes.io.

Give each cluster its own statement, with exactly the two keys that `irsa-probe trust-policy` prints.",
    says: &[],
    settles: false,
    hides_caller: false,
    judge: None,
    fix,
};

fn fix(facts: &Facts) -> Fix {
    let names = facts.names();
    let Names { subject, audience, .. } = &names;
    let key = names.key();
    names.compare(Fix::new(format!(
        "Use the condition keys \"{key}:sub\" (for {subject:?}) and \"{key}:aud\" (for {audience:?}), and no others, in \
         the trust policy's statement. Give each further cluster its own statement."
    )))
}
