use crate::causes::{Advice, Cause, Severity};
use crate::diagnosis::sts_errors;

/// STS could not reach the issuer.
pub static ISSUER_UNREACHABLE: Cause = Cause {
    code: "issuer-unreachable",
    title: "STS cannot reach the issuer",
    severity: Severity::Error,
    advice: Advice::Retry,
    // Source: AWS re:Post knowledge center, "iam-sts-invalididentitytoken" (latency over 5 s, too many requests);
    // STS API reference, IDPCommunicationError ("often a transient error").
    explanation: "\
STS fetches ISSUER/.well-known/openid-configuration and the keys that it names, from the internet, and gives up \
after about five seconds. An outage, a firewall, a slow host, or hundreds of pods that start in the same second \
prevent it. STS answers \"Couldn't retrieve verification key\" or IDPCommunicationError; AWS calls the latter often \
transient.

EKS runs its issuers itself, so on EKS waiting helps. A self-hosted issuer must answer the whole internet quickly: \
put its two documents on S3 or behind a CDN.",
    judge: Some(|evidence| sts_errors::judge(&ISSUER_UNREACHABLE, evidence)),
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::causes::testing::assert_told;
    use crate::probe::evidence::Operation::AssumeRoleWithWebIdentity;

    #[test]
    fn its_answers_are_told_by_no_other_check() {
        assert_told(
            &ISSUER_UNREACHABLE,
            AssumeRoleWithWebIdentity,
            &["400 IDPCommunicationError: An error occurred while communicating with the identity provider"],
        );
    }
}
