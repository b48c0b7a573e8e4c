use crate::causes::{Advice, Cause, Facts, Fix, Severity, webhook};

/// The association is older than the pod, and the pod has no variables of it.
pub(crate) static POD_IDENTITY_INJECTION_MISSED: Cause = Cause {
    code: "pod-identity-injection-missed",
    title: "EKS did not inject Pod Identity when the pod was created",
    compare: "createdAt is older than the pod",
    severity: Severity::Error,
    advice: Advice::RecreatePod,
    // Sources: aws/amazon-eks-pod-identity-webhook issue 264, aws/containers-roadmap issue 2507,
    // aws/eks-pod-identity-agent issue 153.
    explanation: "\
The association existed when the pod was created, but the pod has neither the variables nor the token of EKS Pod \
Identity. The webhook of the control plane learns of a new association a few seconds late, and pods pass unchanged if \
the webhook is not available. If the service account also has the annotation of IRSA, such a pod has the variables of \
IRSA.

A pod is mutated only when it is created. Recreate it, then check that AWS_CONTAINER_CREDENTIALS_FULL_URI is in its \
specification.",
    says: &[],
    settles: false,
    hides_caller: false,
    judge: None,
    fix,
};

fn fix(facts: &Facts) -> Fix {
    let names = facts.names();
    Fix::new(format!("Recreate the pod, then check that it has AWS_CONTAINER_CREDENTIALS_FULL_URI. {}", webhook::OWNER))
        .command(names.show_creation_time())
        .command(names.describe_association())
}
