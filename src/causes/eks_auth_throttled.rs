use crate::causes::{
    AGENT_RATE_LIMITED, Advice, Cause, Diagnosis, Facts, Fix, Outcome, Priority, Reading, Saying, Severity, agent, any,
    with,
};
use crate::probe::evidence::{AgentReason, Evidence};

/// eks-auth limits the rate of calls.
pub(crate) static EKS_AUTH_THROTTLED: Cause = Cause {
    code: "eks-auth-throttled",
    title: "EKS throttles AssumeRoleForPodIdentity",
    compare: "the account's EKS call rate in CloudTrail",
    severity: Severity::Error,
    advice: Advice::Retry,
    // Source: aws/eks-pod-identity-agent issue 171.
    explanation: "\
The agents of all nodes call AssumeRoleForPodIdentity of EKS, and the account's rate is limited. Common reasons are \
mass rollouts and many pods that fail and retry at once. Agents before 0.2 also renew the credentials of pods that \
no longer exist.

Wait; throttling passes. Start fewer pods at once, and update the add-on eks-pod-identity-agent.",
    says: &[Saying::new(
        Priority::Aws,
        &[any(&["]: (throttlingexception):"]), with(&["throttlingexception"], &[agent::EKS_AUTH])],
        |_| Reading::decided(&EKS_AUTH_THROTTLED, "EKS limits the rate of AssumeRoleForPodIdentity"),
    )
    .instead_of(&AGENT_RATE_LIMITED)],
    settles: false,
    hides_caller: false,
    judge: Some(judge),
    fix,
};

fn judge(evidence: &Evidence) -> Outcome {
    if let Some(outcome) = agent::is_not(AgentReason::Throttled, evidence) {
        return outcome;
    }
    let fix = fix(&Facts::of(evidence));
    Diagnosis::new(agent::in_words(evidence), fix).into()
}

fn fix(facts: &Facts) -> Fix {
    Fix::new("Wait and retry. Start fewer pods at once, and update the add-on eks-pod-identity-agent.")
        .command(facts.names().describe_agent())
}
