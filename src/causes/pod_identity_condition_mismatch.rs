use crate::causes::{Advice, Cause, Facts, Fix, Severity};

/// A condition on session tags or on the cluster fails.
pub(crate) static POD_IDENTITY_CONDITION_MISMATCH: Cause = Cause {
    code: "pod-identity-condition-mismatch",
    title: "a condition in the role's trust policy does not match this pod",
    compare: "Condition against this pod's tags",
    severity: Severity::Error,
    advice: Advice::Fix,
    // Source: EKS user guide, "EKS Pod Identity role" and "Grant Pods access to AWS resources based on tags".
    explanation: "\
The statement for pods.eks.amazonaws.com has conditions, and one of them does not match: \
aws:RequestTag/kubernetes-namespace, kubernetes-service-account, eks-cluster-name or eks-cluster-arn with another \
value, aws:SourceAccount with another account, or aws:SourceArn with another cluster. If the association has \
disableSessionTags, there are no tags, and no condition on them matches.

Compare the conditions with the pod's namespace, service account and cluster, and correct them.",
    says: &[],
    settles: false,
    hides_caller: false,
    judge: None,
    fix,
};

fn fix(facts: &Facts) -> Fix {
    facts.names().check_pod_identity_trust(Fix::new(
        "Correct the conditions of the statement for pods.eks.amazonaws.com so that they match this pod.",
    ))
}
