use crate::causes::{
    Advice, Candidate, Cause, Diagnosis, EKS_AUTH_THROTTLED, Facts, Fix, Outcome, Priority, Reading, Saying, Severity,
    agent, with,
};
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
    says: &[
        Saying::new(Priority::Aws, &[with(&["too many requests"], &[agent::AGENT])], |_| {
            Reading::decided(&AGENT_RATE_LIMITED, "the agent limits the request rate")
        }),
        // An SDK that keeps the agent's words to itself.
        Saying::new(
            Priority::Vague(55),
            &[with(
                &[
                    "http 429",
                    "status 429",
                    "statuscode(429)",
                    "statuscode: 429",
                    "status code: 429",
                    "response 429",
                    "code 429",
                ],
                &[&["169.254.170.23", "fd00:ec2::23", "non-success status from http credential provider"]],
            )],
            |_| {
                Reading::ranked(vec![
                    Candidate::new(&AGENT_RATE_LIMITED, "if the agent itself answered"),
                    Candidate::new(&EKS_AUTH_THROTTLED, "if the agent passed on a ThrottlingException of EKS"),
                ])
            },
        ),
    ],
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
