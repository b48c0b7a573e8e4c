use crate::causes::{
    Advice, Cause, Diagnosis, Facts, Fix, Outcome, Priority, Reading, Saying, Severity, agent, any, with,
};
use crate::probe::evidence::{AgentReason, Evidence};

/// eks-auth failed by itself.
pub(crate) static EKS_AUTH_SERVER_ERROR: Cause = Cause {
    code: "eks-auth-server-error",
    title: "EKS failed to answer AssumeRoleForPodIdentity",
    compare: "the AWS Health Dashboard for EKS",
    severity: Severity::Error,
    advice: Advice::Retry,
    // Source: EKS API reference, AssumeRoleForPodIdentity, errors 500 and 503.
    explanation: "\
The agent reached EKS (eks-auth), which answered with a server error. Nothing in the pod or the account causes \
this.

Retry. If it stays, read the AWS Health Dashboard for Amazon EKS in the region. The agent keeps credentials of \
running pods meanwhile.",
    says: &[Saying::new(
        Priority::Aws,
        &[
            any(&["]: (internalserverexception):", "]: (serviceunavailableexception):"]),
            with(&["internalserverexception", "serviceunavailableexception"], &[agent::EKS_AUTH]),
        ],
        |_| Reading::decided(&EKS_AUTH_SERVER_ERROR, "EKS failed to answer the agent"),
    )],
    settles: false,
    hides_caller: false,
    judge: Some(judge),
    fix,
};

fn judge(evidence: &Evidence) -> Outcome {
    if let Some(outcome) = agent::is_not(AgentReason::ServerError, evidence) {
        return outcome;
    }
    let fix = fix(&Facts::of(evidence));
    Diagnosis::new(agent::in_words(evidence), fix).into()
}

fn fix(_: &Facts) -> Fix {
    Fix::new("Retry. If it stays, read the AWS Health Dashboard for Amazon EKS.")
}
