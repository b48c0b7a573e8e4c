use crate::causes::agent::Silence;
use crate::causes::{Advice, Cause, Diagnosis, Facts, Fix, Outcome, Priority, Reading, Saying, Severity, agent, with};
use crate::probe::evidence::{AgentFault, AgentReason, Evidence, Seen};

/// The answer does not have the agent's form.
pub(crate) static AGENT_ADDRESS_TAKEN: Cause = Cause {
    code: "agent-address-taken",
    title: "something other than the Pod Identity agent answers at its address",
    compare: "what redirects port 80 in this pod?",
    severity: Severity::Error,
    advice: Advice::Fix,
    // Source: aws/eks-pod-identity-agent: 200 with JSON, or an error as plain text.
    explanation: "\
The agent answers with credentials as JSON, or with an error as plain text that names the reason. This answer is \
neither: another program, a proxy or a service mesh answers at the agent's address.

A node-local cache or another credential agent may be bound to the address, or a sidecar proxy redirects the pod's \
traffic on port 80. Exclude 169.254.170.23 and [fd00:ec2::23] from the redirection (for Istio: the annotation \
traffic.sidecar.istio.io/excludeOutboundIPRanges).",
    says: &[Saying::new(Priority::Aws, &[with(&["bind: address already in use"], &[agent::AGENT])], |_| {
        Reading::decided(&AGENT_ADDRESS_TAKEN, "something else listens at the agent's address")
    })],
    settles: false,
    hides_caller: false,
    judge: Some(judge),
    fix,
};

fn judge(evidence: &Evidence) -> Outcome {
    let is_other = match &evidence.agent {
        Seen::Failed(AgentFault::NotTheAgent { .. }) => true,
        Seen::Failed(AgentFault::Refused(error)) => error.reason() == AgentReason::Unknown,
        Seen::Failed(AgentFault::NoAnswer(_)) | Seen::Seen(()) | Seen::NotChecked(_) => false,
    };
    if let Some(outcome) = agent::is_not_silent(Silence::NotHttp, evidence).filter(|_| !is_other) {
        return outcome;
    }
    let fix = fix(&Facts::of(evidence));
    Diagnosis::new(agent::in_words(evidence), fix).into()
}

fn fix(facts: &Facts) -> Fix {
    let names = facts.names();
    Fix::new(
        "Find out what answers at the agent's address. If a service mesh redirects the traffic, exclude 169.254.170.23/32 \
         and fd00:ec2::23/128 from it.",
    )
    .command(format!("kubectl get pod {} -o jsonpath='{{.metadata.annotations}}'", names.pod))
    .command(agent::SHOW_AGENT_PODS)
}
