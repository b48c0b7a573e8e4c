use crate::causes::{Advice, Cause, Severity};

/// The role trusts somebody, but not by web identity.
pub static TRUST_POLICY_LACKS_WEB_IDENTITY_STATEMENT: Cause = Cause {
    code: "trust-policy-lacks-web-identity-statement",
    title: "the trust policy has no statement for web identity",
    severity: Severity::Error,
    advice: Advice::Fix,
    explanation: "\
The role was made for something else: it trusts ec2.amazonaws.com (a node's role), pods.eks.amazonaws.com (Pod \
Identity), another account or another role; or it trusts the provider, but allows sts:AssumeRole instead of \
sts:AssumeRoleWithWebIdentity.

It also happens when a program takes the token straight to a role that was meant as second hop: such a role trusts \
the first one, not the cluster.

Add a statement as `irsa-probe trust-policy` prints it, or annotate the service account with the role that was \
meant.",
    judge: None,
};
