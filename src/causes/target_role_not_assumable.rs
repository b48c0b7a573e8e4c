use crate::causes::{Advice, Cause, Facts, Fix, Severity};

/// The second step of an association with a target role fails.
pub(crate) static TARGET_ROLE_NOT_ASSUMABLE: Cause = Cause {
    code: "target-role-not-assumable",
    title: "the association's role cannot assume its target role",
    compare: "the target's trust policy and external ID",
    severity: Severity::Error,
    advice: Advice::Fix,
    // Source: EKS user guide, "Access AWS resources using EKS Pod Identity target IAM roles".
    explanation: "\
The association has a targetRoleArn. EKS assumes the association's role, and with it the target role, which may be \
in another account. The first role needs a permission for sts:AssumeRole and sts:TagSession on the target. The \
target's trust policy must allow the first role both actions, and if it has a condition on sts:ExternalId, that \
must be the association's externalId.

Correct the permission of the first role or the trust policy of the target.",
    says: &[],
    settles: false,
    hides_caller: false,
    judge: None,
    fix,
};

fn fix(facts: &Facts) -> Fix {
    facts.names().show_trust_policy(Fix::new("Allow the association's role sts:AssumeRole and sts:TagSession on the target role, and let the target trust it."))
}
