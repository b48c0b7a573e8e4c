use crate::causes::{Advice, Cause, Diagnosis, Facts, Fix, Outcome, Priority, Reading, Saying, Severity, any};
use crate::probe::evidence::Evidence;

/// A service account token that was not issued for STS.
pub(crate) static TOKEN_AUDIENCE_FOR_OTHER_USE: Cause = Cause {
    code: "token-audience-for-other-use",
    title: "the token was issued for something other than STS",
    compare: "the token's aud must be STS's",
    severity: Severity::Error,
    advice: Advice::RecreatePod,
    // Sources: pods sent through the webhook, tests/webhook; EKS user guide, "How EKS Pod Identity works"
    // (pods.eks.amazonaws.com).
    explanation: "\
Every token names its audience in the claim aud. STS accepts only tokens whose audience is a client ID of the IAM \
OIDC provider, which is sts.amazonaws.com on EKS. The token under /var/run/secrets/kubernetes.io/serviceaccount is \
for the API server, the EKS Pod Identity token is for its agent, and old secret-based tokens have no audience. STS \
answers such tokens with \"Missing a required claim: aud\" or \"Incorrect token audience\".

Point AWS_WEB_IDENTITY_TOKEN_FILE to the webhook's token, /var/run/secrets/eks.amazonaws.com/serviceaccount/token. It \
is best not to set the variable at all, because the webhook sets it. Then recreate the pod.",
    says: &[Saying::new(Priority::Aws, &[any(&["missing a required claim"])], |_| {
        let why = "the token has no aud claim, so it was not issued for STS";
        Reading::decided(&TOKEN_AUDIENCE_FOR_OTHER_USE, why)
    })],
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
    if !token.is_for_another_use() {
        return Outcome::Pass;
    }
    // Its answer names the cause.
    if evidence.has_profile_identity() {
        return Outcome::skip("STS decides about the audience of a profile's token");
    }
    let kind = if token.kubernetes.legacy {
        "It is a secret-based token without an audience, as Kubernetes created them before 1.24.".to_owned()
    } else if token.audience.is_empty() {
        "It has no audience.".to_owned()
    } else {
        format!("Its audience is {}.", token.audience.join(", "))
    };
    let path = evidence.token_file.seen().map_or("the configured path", |file| file.path.as_str());
    let place = if path.starts_with("/var/run/secrets/kubernetes.io/serviceaccount") {
        " This is the token for the Kubernetes API server."
    } else {
        ""
    };
    Diagnosis::new(format!("The token at {path} is not for STS. {kind}{place}"), fix(&Facts::of(evidence))).into()
}

fn fix(_: &Facts) -> Fix {
    Fix::new(
        "Remove AWS_WEB_IDENTITY_TOKEN_FILE from the manifest, so that the webhook sets it to the token with the \
         audience sts.amazonaws.com, then recreate the pod.",
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::causes::testing;

    #[test]
    fn only_audiences_that_cannot_be_for_sts_are_rejected() {
        for (audience, issuer, faulty) in [
            (&["sts.amazonaws.com"][..], "https://i", false),
            (&["my-own-client"], "https://i", false),
            (&["sts.amazonaws.com", "https://kubernetes.default.svc"], "https://i", false),
            (&["https://kubernetes.default.svc.cluster.local"], "https://i", true),
            (&["https://i"], "https://i", true),
            (&["pods.eks.amazonaws.com"], "https://i", true),
            (&[], "https://i", true),
        ] {
            let outcome = judge(&testing::token(|token| {
                token.audience = audience.iter().map(|name| (*name).to_owned()).collect();
                token.issuer = Some(issuer.to_owned());
            }));
            assert_eq!(matches!(outcome, Outcome::Fault(_)), faulty, "{audience:?}");
        }
    }
}
