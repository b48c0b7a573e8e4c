use crate::causes::{Advice, Cause, Severity};

/// Session tags and policies do not fit.
pub static PACKED_POLICY_TOO_LARGE: Cause = Cause {
    code: "packed-policy-too-large",
    title: "session tags and policies of the second call are too large",
    severity: Severity::Error,
    advice: Advice::Fix,
    // Source: EKS user guide, "Grant Pods access to AWS resources based on tags": eks-cluster-arn, eks-cluster-name,
    // kubernetes-namespace, kubernetes-service-account, kubernetes-pod-name and kubernetes-pod-uid, all transitive.
    explanation: "\
A further sts:AssumeRole passes session tags and session policies that AWS packs into a limited space; \"Packed size \
of session tags consumes 112% of allotted space\". Pod Identity adds six tags of its own that are passed on to the \
next session, so a call that used to fit does not any more.

IRSA is not at fault. Pass fewer or shorter tags and a smaller policy.",
    judge: None,
};
