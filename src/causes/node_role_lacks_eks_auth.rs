use crate::causes::{Advice, Cause, Diagnosis, Facts, Fix, Outcome, Priority, Reading, Saying, Severity, agent, any};
use crate::probe::evidence::{AgentReason, Evidence};

/// The node role lacks the agent's one permission.
pub(crate) static NODE_ROLE_LACKS_EKS_AUTH: Cause = Cause {
    code: "node-role-lacks-eks-auth",
    title: "the node role may not call eks-auth:AssumeRoleForPodIdentity",
    compare: "the policies of the node role",
    severity: Severity::Error,
    advice: Advice::Fix,
    // Source: EKS user guide, "Set up the Amazon EKS Pod Identity Agent".
    explanation: "\
The agent calls EKS as the node role. That role needs eks-auth:AssumeRoleForPodIdentity, which \
AmazonEKSWorkerNodePolicy and AmazonEKSWorkerNodeMinimalPolicy contain. A role with a policy of your own, or a \
service control policy, may lack it or deny it.

Attach one of these policies to the node role, or add the action to your own. The pod then recovers without being \
recreated.",
    says: &[Saying::new(
        Priority::Aws,
        &[any(&["not authorized to perform: eks-auth:assumeroleforpodidentity"])],
        |_| Reading::decided(&NODE_ROLE_LACKS_EKS_AUTH, "the node role lacks eks-auth:AssumeRoleForPodIdentity"),
    )],
    settles: false,
    hides_caller: false,
    judge: Some(judge),
    fix,
};

fn judge(evidence: &Evidence) -> Outcome {
    if let Some(outcome) = agent::is_not(AgentReason::NodeRoleDenied, evidence) {
        return outcome;
    }
    let fix = fix(&Facts::of(evidence));
    Diagnosis::new(agent::in_words(evidence), fix).into()
}

fn fix(facts: &Facts) -> Fix {
    let names = facts.names();
    let fix = Fix::new("Allow eks-auth:AssumeRoleForPodIdentity in the node role: attach AmazonEKSWorkerNodePolicy.");
    names
        .with_credentials(fix)
        .command(format!("aws iam list-attached-role-policies{} --role-name NODE_ROLE --output json", names.iam_region))
}
