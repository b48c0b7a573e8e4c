//! The IAM provider: whether the role's account has one for the cluster's issuer, and one that takes its tokens.

use super::{Audit, Case, Finding, Link};
use crate::aws::arn::{RoleArn, without_scheme};
use crate::aws::issuer::STS_AUDIENCE;
use crate::aws::issuer::why_unreachable;
use crate::aws::partition::Partition;
use crate::causes::{Fix, shell_word};
use crate::documents::trust_policy::needed;
use crate::documents::{Absent, Provider};

pub(super) fn audit(case: &Case<'_>, link: &Link<'_>, role: &RoleArn, audit: &mut Audit) {
    let Some((issuer, source)) = case.issuer() else { return };
    let about = format!("provider of {issuer}");
    if let Some(why) = why_unreachable(issuer) {
        let cause = format!("{source} names the issuer {issuer}, which STS cannot reach: {why}");
        let fix = Fix::new(
            "set --service-account-issuer of the API server to a public https URL, and publish its keys there",
        );
        return audit.add(Finding::new("issuer-not-public-default", about, cause, fix));
    }
    let make = Fix::new(format!("make the provider in account {}", role.account))
        .command(needed(role, issuer, "", link.audience).provider_command());
    if let Some(arns) = &case.documents.provider_arns {
        match missing(arns, role, &role.provider_arn(issuer)) {
            Listed::Yes => audit.facts.push(format!("{about}: exists")),
            Listed::No(cause) => audit.add(Finding::new("no-oidc-provider", &about, cause, make.clone())),
            Listed::Elsewhere(fact) => audit.facts.push(fact),
        }
    }
    if case.absent.contains(&Absent::Provider(role.provider_arn(issuer))) {
        let cause = format!("aws finds no provider {}", role.provider_arn(issuer));
        return audit.add(Finding::new("no-oidc-provider", &about, cause, make));
    }
    let is_ours = |provider: &&Provider| without_scheme(&provider.url) == without_scheme(issuer);
    match case.documents.providers.iter().find(is_ours) {
        Some(provider) => judge(case, provider, link, role, issuer, audit),
        None => {
            let other = case.documents.providers.first();
            let fact = other.map(|other| format!("the provider given is for {}, not for {issuer}", other.url));
            audit.facts.extend(fact);
        }
    }
}

/// What a list of providers says of one.
enum Listed {
    Yes,
    /// In words.
    No(String),
    /// The list is of another account, so it says nothing.
    Elsewhere(String),
}

fn missing(arns: &[String], role: &RoleArn, arn: &str) -> Listed {
    if arns.iter().any(|one| one == arn) {
        return Listed::Yes;
    }
    let near = arns.iter().find(|other| other.eq_ignore_ascii_case(arn) || other.trim_end_matches('/') == arn);
    if let Some(near) = near {
        return Listed::No(format!("account {} has {near}, which is not quite {arn}", role.account));
    }
    let of_account = |other: &String| other.split(':').nth(4) == Some(role.account.as_str());
    match arns.first() {
        Some(first) if !arns.iter().any(of_account) => Listed::Elsewhere(format!(
            "the list of providers is of account {}, the role is in {}",
            first.split(':').nth(4).unwrap_or("(unknown)"),
            role.account
        )),
        _ => Listed::No(format!("the list of providers does not hold {arn}")),
    }
}

fn judge(case: &Case<'_>, provider: &Provider, link: &Link<'_>, role: &RoleArn, issuer: &str, audit: &mut Audit) {
    let about = format!("provider of {issuer}");
    let arn = shell_word(&role.provider_arn(issuer));
    if !provider.client_ids.iter().any(|id| id == link.audience) {
        let cause =
            format!("its client IDs are {}; the token is for {}", provider.client_ids.join(", "), link.audience);
        audit.add(Finding::new("wrong-audience", &about, cause, audience_fix(link, role, &arn)));
    }
    let host = without_scheme(issuer).split('/').next().unwrap_or_default();
    if Partition::of_host(host).is_some() {
        audit
            .facts
            .push(format!("{about}: its thumbprints do not matter, AWS trusts its own hosts by root certificates"));
        return;
    }
    let Some(seen) = case.context.thumbprint else {
        let tells = "irsa-probe check --issuer-check always --document, with this document, tells in a pod";
        return audit.facts.push(format!("{about}: whether its thumbprints match the host's chain, {tells}"));
    };
    if !provider.thumbprints.iter().any(|one| one.eq_ignore_ascii_case(seen)) {
        let cause = format!(
            "the issuer's host shows a chain with the thumbprint {seen}, which the provider does not list: that counts \
             unless the chain ends in a certificate authority that AWS trusts anyway"
        );
        let fix = Fix::new("add the thumbprint").command(format!(
            "aws iam update-open-id-connect-provider-thumbprint{} --open-id-connect-provider-arn {arn} --thumbprint-list {}",
            role.partition.iam_region_option(),
            provider.thumbprints.iter().map(String::as_str).chain([seen]).map(shell_word).collect::<Vec<_>>().join(" ")
        ));
        audit.add(Finding::new("thumbprint-mismatch", &about, cause, fix).warning());
    }
}

/// The webhook's default audience is right, so an annotation asked for another one.
fn audience_fix(link: &Link<'_>, role: &RoleArn, arn: &str) -> Fix {
    let Link { audience, namespace, account, .. } = link;
    if *audience == STS_AUDIENCE {
        return Fix::new("Add the audience to the client IDs of the provider.").command(format!(
            "aws iam add-client-id-to-open-id-connect-provider{} --open-id-connect-provider-arn {arn} --client-id {audience}",
            role.partition.iam_region_option()
        ));
    }
    Fix::new(format!(
        "Remove the annotation eks.amazonaws.com/audience from the service account, then recreate its pods. Only if \
         {audience} is intended, add it to the client IDs of the provider instead \
         (aws iam add-client-id-to-open-id-connect-provider)."
    ))
    .command(format!(
        "kubectl annotate serviceaccount {} -n {} eks.amazonaws.com/audience-",
        shell_word(account),
        shell_word(namespace)
    ))
}
