use crate::causes::{Advice, Cause, Facts, Fix, Priority, Reading, Saying, Severity, any};

/// The session tags and policies exceed the limit.
pub(crate) static PACKED_POLICY_TOO_LARGE: Cause = Cause {
    code: "packed-policy-too-large",
    title: "the session tags and policies of the second call are too large",
    compare: "tags and policies of the second call",
    severity: Severity::Error,
    advice: Advice::Fix,
    // Source: EKS user guide, "Grant Pods access to AWS resources based on tags": eks-cluster-arn, eks-cluster-name,
    // kubernetes-namespace, kubernetes-service-account, kubernetes-pod-name and kubernetes-pod-uid, all transitive.
    explanation: "\
A further sts:AssumeRole call passes more session tags and session policies than AWS allows. AWS packs them into a \
limited space and answers, for example, \"Packed size of session tags consumes 112% of allotted space\". Pod Identity \
adds six tags of its own, which are passed on to the next session. A call that was within the limit before may then \
exceed it.

IRSA is not the cause. Pass fewer or shorter tags and a smaller policy.",
    says: &[Saying::new(
        Priority::Aws,
        &[any(&[
            "packedpolicytoolarge",
            "packedpolicytoolargeexception",
            "packed size of session tags",
            "total packed size",
        ])],
        |_| {
            let why = "session tags and session policies together exceed the size limit";
            Reading::decided(&PACKED_POLICY_TOO_LARGE, why)
        },
    )],
    settles: false,
    hides_caller: false,
    judge: None,
    fix,
};

fn fix(_: &Facts) -> Fix {
    Fix::new("Pass fewer or shorter session tags and a smaller session policy to the second sts:AssumeRole.")
}
