use crate::causes::{Advice, Cause, Severity};

/// The role's ARN is of an account that does not know the issuer.
pub static WRONG_ACCOUNT_IN_ROLE_ARN: Cause = Cause {
    code: "wrong-account-in-role-arn",
    title: "AWS_ROLE_ARN is in an account without a provider for this issuer",
    severity: Severity::Error,
    advice: Advice::Fix,
    explanation: "\
STS looks for the provider in the account that stands in AWS_ROLE_ARN, not in the cluster's. A mistyped account id, \
an ARN copied from another stage, or a role in a central account whose provider was never made there all give \"No \
OpenIDConnect provider found in your account\".

Compare the account in the ARN with the one where the provider is. For a role in another account than the cluster's, \
make the provider there too; one issuer can have a provider in any number of accounts.

If the annotation was wrong, correct it and recreate the pod.",
    judge: None,
};
