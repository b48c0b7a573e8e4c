use crate::causes::agent::Silence;
use crate::causes::{
    About, Advice, Candidate, Cause, Diagnosis, EKS_AUTH_UNREACHABLE_FROM_NODE, Facts, Fix, Outcome, Priority, Reading,
    Saying, Severity, agent, any, sts_endpoint_unreachable_timeout, with,
};
use crate::probe::evidence::Evidence;

/// Packets to the agent get no answer.
pub(crate) static AGENT_UNREACHABLE_TIMEOUT: Cause = Cause {
    code: "agent-unreachable-timeout",
    title: "connections to the EKS Pod Identity agent time out",
    compare: "NetworkPolicy egress to port 80",
    severity: Severity::Error,
    advice: Advice::Retry,
    // Sources: cilium/cilium issue 34387; aws/amazon-vpc-cni-k8s issue 2797.
    explanation: "\
The probe cannot connect to the agent on the node, or the agent accepts the connection and does not answer. SDKs \
wait a few seconds, retry, and then fail.

Something drops the packets to 169.254.170.23 port 80. A NetworkPolicy with egress rules must allow that address \
and port. For Cilium, the agent is the entity host, and an ipBlock does not match it (toEntities: [host]). With \
security groups for pods in strict mode, traffic to the node does not pass; standard mode and the node's security \
group allow it. On a node where the agent was never installed, the address may lead nowhere.

If the agent accepts connections without an answer, it may wait for eks-auth: read its log.",
    says: &[
        Saying::new(Priority::Network(92), &[any(sts_endpoint_unreachable_timeout::TIMED_OUT)], |_| {
            let why = "the agent's address does not answer in time";
            Reading::decided(&AGENT_UNREACHABLE_TIMEOUT, why)
        })
        .about(About::Agent),
        // The agent's log, of a client that hung up.
        Saying::new(Priority::Aws, &[with(&["context canceled"], &[agent::EKS_AUTH])], |_| {
            Reading::ranked(vec![
                Candidate::new(
                    &AGENT_UNREACHABLE_TIMEOUT,
                    "the client hung up before the agent answered: allow it 5 seconds",
                ),
                Candidate::new(&EKS_AUTH_UNREACHABLE_FROM_NODE, "if the agent waits for EKS: read the rest of its log"),
            ])
        }),
    ],
    settles: false,
    hides_caller: false,
    judge: Some(judge),
    fix,
};

fn judge(evidence: &Evidence) -> Outcome {
    if let Some(outcome) = agent::is_not_silent(Silence::TimedOut, evidence) {
        return outcome;
    }
    let fix = fix(&Facts::of(evidence));
    Diagnosis::new(agent::in_words(evidence), fix).into()
}

fn fix(facts: &Facts) -> Fix {
    let names = facts.names();
    Fix::new(
        "Allow egress from this pod to the agent's address, TCP port 80 (for Cilium: toEntities: [host]), and check that \
         the agent's pod on this node is ready.",
    )
    .command(format!("kubectl get networkpolicies -n {}", names.namespace))
    .command(agent::SHOW_AGENT_PODS)
}
