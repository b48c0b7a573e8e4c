use crate::aws::partition::Partition;
use crate::causes::{
    Advice, Candidate, Cause, Facts, Fix, ISSUER_NOT_PUBLIC_DEFAULT, NO_OIDC_PROVIDER, Priority, REGION_STS_DISABLED,
    Reading, Saying, Severity, WRONG_ACCOUNT_IN_ROLE_ARN, WRONG_PARTITION_ENDPOINT, answered, any, with,
    wrong_partition_endpoint,
};

/// STS finds no IAM provider for the token's issuer.
pub(crate) static OIDC_PROVIDER_NOT_FOUND: Cause = Cause {
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
    says: &[Saying::new(
        Priority::Aws,
        &[
            any(&[
                "no openidconnect provider found",
                "no openid connect provider found",
                "no oidc provider found",
                "openidconnect provider not found",
                "openid connect provider not found",
                "oidc provider not found",
            ]),
            with(
                &["oidc provider", "openid connect provider", "openidconnect provider", "oidc identity provider"],
                &[&[
                    "not found",
                    "does not exist",
                    "nosuchentity",
                    "cannot be found",
                    "couldn't find",
                    "could not find",
                ]],
            ),
        ],
        reading,
    )],
    settles: true,
    hides_caller: false,
    judge: Some(answered),
    fix,
};

fn reading(facts: &Facts) -> Reading {
    let issuer = facts.issuer.as_deref().unwrap_or("the token's issuer");
    if facts.issuer_is_internal() {
        let why =
            format!("the issuer {issuer:?} is known only inside the cluster, so IAM cannot have a provider for it");
        return Reading::decided(&ISSUER_NOT_PUBLIC_DEFAULT, why);
    }
    if let Some(why) = wrong_partition_endpoint::why(facts) {
        return Reading::decided(&WRONG_PARTITION_ENDPOINT, why);
    }
    let account = facts.role.as_ref().map(|role| role.account.as_str());
    let provider = facts.provider_arn().map_or_else(String::new, |arn| format!(": {arn}"));
    let in_account = account.map_or_else(|| "the role's account".to_owned(), |account| format!("account {account}"));
    let mut candidates = vec![
        Candidate::new(&NO_OIDC_PROVIDER, format!("{in_account} has no provider for {issuer}{provider}")),
        Candidate::new(&WRONG_ACCOUNT_IN_ROLE_ARN, wrong_account(facts)),
    ];
    if facts.is_of_other_account() == Some(true) {
        candidates.swap(0, 1);
    }
    if facts.issuer.is_some() && facts.issuer_partition().is_none() {
        let why = format!("{issuer} is not an EKS issuer: check that STS can reach it over the internet");
        candidates.push(Candidate::new(&ISSUER_NOT_PUBLIC_DEFAULT, why));
    }
    candidates.push(Candidate::new(
        &REGION_STS_DISABLED,
        "an STS endpoint of a region that is not enabled returns this error too; try another region",
    ));
    let partition = Candidate::new(
        &WRONG_PARTITION_ENDPOINT,
        "the STS of another partition (China, GovCloud) returns this error too",
    );
    // Elsewhere than in the commercial partition, SDKs that call the wrong one are the common case.
    match facts.host.is_none() && facts.partition().is_some_and(|partition| partition != Partition::Aws) {
        true => candidates.insert(1, partition),
        false => candidates.push(partition),
    }
    Reading::open(&OIDC_PROVIDER_NOT_FOUND, candidates)
}

/// Whether the role is in the node's account shows only whether it is in another account. A role of another account is as
/// often intended as mistyped.
fn wrong_account(facts: &Facts) -> String {
    let account = facts.role.as_ref().map_or("the one in AWS_ROLE_ARN", |role| role.account.as_str());
    let node = facts.node_account.as_deref().unwrap_or_default();
    match facts.is_of_other_account() {
        Some(true) => format!(
            "STS looks for the provider in the role's account {account}, but this node is in {node}: either the ARN \
             names the wrong account, or that account needs a provider for this issuer too"
        ),
        Some(false) => {
            format!("STS looks for the provider in the role's account {account}, also the node's account, so unlikely")
        }
        None => format!(
            "STS looks for the provider in the role's account {account}: check that the provider was created there"
        ),
    }
}

fn fix(facts: &Facts) -> Fix {
    (NO_OIDC_PROVIDER.fix)(facts)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::causes::Outcome;
    use crate::causes::testing::{answered, assert_named, judge};
    use crate::probe::evidence::{Imds, Operation::AssumeRoleWithWebIdentity, Seen};

    #[test]
    fn no_other_check_reports_its_answers() {
        assert_named(
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
