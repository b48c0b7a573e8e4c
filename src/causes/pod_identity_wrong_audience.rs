use crate::aws::pod_identity::AUDIENCE;
use crate::causes::{Advice, Cause, Diagnosis, Facts, Fix, Outcome, Severity, webhook};
use crate::probe::evidence::Evidence;

/// The token has another audience than `pods.eks.amazonaws.com`.
pub(crate) static POD_IDENTITY_WRONG_AUDIENCE: Cause = Cause {
    code: "pod-identity-wrong-audience",
    title: "the Pod Identity token is not for EKS Pod Identity",
    compare: "aud must be pods.eks.amazonaws.com",
    severity: Severity::Error,
    advice: Advice::RecreatePod,
    // Source: EKS user guide, "How EKS Pod Identity works".
    explanation: "\
EKS accepts only tokens whose audience (aud) is pods.eks.amazonaws.com. The file in \
AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE holds a token for something else: usually the variable was set by hand and \
names the token of IRSA or of the Kubernetes API.

The agent does not check the audience. eks-auth refuses the token.

Remove the variable from the manifest, then recreate the pod, so that the webhook mounts the token.",
    says: &[],
    settles: false,
    hides_caller: false,
    judge: Some(judge),
    fix,
};

fn judge(evidence: &Evidence) -> Outcome {
    if let Some(why) = evidence.why_not_pod_identity() {
        return Outcome::skip(why);
    }
    let Some(token) = evidence.token.seen() else { return Outcome::skip(evidence.why_no_token()) };
    if token.audience.iter().any(|audience| audience == AUDIENCE) {
        return Outcome::Pass;
    }
    let audience = match token.audience.is_empty() {
        true => "It has no audience".to_owned(),
        false => format!("Its audience is {}", token.audience.join(", ")),
    };
    let path = evidence.token_file.seen().map_or("the configured path", |file| file.path.as_str());
    let fix = fix(&Facts::of(evidence));
    Diagnosis::new(format!("The token at {path} is not for EKS Pod Identity. {audience}, not {AUDIENCE}."), fix).into()
}

fn fix(_: &Facts) -> Fix {
    Fix::new(format!(
        "Remove AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE and AWS_CONTAINER_CREDENTIALS_FULL_URI from the container's env so \
         that the webhook sets them and mounts the token, then recreate the pod; {}.",
        webhook::RECREATE
    ))
}
