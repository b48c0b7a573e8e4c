use crate::causes::{Advice, Cause, Facts, Fix, Priority, Reading, Saying, Severity, answered, any};

/// The identity provider itself rejected the token.
pub(crate) static IDP_REJECTED_CLAIM: Cause = Cause {
    code: "idp-rejected-claim",
    title: "the identity provider rejected this token",
    compare: "the token's claims and the provider",
    severity: Severity::Error,
    advice: Advice::Fix,
    // Source: API reference of AssumeRoleWithWebIdentity, ProviderId: "the only OAuth 2.0 identity providers".
    explanation: "\
IDPRejectedClaim means that STS asked the identity provider and the provider rejected the token. STS asks only the \
OAuth 2.0 providers www.amazon.com and graph.facebook.com. It verifies OIDC tokens itself, including those of a \
cluster and of Google. This error has never been seen on EKS.

Ask the provider for the reason, and get a new token from it.",
    says: &[Saying::new(
        Priority::Aws,
        &[any(&["idprejectedclaim", "idprejectedclaimexception", "idp) reported that authentication failed"])],
        |_| Reading::decided(&IDP_REJECTED_CLAIM, "the identity provider itself rejected the token"),
    )],
    settles: false,
    hides_caller: false,
    judge: Some(answered),
    fix,
};

fn fix(_: &Facts) -> Fix {
    Fix::new(
        "Ask the identity provider why it rejects the token. STS verifies Kubernetes tokens itself, so they never get \
         this error.",
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::causes::testing::assert_named;
    use crate::probe::evidence::Operation::AssumeRoleWithWebIdentity;

    #[test]
    fn no_other_check_reports_its_answers() {
        assert_named(
            &IDP_REJECTED_CLAIM,
            AssumeRoleWithWebIdentity,
            &["403 IDPRejectedClaim: graph.example.com responded with HTTP/1.1 400 Bad Request"],
        );
    }
}
