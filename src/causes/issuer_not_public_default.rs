use crate::aws::issuer::why_unreachable;
use crate::causes::{Advice, Cause, Diagnosis, Fix, NOT_AUTHORIZED, Outcome, Severity};
use crate::diagnosis::sts_errors;
use crate::probe::evidence::Evidence;

/// The issuer is a name that only the cluster knows.
pub static ISSUER_NOT_PUBLIC_DEFAULT: Cause = Cause {
    code: "issuer-not-public-default",
    title: "the token's issuer cannot be reached by STS",
    severity: Severity::Error,
    advice: Advice::RecreatePod,
    // Sources: IAM user guide, "Create an OpenID Connect (OIDC) identity provider in IAM"; API reference of
    // UpdateOpenIDConnectProviderThumbprint (thumbprints decide only where the certificate is not signed by a CA of
    // AWS's store).
    explanation: "\
STS fetches the keys of a token's issuer over the public internet: https and a public name. \
A certificate of a private CA works if its thumbprint is in the IAM provider. A \
cluster that was not set up for this stamps its tokens with https://kubernetes.default.svc.cluster.local, and STS \
answers \"No OpenIDConnect provider found\" or \"Couldn't retrieve verification key\".

On EKS the issuer is always public. On a cluster of your own, set the API server's --service-account-issuer to the \
public URL where you publish discovery document and JWKS, register it as an IAM provider, and make the pods anew.",
    judge: Some(judge),
};

fn judge(evidence: &Evidence) -> Outcome {
    let Some(token) = evidence.token.seen() else { return Outcome::skip(evidence.why_no_token()) };
    if token.is_for_another_use() {
        return Outcome::skip("the token is not for STS");
    }
    let Some(issuer) = &token.issuer else {
        return Diagnosis::new("The token names no issuer.", fix()).into();
    };
    match why_unreachable(issuer) {
        None => sts_errors::pass_unless_said(&ISSUER_NOT_PUBLIC_DEFAULT, evidence),
        // A stand-in for STS may well reach it, and what works is not at fault.
        Some(_) if evidence.session.seen().is_some() => Outcome::Pass,
        // STS looks at the role only after it has verified the token.
        Some(_) if sts_errors::finding_cause(evidence) == Some(&NOT_AUTHORIZED) => Outcome::Pass,
        Some(why) => Diagnosis::new(format!("The token's issuer is {issuer:?}: {why}."), fix()).into(),
    }
}

fn fix() -> Fix {
    Fix::new(
        "set the API server's --service-account-issuer to a public https URL with a published discovery document, and \
         make the pod anew",
    )
    .command("kubectl get --raw /.well-known/openid-configuration")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::aws::issuer;
    use crate::causes::testing;
    use crate::probe::evidence::Seen;

    #[test]
    fn an_issuer_that_sts_cannot_reach_is_the_fault_unless_sts_got_past_it() {
        for (issuer, public) in issuer::EXAMPLES {
            let mut evidence = testing::token(|token| token.issuer = Some((*issuer).to_owned()));
            assert_eq!(judge(&evidence), Outcome::Pass, "STS accepted the token of {issuer}");
            evidence.session = Seen::not_looked("");
            assert_eq!(matches!(judge(&evidence), Outcome::Pass), *public, "{issuer}");
        }
    }
}
