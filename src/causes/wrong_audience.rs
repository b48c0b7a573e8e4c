use crate::causes::{Advice, Cause, Severity};
use crate::diagnosis::sts_errors;

/// The token's audience is not among the provider's client ids.
pub static WRONG_AUDIENCE: Cause = Cause {
    code: "wrong-audience",
    title: "the IAM provider does not know this token's audience",
    severity: Severity::Error,
    advice: Advice::Fix,
    explanation: "\
STS compares the token's aud (or azp, where there is one) with the client ids of the IAM provider and answers \
\"Incorrect token audience\". This is the provider's list, not the role's trust policy: a mismatch there would be \
AccessDenied.

A token may have several audiences, and AWS does not document which of them STS compares then: have it issued for one.

The webhook asks for sts.amazonaws.com unless the annotation eks.amazonaws.com/audience names another; providers \
made by hand often lack it, or hold another tool's.

Add the audience to the provider's client ids, or have the token minted for one that is there. After a change of the \
provider the pod recovers by itself; after a change of the annotation it must be made anew.",
    judge: Some(|evidence| sts_errors::judge(&WRONG_AUDIENCE, evidence)),
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::causes::testing::assert_told;
    use crate::probe::evidence::Operation::AssumeRoleWithWebIdentity;

    #[test]
    fn its_answers_are_told_by_no_other_check() {
        assert_told(
            &WRONG_AUDIENCE,
            AssumeRoleWithWebIdentity,
            &["400 InvalidIdentityToken: Incorrect token audience"],
        );
    }
}
