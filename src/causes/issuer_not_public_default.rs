use crate::aws::issuer::why_unreachable;
use crate::causes::{Advice, Cause, Diagnosis, Facts, Fix, Outcome, Severity};
use crate::probe::evidence::Evidence;

/// The issuer is not a URL that STS can reach.
pub(crate) static ISSUER_NOT_PUBLIC_DEFAULT: Cause = Cause {
    code: "issuer-not-public-default",
    title: "the token's issuer is not a public https URL",
    compare: "iss must be the cluster's public issuer",
    severity: Severity::Error,
    advice: Advice::RecreatePod,
    // Sources: IAM user guide, "Create an OpenID Connect (OIDC) identity provider in IAM"; API reference of
    // UpdateOpenIDConnectProviderThumbprint (thumbprints decide only where the certificate is not signed by a CA of
    // AWS's store).
    explanation: "\
STS fetches the keys of a token's issuer over the public internet, so the issuer must be an https URL with a public \
name. A certificate of a private CA works if its thumbprint is in the IAM provider. A cluster that was not configured \
for IRSA issues tokens with the issuer https://kubernetes.default.svc.cluster.local. STS then answers \"No \
OpenIDConnect provider found\" or \"Couldn't retrieve verification key\".

On EKS, the issuer is always public. On a self-managed cluster, set the API server's --service-account-issuer to the \
public URL where you publish the discovery document and the JWKS. Register that URL as an IAM provider, then recreate \
the pods.",
    says: &[],
    settles: false,
    hides_caller: false,
    judge: Some(judge),
    fix,
};

fn judge(evidence: &Evidence) -> Outcome {
    if let Some(why) = evidence.why_not_irsa() {
        return Outcome::skip(why);
    }
    let Some(token) = evidence.token.seen() else { return Outcome::skip(evidence.why_no_token()) };
    if token.is_for_another_use() {
        return Outcome::skip("the token is not for STS");
    }
    let Some(issuer) = &token.issuer else {
        return Diagnosis::new("The token has no issuer (iss).", fix(&Facts::of(evidence))).into();
    };
    match why_unreachable(issuer) {
        None => Outcome::Pass,
        // A substitute for STS may reach the issuer. If it issued a session, the issuer is not the fault.
        Some(_) if evidence.session.seen().is_some() => Outcome::Pass,
        // STS evaluates the role only after it has verified the token.
        Some(_) if evidence.sts_error().is_some_and(|error| error.code == "AccessDenied") => Outcome::Pass,
        Some(why) => {
            Diagnosis::new(format!("The token's issuer is not usable for STS: {why}."), fix(&Facts::of(evidence)))
                .into()
        }
    }
}

fn fix(_: &Facts) -> Fix {
    Fix::new(
        "Set the API server's --service-account-issuer to a public https URL with a published discovery document, then \
         recreate the pod.",
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
    fn an_issuer_that_sts_cannot_reach_is_the_fault_unless_sts_accepted_the_token() {
        for (issuer, public) in issuer::EXAMPLES {
            let mut evidence = testing::token(|token| token.issuer = Some((*issuer).to_owned()));
            assert_eq!(judge(&evidence), Outcome::Pass, "STS accepted the token of {issuer}");
            evidence.session = Seen::not_checked("");
            assert_eq!(matches!(judge(&evidence), Outcome::Pass), *public, "{issuer}");
        }
    }
}
