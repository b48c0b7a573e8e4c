use crate::causes::agent::Silence;
use crate::causes::{
    About, Advice, Cause, Diagnosis, Facts, Fix, Outcome, Priority, Reading, Saying, Severity, agent, any,
    sts_endpoint_unreachable_timeout, with,
};
use crate::probe::evidence::Evidence;

/// Nothing serves the agent's address.
pub(crate) static AGENT_NOT_RUNNING: Cause = Cause {
    code: "agent-not-running",
    title: "the EKS Pod Identity agent is not running on this node",
    compare: "the agent's pod on this node must be ready",
    severity: Severity::Error,
    advice: Advice::Retry,
    // Source: aws/eks-pod-identity-agent: a DaemonSet in the host network, link pod-id-link0, port 80.
    explanation: "\
The agent is a DaemonSet (add-on eks-pod-identity-agent) that listens at 169.254.170.23 and [fd00:ec2::23], port \
80, on every node. Nothing accepts connections there: the add-on is not installed, its pod on this node is \
starting, crashing or was evicted, or the node is of a kind without it (Fargate and Windows are not supported).

If IPv6 is turned off on the node, the agent ends with \"bind: cannot assign requested address\". Start it with -b \
169.254.170.23 there.

On a new node, the agent may start after the first pods. A retry then helps. EKS Auto Mode has the agent built in.",
    says: &[
        Saying::new(Priority::Network(94), &[any(sts_endpoint_unreachable_timeout::REFUSED)], |_| reading())
            .about(About::Agent),
        Saying::new(
            Priority::Network(96),
            &[any(&[
                "could not connect to the endpoint url",
                "failed to connect to",
                "connect error",
                "no route to host",
            ])],
            |_| reading(),
        )
        .about(About::Agent),
        // The agent's own log.
        Saying::new(Priority::Aws, &[with(&["bind: cannot assign requested address"], &[agent::AGENT])], |_| {
            Reading::decided(&AGENT_NOT_RUNNING, "the agent cannot bind its address, so it ends")
        }),
    ],
    settles: false,
    hides_caller: false,
    judge: Some(judge),
    fix,
};

fn reading() -> Reading {
    Reading::decided(&AGENT_NOT_RUNNING, "nothing accepts connections at the agent's address")
}

fn judge(evidence: &Evidence) -> Outcome {
    if let Some(outcome) = agent::is_not_silent(Silence::Closed, evidence) {
        return outcome;
    }
    let fix = fix(&Facts::of(evidence));
    Diagnosis::new(agent::in_words(evidence), fix).into()
}

fn fix(facts: &Facts) -> Fix {
    Fix::new(
        "Check that the add-on eks-pod-identity-agent is installed and that its pod on this node is ready. If it starts \
         now, retrying helps.",
    )
    .command(agent::SHOW_AGENT_PODS)
    .command(facts.names().describe_agent())
}
