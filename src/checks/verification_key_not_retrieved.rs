use crate::checks::Check;
use crate::finding::{Advice, Cause, Severity};
use crate::sts_errors;

/// STS could not get the key that verifies the token.
pub static CHECK: Check = Check {
    cause: Cause {
        code: "verification-key-not-retrieved",
        title: "STS could not get the key to verify this token",
        severity: Severity::Error,
        advice: Advice::Retry,
        explanation: "\
To verify a token STS fetches the issuer's discovery document and keys, from the internet, within about five \
seconds. It answers \"Couldn't retrieve verification key from your identity provider\" if that fails, and also if \
the keys are there but none has the token's kid.

Mostly it passes: an outage, or many calls at once. It stays where the issuer cannot be reached from the internet, \
where keys were rotated and the published set is old, and where something adds an Authorization or \
X-Amz-Security-Token header to the call.

The check tries again a few times. If the issuer answers you and its keys hold the token's kid, wait; else publish \
them.",
    },
    judge: |evidence| sts_errors::judge(CHECK.cause.code, evidence),
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::{answered, found};
    use crate::evidence::Operation::*;

    #[test]
    fn its_answers_and_no_others_are_this_fault() {
        for (operation, status, code, message, is) in [
            (
                AssumeRoleWithWebIdentity,
                400,
                "InvalidIdentityToken",
                "Couldn't retrieve verification key from your identity provider,  please reference AssumeRoleWithWebIdentity documentation for requirements",
                true,
            ),
            (AssumeRoleWithWebIdentity, 400, "InvalidIdentityToken", "Incorrect token audience", false),
        ] {
            let evidence = answered(operation, status, code, message);
            assert_eq!(found(&CHECK, &evidence), is, "{code} {message}");
        }
    }
}
