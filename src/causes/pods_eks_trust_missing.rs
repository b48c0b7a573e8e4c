use crate::causes::{Advice, Cause, Facts, Fix, Priority, Reading, Saying, Severity, any};

/// The role's trust policy does not name EKS Pod Identity.
pub(crate) static PODS_EKS_TRUST_MISSING: Cause = Cause {
    code: "pods-eks-trust-missing",
    title: "the role does not trust pods.eks.amazonaws.com",
    compare: "Principal must be pods.eks.amazonaws.com",
    severity: Severity::Error,
    advice: Advice::Fix,
    // Source: EKS user guide, "EKS Pod Identity role".
    explanation: "\
No statement of the role's trust policy allows the service principal pods.eks.amazonaws.com. Often the policy is \
still that of IRSA, which names an OIDC provider. EKS checks the policy when the association is created, so it was \
changed since.

Add a statement with Principal {\"Service\": \"pods.eks.amazonaws.com\"} and the actions sts:AssumeRole and \
sts:TagSession. The statement for IRSA may stay beside it.",
    // What EKS says when the association is made.
    says: &[Saying::new(Priority::Aws, &[any(&["trust policy of the role provided is invalid"])], |_| {
        let why = "EKS refuses an association whose role does not trust pods.eks.amazonaws.com";
        Reading::decided(&PODS_EKS_TRUST_MISSING, why)
    })],
    settles: false,
    hides_caller: false,
    judge: None,
    fix,
};

fn fix(facts: &Facts) -> Fix {
    facts.names().check_pod_identity_trust(Fix::new(
        "Add a statement to the trust policy that allows pods.eks.amazonaws.com sts:AssumeRole and sts:TagSession.",
    ))
}
