//! The OIDC provider: whether the role's account has one for the cluster's issuer, with the audience of the tokens.

use super::facts;
use super::finding::ObjectFinding;
use super::inventory::{Inventory, Link};
use super::result::Audit;
use crate::aws::arn::{RoleArn, without_scheme};
use crate::aws::issuer::why_unreachable;
use crate::aws::partition::Partition;
use crate::causes::{
    Fix, ISSUER_NOT_PUBLIC_DEFAULT, NO_OIDC_PROVIDER, THUMBPRINT_MISMATCH, WRONG_AUDIENCE, shell_word,
};
use crate::documents::{Absent, Provider};

pub(super) fn audit(inventory: &Inventory<'_>, link: &Link<'_>, role: &RoleArn, audit: &mut Audit) {
    let Some((issuer, source)) = inventory.issuer() else { return };
    let object = format!("provider of {issuer}");
    let facts = facts::of(inventory, Some(link));
    if let Some(why) = why_unreachable(issuer) {
        let text = format!("the issuer of {source} is {issuer}, which STS cannot reach: {why}");
        return audit.add(ObjectFinding::with_facts(&ISSUER_NOT_PUBLIC_DEFAULT, object, text, &facts));
    }
    if let Some(arns) = &inventory.documents.provider_arns {
        match listed(arns, role, &role.provider_arn(issuer)) {
            Listed::Yes => audit.facts.push(format!("{object}: exists")),
            Listed::No(text) => audit.add(ObjectFinding::with_facts(&NO_OIDC_PROVIDER, &object, text, &facts)),
            Listed::Elsewhere(fact) => audit.facts.push(fact),
        }
    }
    if inventory.absent.contains(&Absent::Provider(role.provider_arn(issuer))) {
        let text = format!("{} does not exist", role.provider_arn(issuer));
        return audit.add(ObjectFinding::with_facts(&NO_OIDC_PROVIDER, &object, text, &facts));
    }
    let is_ours = |provider: &&Provider| without_scheme(&provider.url) == without_scheme(issuer);
    match inventory.documents.providers.iter().find(is_ours) {
        Some(provider) => judge(inventory, provider, link, role, issuer, audit),
        None => {
            let other = inventory.documents.providers.first();
            let fact =
                other.map(|other| format!("the provider among the documents is for {}, not for {issuer}", other.url));
            audit.facts.extend(fact);
        }
    }
}

/// Whether a list of providers contains one.
enum Listed {
    Yes,
    /// A clause.
    No(String),
    /// The list is of another account and says nothing; a sentence.
    Elsewhere(String),
}

fn listed(arns: &[String], role: &RoleArn, arn: &str) -> Listed {
    if arns.iter().any(|one| one == arn) {
        return Listed::Yes;
    }
    let near = arns.iter().find(|other| other.eq_ignore_ascii_case(arn) || other.trim_end_matches('/') == arn);
    if let Some(near) = near {
        return Listed::No(format!("account {} has {near}; it must be {arn}", role.account));
    }
    let of_account = |other: &String| other.split(':').nth(4) == Some(role.account.as_str());
    match arns.first() {
        Some(first) if !arns.iter().any(of_account) => Listed::Elsewhere(format!(
            "the list of OIDC providers is of account {}, the role is in {}",
            first.split(':').nth(4).unwrap_or("(unknown)"),
            role.account
        )),
        _ => Listed::No(format!("the list of OIDC providers does not contain {arn}")),
    }
}

fn judge(
    inventory: &Inventory<'_>,
    provider: &Provider,
    link: &Link<'_>,
    role: &RoleArn,
    issuer: &str,
    audit: &mut Audit,
) {
    let object = format!("provider of {issuer}");
    let arn = shell_word(&role.provider_arn(issuer));
    if !provider.client_ids.iter().any(|id| id == link.audience) {
        let text = format!(
            "its client IDs are {}; the audience of the token is {}",
            provider.client_ids.join(", "),
            link.audience
        );
        audit.add(ObjectFinding::with_facts(&WRONG_AUDIENCE, &object, text, &facts::of(inventory, Some(link))));
    }
    let host = without_scheme(issuer).split('/').next().unwrap_or_default();
    if Partition::of_host(host).is_some() {
        audit.facts.push(format!(
            "{object}: its thumbprints do not matter, because AWS verifies its own hosts by root certificates"
        ));
        return;
    }
    let Some(seen) = inventory.context.thumbprint else {
        let how = "run irsa-probe check --issuer-check always --document with this document in a pod";
        return audit.facts.push(format!("{object}: to compare its thumbprints with the host's certificates, {how}"));
    };
    if !provider.thumbprints.iter().any(|one| one.eq_ignore_ascii_case(seen)) {
        let text = format!(
            "the certificate chain of the issuer's host has the thumbprint {seen}, which the provider does not list. That \
             matters unless AWS trusts the certificate authority"
        );
        let fix = Fix::new("Add the thumbprint to the provider.").command(format!(
            "aws iam update-open-id-connect-provider-thumbprint{} --open-id-connect-provider-arn {arn} --thumbprint-list {}",
            role.partition.iam_region_option(),
            provider.thumbprints.iter().map(String::as_str).chain([seen]).map(shell_word).collect::<Vec<_>>().join(" ")
        ));
        audit.add(ObjectFinding::new(&THUMBPRINT_MISMATCH, &object, text, fix).warning());
    }
}
