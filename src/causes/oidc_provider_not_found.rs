use crate::causes::{Advice, Cause, Severity};
use crate::diagnosis::sts_errors;

/// STS finds no IAM provider for the token's issuer.
pub static OIDC_PROVIDER_NOT_FOUND: Cause = Cause {
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
    judge: Some(|evidence| sts_errors::judge(&OIDC_PROVIDER_NOT_FOUND, evidence)),
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::causes::Outcome;
    use crate::causes::testing::{answered, assert_told, judge};
    use crate::probe::evidence::{Imds, Operation::AssumeRoleWithWebIdentity, Seen};

    #[test]
    fn its_answers_are_told_by_no_other_check() {
        assert_told(
            &OIDC_PROVIDER_NOT_FOUND,
            AssumeRoleWithWebIdentity,
            &[
                "400 InvalidIdentityToken: No OpenIDConnect provider found in your account for https://oidc.eks.eu-west-1.amazonaws.com/id/EX",
            ],
        );
    }

    #[test]
    fn the_nodes_account_tells_a_role_of_another_account_and_no_more() {
        let text = "No OpenIDConnect provider found in your account for https://oidc.eks.eu-west-1.amazonaws.com/id/EX";
        for (account, first, words) in [
            (None, "no-oidc-provider", "is it the one where the provider was made?"),
            (Some("111122223333"), "no-oidc-provider", "which is this node's too"),
            (Some("444455556666"), "wrong-account-in-role-arn", "this node is in 444455556666: either"),
        ] {
            let mut evidence = answered(AssumeRoleWithWebIdentity, 400, "InvalidIdentityToken", text);
            if let Some(account) = account {
                let account = Some(account.to_owned());
                evidence.imds =
                    Seen::Seen(Imds { role: None, account, region: None, instance: None, version_1: false });
            }
            let Outcome::Fault(diagnosis) = judge(&OIDC_PROVIDER_NOT_FOUND, &evidence) else { panic!("no fault") };
            assert_eq!(diagnosis.candidates[0].cause.code, first, "{account:?}");
            let told = diagnosis.candidates.iter().find(|one| one.cause.code == "wrong-account-in-role-arn");
            assert!(told.is_some_and(|told| told.why.contains(words)), "{told:?}");
        }
    }
}
