use crate::causes::{Advice, Cause, Facts, Fix, Severity, webhook};

/// The pod was created before its association.
pub(crate) static POD_PREDATES_ASSOCIATION: Cause = Cause {
    code: "pod-predates-association",
    title: "the pod was created before its Pod Identity association",
    compare: "createdAt with the pod's creation time",
    severity: Severity::Error,
    advice: Advice::RecreatePod,
    // Sources: EKS user guide, "Assign an IAM role to a Kubernetes service account"; aws/amazon-eks-pod-identity-webhook
    // issue 210.
    explanation: "\
EKS adds the variables and the token of EKS Pod Identity only when a pod is created, and only if the association \
already exists then. A pod that is older than its association has neither. If its service account also has the \
annotation of IRSA, the pod has the variables of IRSA instead.

Compare the association's createdAt with the pod's creationTimestamp. Then recreate the pod.",
    says: &[],
    settles: false,
    hides_caller: false,
    judge: None,
    fix,
};

fn fix(facts: &Facts) -> Fix {
    let names = facts.names();
    Fix::new(format!(
        "Recreate the pod: an association applies only to pods that are created after it. {}",
        webhook::OWNER
    ))
    .command(names.show_creation_time())
    .command(names.describe_association())
}
