use crate::aws::pod_identity::AUDIENCE;
use crate::causes::{
    Advice, Cause, Diagnosis, Facts, Fix, Outcome, Priority, Reading, Saying, Severity, agent, any, with,
};
use crate::probe::evidence::{AgentReason, Evidence};

/// eks-auth refuses the token, or the request with it.
pub(crate) static EKS_AUTH_TOKEN_REFUSED: Cause = Cause {
    code: "eks-auth-token-refused",
    title: "EKS does not accept the pod's token",
    compare: "iss must be the issuer of this cluster",
    severity: Severity::Error,
    advice: Advice::RecreatePod,
    // Source: EKS API reference, AssumeRoleForPodIdentity, InvalidTokenException.
    explanation: "\
EKS verifies the token that the agent passes on: signature, issuer, audience, and that it is bound to a pod of this \
cluster. It refused this one, although the file holds a token for EKS Pod Identity. The token is of another cluster \
(a node or a file that moved between clusters), it was written by hand, it is not bound to a pod, or the pod was \
deleted.

Let the webhook mount the token, then recreate the pod.",
    says: &[Saying::new(
        Priority::Aws,
        &[
            any(&["]: (invalidtokenexception):", "]: (invalidrequestexception):", "]: (invalidparameterexception):"]),
            with(&["invalidtokenexception"], &[agent::EKS_AUTH]),
        ],
        |_| Reading::decided(&EKS_AUTH_TOKEN_REFUSED, "EKS does not accept the token that the agent passed on"),
    )],
    settles: false,
    hides_caller: false,
    judge: Some(judge),
    fix,
};

fn judge(evidence: &Evidence) -> Outcome {
    if let Some(outcome) = agent::is_not(AgentReason::TokenRefused, evidence) {
        return outcome;
    }
    if evidence.token.seen().is_some_and(|token| !token.audience.iter().any(|audience| audience == AUDIENCE)) {
        return Outcome::skip("the token is for something else");
    }
    let fix = fix(&Facts::of(evidence));
    Diagnosis::new(agent::in_words(evidence), fix).into()
}

fn fix(facts: &Facts) -> Fix {
    let region_option = facts.names().region_option;
    Fix::new(
        "Compare the token's issuer with the cluster's. If they are the same, recreate the pod so that it gets another \
         token.",
    )
    .command(format!(
        "aws eks describe-cluster{region_option} --output json --name CLUSTER --query cluster.identity.oidc.issuer"
    ))
}
