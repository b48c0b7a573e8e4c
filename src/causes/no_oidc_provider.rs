use crate::causes::{Advice, Cause, Severity};

/// The role's account has no provider for the issuer.
pub static NO_OIDC_PROVIDER: Cause = Cause {
    code: "no-oidc-provider",
    title: "no IAM provider was made for this issuer",
    severity: Severity::Error,
    advice: Advice::Fix,
    // Source: EKS user guide, "Create an IAM OIDC provider for your cluster" (eksctl utils associate-iam-oidc-
    // provider). A minute: IAM user guide, "Troubleshoot IAM: Changes that I make are not always immediately visible",
    // gives no number; public reports do.
    explanation: "\
IRSA needs, once per cluster and account, an IAM OpenID Connect provider with the cluster's issuer as URL and \
sts.amazonaws.com as client id. It was never made, was deleted, or has another URL: that of an earlier cluster of \
the same name, or the dual-stack one (oidc-eks.REGION.api.aws), which tokens do not carry unless your iss says so.

`aws iam list-open-id-connect-providers` in the role's account shows what is there. \
`eksctl utils associate-iam-oidc-provider --cluster NAME --approve` or `aws iam create-open-id-connect-provider` \
makes it.

A provider that was made within the last minute may only need time.",
    judge: None,
};
