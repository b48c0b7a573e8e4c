use crate::causes::{Advice, Cause, Diagnosis, Facts, Fix, Outcome, Priority, Reading, Saying, Severity, agent, with};
use crate::probe::evidence::{AgentReason, Evidence};

/// The agent found no credentials of the node.
pub(crate) static NODE_CREDENTIALS_MISSING: Cause = Cause {
    code: "node-credentials-missing",
    title: "the node has no AWS credentials for the Pod Identity agent",
    compare: "the node's instance profile and IMDS",
    severity: Severity::Error,
    advice: Advice::Fix,
    // Source: aws/eks-pod-identity-agent: the SDK's default chain, which on a node is IMDS.
    explanation: "\
The agent signs its calls to EKS with the node role, which it gets from the instance metadata service (IMDS). It \
gets none: the instance has no instance profile, IMDS is turned off, or the agent cannot reach it.

Attach an instance profile with the node role, and leave IMDS enabled for the host network (a hop limit of 1 is \
enough). The pod then recovers without being recreated.",
    says: &[Saying::new(
        Priority::Aws,
        &[with(
            &["get identity", "no ec2 imds role found", "no ec2 instance role found", "ec2imds"],
            &[&["eks auth", "assumeroleforpodidentity"]],
        )],
        |_| Reading::decided(&NODE_CREDENTIALS_MISSING, "the agent finds no credentials of the node to sign with"),
    )],
    settles: false,
    hides_caller: false,
    judge: Some(judge),
    fix,
};

fn judge(evidence: &Evidence) -> Outcome {
    if let Some(outcome) = agent::is_not(AgentReason::NoNodeCredentials, evidence) {
        return outcome;
    }
    let fix = fix(&Facts::of(evidence));
    Diagnosis::new(agent::in_words(evidence), fix).into()
}

fn fix(_: &Facts) -> Fix {
    Fix::new("Give the node an instance profile with its role, and let the host network reach IMDS.").command(
        "aws ec2 describe-instances --output json --instance-ids INSTANCE --query \
         'Reservations[].Instances[].[IamInstanceProfile,MetadataOptions]'",
    )
}
