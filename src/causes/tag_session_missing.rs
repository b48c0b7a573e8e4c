use crate::causes::{Advice, Cause, Facts, Fix, Severity};

/// The trust policy allows only one of the two actions.
pub(crate) static TAG_SESSION_MISSING: Cause = Cause {
    code: "tag-session-missing",
    title: "the role's trust policy lacks sts:TagSession for EKS",
    compare: "Action must include sts:TagSession",
    severity: Severity::Error,
    advice: Advice::Fix,
    // Source: EKS user guide, "EKS Pod Identity role".
    explanation: "\
EKS Pod Identity sets six session tags, such as kubernetes-namespace. The trust policy must therefore allow \
pods.eks.amazonaws.com both sts:AssumeRole and sts:TagSession. With sts:AssumeRole alone, EKS may not assume the \
role.

Add sts:TagSession to the statement's actions, or set disableSessionTags in the association.",
    says: &[],
    settles: false,
    hides_caller: false,
    judge: None,
    fix,
};

fn fix(facts: &Facts) -> Fix {
    facts.names().check_pod_identity_trust(Fix::new(
        "Add sts:TagSession to the actions of the statement for pods.eks.amazonaws.com.",
    ))
}
