use crate::causes::{Advice, Cause, Facts, Fix, Names, Severity};

/// The trust policy's `:aud` is not the token's, although the provider accepts it.
pub(crate) static WRONG_AUD_CONDITION_IN_TRUST_POLICY: Cause = Cause {
    code: "wrong-aud-condition-in-trust-policy",
    title: "the trust policy's aud condition does not match this token's aud",
    compare: ":aud must be the token's aud",
    severity: Severity::Error,
    advice: Advice::Fix,
    // Source: pods sent through the webhook, tests/webhook.
    explanation: "\
A token's audience is checked in two places. First, STS compares it with the IAM provider's client IDs. A token whose \
aud is not among them gets 400 \"Incorrect token audience\". Then the role's trust policy may have a condition on \
ISSUER:aud. A mismatch there gets 403 AccessDenied.

The webhook requests tokens with the audience sts.amazonaws.com, in China and GovCloud too, unless the annotation \
eks.amazonaws.com/audience names another.

Set the condition to the token's aud, or remove the annotation and recreate the pod.",
    says: &[],
    settles: false,
    hides_caller: false,
    judge: None,
    fix,
};

fn fix(facts: &Facts) -> Fix {
    let names = facts.names();
    let Names { audience, .. } = &names;
    let key = names.key();
    names.compare(Fix::new(format!("Set the condition \"{key}:aud\" in the role's trust policy to {audience:?}.")))
}
