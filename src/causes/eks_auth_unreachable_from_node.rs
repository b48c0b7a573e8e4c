use crate::causes::{
    Advice, Cause, Diagnosis, Facts, Fix, Names, Outcome, Priority, Reading, Saying, Severity, agent, any, with,
};
use crate::probe::evidence::{AgentReason, Evidence};

/// The agent got no answer of eks-auth.
pub(crate) static EKS_AUTH_UNREACHABLE_FROM_NODE: Cause = Cause {
    code: "eks-auth-unreachable-from-node",
    title: "the agent cannot reach eks-auth from this node",
    compare: "VPC endpoint eks-auth, private DNS",
    severity: Severity::Error,
    advice: Advice::Retry,
    // Source: aws/eks-pod-identity-agent, service.go: dial 0.5 s, 1 s a try.
    explanation: "\
The agent runs, but its call to EKS (eks-auth.REGION.api.aws) gets no answer. The pod's own network does not matter \
here: the call is made from the node's network, through the proxy variables of the agent's pod.

In a private cluster, create the VPC endpoint com.amazonaws.REGION.eks-auth with private DNS. Without private DNS, \
name the endpoint in AWS_ENDPOINT_URL_EKS_AUTH on the agent. Elsewhere check the route to the internet, the node's \
security group (TCP 443), name resolution and the agent's proxy.

An overloaded network recovers by itself. The agent keeps credentials of running pods meanwhile.",
    says: &[
        // The agent's log.
        Saying::new(
            Priority::Aws,
            &[with(
                &[
                    "request send failed",
                    "no such host",
                    "i/o timeout",
                    "connection refused",
                    "connection reset",
                    "deadline exceeded",
                    "x509",
                ],
                &[&["https://eks-auth", "lookup eks-auth"]],
            )],
            |_| reading(),
        ),
        // What the agent passes on then.
        Saying::new(
            Priority::Aws,
            &[any(&["response 500 from container metadata: []", "(500) from ecs metadata: []"])],
            |_| reading(),
        ),
    ],
    settles: false,
    hides_caller: false,
    judge: Some(judge),
    fix,
};

fn reading() -> Reading {
    Reading::decided(&EKS_AUTH_UNREACHABLE_FROM_NODE, "the agent cannot reach EKS from this node")
}

fn judge(evidence: &Evidence) -> Outcome {
    if let Some(outcome) = agent::is_not(AgentReason::EksAuthUnreachable, evidence) {
        return outcome;
    }
    let fix = fix(&Facts::of(evidence));
    let cause = format!("{} This is how it reports a call to EKS that got no answer.", agent::in_words(evidence));
    Diagnosis::new(cause, fix).into()
}

fn fix(facts: &Facts) -> Fix {
    let names = facts.names();
    let Names { region, .. } = &names;
    Fix::new(format!(
        "Let the node reach eks-auth.{region}.api.aws, TCP port 443: through the internet, or in a private cluster through \
         the VPC endpoint com.amazonaws.{region}.eks-auth with private DNS.",
    ))
    .command("kubectl logs -n kube-system -l app.kubernetes.io/name=eks-pod-identity-agent --prefix --tail 20")
    .command(format!(
        "aws ec2 describe-vpc-endpoints --output json --filters Name=service-name,Values=com.amazonaws.{region}.eks-auth"
    ))
}
