use crate::causes::{Advice, Cause, Severity};
use crate::diagnosis::sts_errors;

/// The identity provider itself refused the token.
pub static IDP_REJECTED_CLAIM: Cause = Cause {
    code: "idp-rejected-claim",
    title: "the identity provider refused this token",
    severity: Severity::Error,
    advice: Advice::Fix,
    // Source: API reference of AssumeRoleWithWebIdentity, ProviderId: "the only OAuth 2.0 identity providers".
    explanation: "\
IDPRejectedClaim means that STS asked the identity provider and it said no. Only the OAuth 2.0 \
providers www.amazon.com and graph.facebook.com are asked; OIDC tokens, a cluster's and Google's among them, are \
verified by STS itself. It has never been met on EKS.

Ask the provider why, and get a new token from it.",
    judge: Some(|evidence| sts_errors::judge(&IDP_REJECTED_CLAIM, evidence)),
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::causes::testing::assert_told;
    use crate::probe::evidence::Operation::AssumeRoleWithWebIdentity;

    #[test]
    fn its_answers_are_told_by_no_other_check() {
        assert_told(
            &IDP_REJECTED_CLAIM,
            AssumeRoleWithWebIdentity,
            &["403 IDPRejectedClaim: graph.example.com responded with HTTP/1.1 400 Bad Request"],
        );
    }
}
