use crate::checks::Check;
use crate::finding::{Advice, Cause, Severity};
use crate::sts_errors;

/// STS finds no IAM provider for the token's issuer.
pub static CHECK: Check = Check {
    cause: Cause {
        code: "oidc-provider-not-found",
        title: "the role's account has no provider for this token's issuer",
        severity: Severity::Error,
        advice: Advice::Fix,
        explanation: "\
STS looks for an IAM OpenID Connect provider whose URL is the token's iss, and looks in the account of AWS_ROLE_ARN, \
which its words \"your account\" mean. It answers \"No OpenIDConnect provider found in your account for ISSUER\".

Usually the provider was never made, or belongs to another cluster (each has its own id), or was made in the \
cluster's account while the role is in another. The same words come from an STS endpoint in a region that the \
account has not switched on, and from another partition's STS.

Make the provider in the role's account, with the client id sts.amazonaws.com. A provider that was made within the \
last minute may only need time. The pod recovers by itself.",
    },
    judge: |evidence| sts_errors::judge(CHECK.cause.code, evidence),
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::assert_told;
    use crate::evidence::Operation::AssumeRoleWithWebIdentity;

    #[test]
    fn its_answers_are_told_by_no_other_check() {
        assert_told(
            &CHECK,
            AssumeRoleWithWebIdentity,
            &[
                "400 InvalidIdentityToken: No OpenIDConnect provider found in your account for https://oidc.eks.eu-west-1.amazonaws.com/id/EX",
            ],
        );
    }
}
