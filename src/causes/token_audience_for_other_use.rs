use crate::causes::{Advice, Cause, Diagnosis, Fix, Outcome, Severity};
use crate::diagnosis::sts_errors;
use crate::probe::evidence::Evidence;

/// A service account token that was not made for STS.
pub static TOKEN_AUDIENCE_FOR_OTHER_USE: Cause = Cause {
        code: "token-audience-for-other-use",
        title: "the token was made for something else than STS",
        severity: Severity::Error,
        advice: Advice::RecreatePod,
        // Sources: pods sent through the webhook, tests/webhook; EKS user guide, "How EKS Pod Identity works"
        // (pods.eks.amazonaws.com).
        explanation: "\
Every token names in its claim aud whom it is for, and STS takes only tokens whose audience is a client id of the IAM \
provider, on EKS sts.amazonaws.com. The token under /var/run/secrets/kubernetes.io/serviceaccount is for the API \
server, the one of EKS Pod Identity is for its agent, and the secret-based tokens of old have no audience at all: STS \
answers \"Missing a required claim: aud\" or \"Incorrect token audience\".

Point AWS_WEB_IDENTITY_TOKEN_FILE to the webhook's token, /var/run/secrets/eks.amazonaws.com/serviceaccount/token, best \
by not setting it at all, and make the pod anew.",
    judge: Some(judge),
};

fn judge(evidence: &Evidence) -> Outcome {
    let Some(token) = evidence.token.seen() else { return Outcome::skip(evidence.why_no_token()) };
    if !token.is_for_another_use() {
        return sts_errors::pass_unless_said(&TOKEN_AUDIENCE_FOR_OTHER_USE, evidence);
    }
    let kind = if token.kubernetes.legacy {
        "It is a secret-based token as Kubernetes made them before 1.24, without audience.".to_owned()
    } else if token.audience.is_empty() {
        "It names no audience at all.".to_owned()
    } else {
        format!("Its audience is {}.", token.audience.join(", "))
    };
    let path = evidence.token_file.seen().map_or("the configured path", |file| file.path.as_str());
    let place = if path.starts_with("/var/run/secrets/kubernetes.io/serviceaccount") {
        " This is the token for the Kubernetes API server."
    } else {
        ""
    };
    let fix = Fix::new(
        "take AWS_WEB_IDENTITY_TOKEN_FILE out of the manifest, so that the webhook sets it to the token whose audience \
         is sts.amazonaws.com, then make the pod anew",
    );
    Diagnosis::new(format!("The token at {path} is not for STS. {kind}{place}"), fix).into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::causes::testing;

    #[test]
    fn only_audiences_that_can_never_be_meant_for_sts_are_refused() {
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
