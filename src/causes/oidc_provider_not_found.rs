use crate::causes::{Advice, Cause, Severity};
use crate::diagnosis::sts_errors;

/// STS finds no IAM provider for the token's issuer.
pub static OIDC_PROVIDER_NOT_FOUND: Cause = Cause {
    code: "oidc-provider-not-found",
    title: "the role's account has no OIDC provider for this token's issuer",
    compare: "the role's account needs a provider for iss",
    severity: Severity::Error,
    advice: Advice::Fix,
    explanation: "\
The account of AWS_ROLE_ARN has no IAM OIDC provider whose URL is the token's iss. STS answers \"No OpenIDConnect \
provider found in your account for ISSUER\". In that text, \"your account\" means the role's account.

Usually the provider was never created, belongs to another cluster (each has its own ID), or was created in the \
cluster's account while the role is in another. An STS endpoint in a region that the account has not enabled gives \
the same answer, and so does STS in another partition.

Create the provider in the role's account, with the client ID sts.amazonaws.com. A provider that was created within \
the last minute may only need time. The pod then recovers by itself.",
    judge: Some(|evidence| sts_errors::judge(&OIDC_PROVIDER_NOT_FOUND, evidence)),
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::causes::Outcome;
    use crate::causes::testing::{answered, assert_told, judge};
    use crate::probe::evidence::{Imds, Operation::AssumeRoleWithWebIdentity, Seen};

    #[test]
    fn no_other_check_reports_its_answers() {
        assert_told(
            &OIDC_PROVIDER_NOT_FOUND,
            AssumeRoleWithWebIdentity,
            &[
                "400 InvalidIdentityToken: No OpenIDConnect provider found in your account for https://oidc.eks.eu-west-1.amazonaws.com/id/EX",
            ],
        );
    }

    #[test]
    fn the_nodes_account_shows_only_whether_the_role_is_in_another_account() {
        let text = "No OpenIDConnect provider found in your account for https://oidc.eks.eu-west-1.amazonaws.com/id/EX";
        for (account, first, words) in [
            (None, "no-oidc-provider", "check that the provider was created there"),
            (Some("111122223333"), "no-oidc-provider", "also the node's account, so unlikely"),
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
