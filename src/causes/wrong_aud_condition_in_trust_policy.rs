use crate::causes::{Advice, Cause, Severity};

/// The trust policy's `:aud` is not the token's, although the provider takes it.
pub static WRONG_AUD_CONDITION_IN_TRUST_POLICY: Cause = Cause {
    code: "wrong-aud-condition-in-trust-policy",
    title: "the trust policy's aud condition is not this token's aud",
    severity: Severity::Error,
    advice: Advice::Fix,
    // Source: pods sent through the webhook, tests/webhook.
    explanation: "\
Two places judge a token's audience. The IAM provider's list of client ids comes first; a token whose aud is not on \
it gets 400 \"Incorrect token audience\". Then the role's trust policy may have a condition on ISSUER:aud; a \
mismatch there gets 403 AccessDenied.

The webhook asks for tokens with the audience sts.amazonaws.com, in China and GovCloud too, unless the annotation \
eks.amazonaws.com/audience says otherwise.

Set the condition to the token's aud, or drop the annotation and recreate the pod.",
    judge: None,
};
