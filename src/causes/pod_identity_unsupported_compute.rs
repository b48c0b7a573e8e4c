use crate::causes::{Advice, Cause, Facts, Fix, Names, Severity};

/// The pod runs where EKS Pod Identity does not.
pub(crate) static POD_IDENTITY_UNSUPPORTED_COMPUTE: Cause = Cause {
    code: "pod-identity-unsupported-compute",
    title: "EKS Pod Identity does not support this pod's compute",
    compare: "the pod must run on Linux EC2",
    severity: Severity::Error,
    advice: Advice::RecreatePod,
    // Source: EKS user guide, "Learn how EKS Pod Identity grants pods access to AWS services", considerations.
    explanation: "\
EKS Pod Identity works only for pods on Linux nodes in EC2, Auto Mode included: the agent runs on each of these nodes. \
Pods on Fargate and on Windows nodes have no agent that they could ask.

Use IRSA for this pod: annotate its service account with the role, let the role trust the cluster's OIDC provider, and \
delete the association. Or run the pod on Linux nodes in EC2. Then recreate the pod.",
    says: &[],
    settles: false,
    hides_caller: false,
    judge: None,
    fix,
};

fn fix(facts: &Facts) -> Fix {
    let Names { pod, .. } = facts.names();
    Fix::new("Use IRSA for this pod, or run it on Linux nodes in EC2, then recreate it.")
        .command(format!("kubectl get pod {pod} -o jsonpath='{{.spec.nodeName}}'"))
}
