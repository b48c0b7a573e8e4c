use crate::causes::{Advice, Cause, Severity};
use crate::diagnosis::sts_errors;

/// The token's audience is not among the provider's client IDs.
pub static WRONG_AUDIENCE: Cause = Cause {
    code: "wrong-audience",
    title: "token audience is not registered with the OIDC provider",
    compare: "aud must be in the provider's client ID list",
    severity: Severity::Error,
    advice: Advice::Fix,
    explanation: "\
STS compares the token's aud (or azp, if the token has one) with the client IDs of the IAM OIDC provider and answers \
\"Incorrect token audience\". This is the provider's list, not the role's trust policy: a mismatch there gets \
AccessDenied.

A token may have several audiences, and AWS does not document which of them STS then compares. Request a token with \
one audience.

The webhook requests sts.amazonaws.com unless the annotation eks.amazonaws.com/audience names another. Providers that \
were created by hand often lack sts.amazonaws.com, or have another tool's audience.

Add the audience to the provider's client IDs, or request a token for an audience that is registered. After a change \
of the provider, the pod recovers by itself. After a change of the annotation, recreate the pod.",
    judge: Some(|evidence| sts_errors::judge(&WRONG_AUDIENCE, evidence)),
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::causes::testing::assert_told;
    use crate::probe::evidence::Operation::AssumeRoleWithWebIdentity;

    #[test]
    fn no_other_check_reports_its_answers() {
        assert_told(
            &WRONG_AUDIENCE,
            AssumeRoleWithWebIdentity,
            &["400 InvalidIdentityToken: Incorrect token audience"],
        );
    }
}
