use crate::causes::{Advice, Cause, Facts, Fix, Names, Severity};

/// The role trusts a principal, but not through web identity.
pub(crate) static TRUST_POLICY_LACKS_WEB_IDENTITY_STATEMENT: Cause = Cause {
    code: "trust-policy-lacks-web-identity-statement",
    title: "the trust policy has no statement for web identity",
    compare: "the statements' Action",
    severity: Severity::Error,
    advice: Advice::Fix,
    explanation: "\
The role was created for something else. Either it trusts ec2.amazonaws.com (a node role), pods.eks.amazonaws.com \
(Pod Identity), another account or another role, or it trusts the provider but allows sts:AssumeRole instead of \
sts:AssumeRoleWithWebIdentity.

This also happens when a program uses the token directly for a role that was meant as the second hop: such a role \
trusts the first role, not the cluster.

Add the statement that `irsa-probe trust-policy` prints, or annotate the service account with the intended role.",
    says: &[],
    settles: false,
    hides_caller: false,
    judge: None,
    fix,
};

fn fix(facts: &Facts) -> Fix {
    let names = facts.names();
    let Names { provider_arn, .. } = &names;
    names.compare(Fix::new(format!(
        "Add a statement that allows sts:AssumeRoleWithWebIdentity to {provider_arn}. The second command prints the \
         update, which keeps the other statements."
    )))
}
