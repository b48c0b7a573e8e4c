use crate::causes::{Advice, Cause, Diagnosis, Facts, Fix, Outcome, Priority, Reading, Saying, Severity, agent, with};
use crate::probe::evidence::{AgentReason, Evidence};

/// The agent's own limit.
pub(crate) static AGENT_RATE_LIMITED: Cause = Cause {
    code: "agent-rate-limited",
    title: "the EKS Pod Identity agent limits the requests on this node",
    compare: "who on this node asks the agent so often?",
    severity: Severity::Error,
    advice: Advice::Retry,
    // Source: aws/eks-pod-identity-agent, server.go.
    explanation: "\
The agent takes 1,000 requests per second from all pods of its node, and bursts of 500. Beyond that it answers 429 \
\"Too Many Requests\". A program on the node asks for credentials for each of its own requests instead of keeping \
them for hours.

Find that program and let it keep one client, or one credential provider, for its lifetime. The limit passes by \
itself.",
    says: &[Saying::new(Priority::Aws, &[with(&["too many requests"], &[agent::AGENT])], |_| {
        Reading::decided(&AGENT_RATE_LIMITED, "the agent limits the request rate")
    })],
    settles: false,
    hides_caller: false,
    judge: Some(judge),
    fix,
};

fn judge(evidence: &Evidence) -> Outcome {
    if let Some(outcome) = agent::is_not(AgentReason::RateLimited, evidence) {
        return outcome;
    }
    let fix = fix(&Facts::of(evidence));
    Diagnosis::new(agent::in_words(evidence), fix).into()
}

fn fix(_: &Facts) -> Fix {
    Fix::new(
        "Find the program on this node that requests credentials all the time, and let it keep its AWS client. Retrying \
         may help.",
    )
    .command(agent::SHOW_AGENT_PODS)
}
