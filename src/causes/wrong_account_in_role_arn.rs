use crate::causes::{Advice, Cause, Facts, Fix, Names, Severity};

/// The account in the role's ARN has no provider for the issuer.
pub(crate) static WRONG_ACCOUNT_IN_ROLE_ARN: Cause = Cause {
    code: "wrong-account-in-role-arn",
    title: "the account in AWS_ROLE_ARN has no OIDC provider for this issuer",
    compare: "the account must own a provider for iss",
    severity: Severity::Error,
    advice: Advice::Fix,
    explanation: "\
STS looks up the OIDC provider in the account of AWS_ROLE_ARN, not in the cluster's account. It answers \"No \
OpenIDConnect provider found in your account\" if the account ID is mistyped, if the ARN was copied from another \
stage, or if the role is in a central account where the provider was never created.

Compare the account in the ARN with the account that has the provider. For a role in another account than the \
cluster's, create the provider there too. One issuer can have a provider in any number of accounts.

If the annotation was wrong, correct it and recreate the pod.",
    says: &[],
    settles: false,
    hides_caller: false,
    judge: None,
    fix,
};

fn fix(facts: &Facts) -> Fix {
    let Names { account, service_account, namespace, .. } = facts.names();
    Fix::new(format!(
        "Check whether {account}, the account in AWS_ROLE_ARN, is the intended one. If not, correct the service \
         account's annotation and recreate the pod; if so, create the issuer's OIDC provider in that account too."
    ))
    .command(format!(
        "kubectl get serviceaccount {service_account} -n {namespace} -o 'custom-columns=NAME:.metadata.name,ROLE:.metadata.annotations.eks\\.amazonaws\\.com/role-arn'"
    ))
}
