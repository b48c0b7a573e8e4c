use crate::causes::{Advice, Cause, Facts, Fix, Names, Severity};

/// The role's account has no provider for the issuer.
pub(crate) static NO_OIDC_PROVIDER: Cause = Cause {
    code: "no-oidc-provider",
    title: "no IAM OIDC provider exists for this issuer",
    compare: "iss must be among the account's providers",
    severity: Severity::Error,
    advice: Advice::Fix,
    // Source: EKS user guide, "Create an IAM OIDC provider for your cluster" (eksctl utils associate-iam-oidc-
    // provider). A minute: IAM user guide, "Troubleshoot IAM: Changes that I make are not always immediately visible",
    // gives no number; public reports do.
    explanation: "\
The role's account has no IAM OIDC provider for the cluster's issuer. IRSA needs one per cluster and account, with \
the cluster's issuer as URL and sts.amazonaws.com as client ID. The provider was never created, was deleted, or has \
another URL. That URL may belong to an earlier cluster of the same name. It may also be the dual-stack URL \
(oidc-eks.REGION.api.aws), which is wrong unless it is the iss of your tokens.

`aws iam list-open-id-connect-providers` in the role's account lists the providers. `eksctl utils \
associate-iam-oidc-provider --cluster NAME --approve` or `aws iam create-open-id-connect-provider` creates one.

A provider that was created within the last minute may only need time.",
    says: &[],
    settles: true,
    hides_caller: false,
    judge: None,
    fix,
};

fn fix(facts: &Facts) -> Fix {
    let names = facts.names();
    let Names { issuer, account, audience, iam_region, .. } = &names;
    let fix = Fix::new(format!(
        "Create an IAM OIDC provider for the issuer in the role's account, {account}. If it was created within the last \
         minute, retry first."
    ));
    names.with_credentials(fix)
    .command(format!("aws iam list-open-id-connect-providers{iam_region} --output json"))
    .command(format!(
        "aws iam create-open-id-connect-provider{iam_region} --url {issuer} --client-id-list {audience} --output json"
    ))
}
