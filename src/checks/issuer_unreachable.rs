use crate::checks::Check;
use crate::finding::{Advice, Cause, Severity};
use crate::sts_errors;

/// STS could not reach the issuer.
pub static CHECK: Check = Check {
    cause: Cause {
        code: "issuer-unreachable",
        title: "STS cannot reach the issuer",
        severity: Severity::Error,
        advice: Advice::Retry,
        explanation: "\
STS fetches ISSUER/.well-known/openid-configuration and the keys that it names, from the internet, and gives up \
after about five seconds. An outage, a firewall, a slow host, or hundreds of pods that start in the same second \
prevent it. STS answers \"Couldn't retrieve verification key\" or IDPCommunicationError; AWS calls the latter often \
transient.

EKS runs its issuers itself, so on EKS waiting helps. A self-hosted issuer must answer the whole internet quickly: \
put its two documents on S3 or behind a CDN.",
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
                "IDPCommunicationError",
                "An error occurred while communicating with the identity provider",
                true,
            ),
            (
                AssumeRoleWithWebIdentity,
                400,
                "InvalidIdentityToken",
                "Couldn't retrieve verification key from your identity provider",
                false,
            ),
        ] {
            let evidence = answered(operation, status, code, message);
            assert_eq!(found(&CHECK, &evidence), is, "{code} {message}");
        }
    }
}
