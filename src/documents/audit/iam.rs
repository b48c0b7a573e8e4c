//! The AWS side: role, trust policy, keys, permissions.

use super::{Audit, Case, Finding, Link};
use crate::aws::arn::RoleArn;
use crate::causes::Fix;
use crate::documents::trust_policy::{Answer, Policy, Principals, Request, Verdict};
use crate::documents::{Absent, Association, Role};
use std::collections::{HashMap, HashSet};

pub(super) fn audit(case: &Case<'_>, audit: &mut Audit) {
    let links = &case.links;
    let mut seen = HashSet::new();
    for link in links {
        let Ok(role) = RoleArn::parse(link.role_arn) else { continue };
        trust(case, link, &role, audit);
        // The provider is the same for all roles of an account.
        if seen.insert((role.partition.id(), role.account.clone(), link.audience)) {
            super::provider::audit(case, link, &role, audit);
        }
    }
    let nameless = case.documents.roles.iter().find(|role| role.arn.is_empty());
    links.iter().for_each(|link| association(case, link, audit));
    if nameless.is_some() && (links.is_empty() || self::nameless(case).is_none()) {
        let fact = "a trust policy without its role was not judged: give what aws iam get-role prints, which names it";
        audit.facts.push(fact.to_owned());
    }
    keys(case, audit);
    permissions(case, audit);
    callers(case, links, audit);
}

/// A Pod Identity association is another way to a role, and the webhook prefers it.
fn association(case: &Case<'_>, link: &Link<'_>, audit: &mut Audit) {
    let clusters = &case.documents.clusters;
    let is_ours =
        |one: &&Association| clusters.is_empty() || clusters.iter().any(|cluster| cluster.name == one.cluster_name);
    let Some(one) = case.associations(link).into_iter().find(is_ours) else { return };
    let other = one.role_arn.as_ref().map(|arn| format!(" ({arn})")).unwrap_or_default();
    let cause = format!(
        "it has an EKS Pod Identity association{other} besides the role {}: new pods get the association's role, not \
         IRSA's",
        link.role_arn
    );
    let fix = Fix::new("keep one of the two: delete the association, or take the annotation away");
    let about = format!("service account {}/{}", link.namespace, link.account);
    audit.add(Finding::new("pod-identity-precedence", about, cause, fix).warning());
}

fn about(link: &Link<'_>) -> String {
    format!("service account {}/{} and {}", link.namespace, link.account, link.role_arn)
}

fn trust(case: &Case<'_>, link: &Link<'_>, role: &RoleArn, audit: &mut Audit) {
    let subject = format!("system:serviceaccount:{}:{}", link.namespace, link.account);
    let request = |issuer: &str| {
        let request = Request::new(role.clone(), issuer, &subject, [link.audience]);
        Request { now: Some(case.context.now), ..request }
    };
    let Some(found) = role_document(case, link, role, audit) else { return };
    let answer = match case.issuer() {
        Some((issuer, _)) => Answer::new(request(issuer), &found.policy, &found.bare),
        // Not knowing the cluster's issuer, each that the policy names may be it.
        None => {
            let issuers = issuers(&found.policy);
            let answers = issuers.iter().map(|issuer| Answer::new(request(issuer), &found.policy, &found.bare));
            let none = || Answer::new(request("https://issuer.not.known"), &found.policy, &found.bare);
            answers.min_by_key(Answer::exit_code).unwrap_or_else(none)
        }
    };
    judge_trust(link, &answer, audit);
}

fn judge_trust(link: &Link<'_>, answer: &Answer, audit: &mut Audit) {
    let about = about(link);
    match &answer.decision.verdict {
        Verdict::Allowed => {
            audit.facts.push(format!("{about}: the trust policy lets the service account in"));
        }
        Verdict::Unknown(why) => {
            audit.facts.push(format!("{about}: the trust policy cannot be judged from here: {}", why.join("; ")));
        }
        Verdict::Denied => {
            let Some(fault) = &answer.decision.fault else { return };
            let mut fix = Fix::new(answer.fix.clone().unwrap_or_default());
            fix.commands.extend(answer.command.clone());
            audit.add(Finding::new(
                fault.cause.code,
                about,
                format!("the trust policy does not let it in: {}", fault.text),
                fix,
            ));
        }
    }
}

/// The role of a link, or a finding that it is another.
fn role_document<'a>(case: &Case<'a>, link: &Link<'_>, role: &RoleArn, audit: &mut Audit) -> Option<&'a Role> {
    if let Some(found) = case.roles.get(link.role_arn) {
        return Some(found);
    }
    if case.absent.contains(&Absent::Role(role.name.clone())) {
        let cause = format!(
            "aws finds no role {} in the account that it was asked in; the ARN is of account {}",
            role.name, role.account
        );
        let fix = Fix::new("make the role, or annotate the service account with the ARN of one that there is").command(
            format!("aws iam list-roles{} --query 'Roles[].Arn' --output json", role.partition.iam_region_option()),
        );
        audit.add(Finding::new("role-does-not-exist", about(link), cause, fix));
        return None;
    }
    let Some((found, arn)) = case.namesakes.get(&role.name) else { return nameless(case) };
    let (code, what) = match arn.account == role.account && arn.partition == role.partition {
        true => ("role-does-not-exist", "the path differs"),
        false => ("wrong-account-in-role-arn", "account or partition differs"),
    };
    let cause = format!("the ARN is not that of the role, {}: {what}", found.arn);
    let fix = Fix::new("annotate the service account with the role's own ARN, then recreate the pods")
        .command(super::account::annotate_command(link.namespace, link.account, &found.arn));
    audit.add(Finding::new(code, about(link), cause, fix).frozen());
    None
}

/// A trust policy without its role is that of the only role that is asked about.
fn nameless<'a>(case: &Case<'a>) -> Option<&'a Role> {
    let mut all = case.documents.roles.iter().filter(|role| role.arn.is_empty());
    let first = all.next()?;
    let is_only = all.next().is_none() && case.links.windows(2).all(|pair| pair[0].role_arn == pair[1].role_arn);
    is_only.then_some(first)
}

/// The issuers whose providers a policy names.
fn issuers(policy: &Policy) -> Vec<String> {
    let federated = policy.statements.iter().flat_map(|statement| match &statement.principals {
        Principals::Only(set) | Principals::AllBut(set) => &set.federated,
    });
    let issuer = |arn: &String| Some(format!("https://{}", arn.split_once(":oidc-provider/")?.1));
    federated.filter_map(issuer).collect()
}

/// The token's key against the published ones.
fn keys(case: &Case<'_>, audit: &mut Audit) {
    let reported = || case.documents.reports.iter().find_map(|report| report.token.key_id.as_deref());
    let key = case.context.token.and_then(|token| token.key_id.as_deref()).or_else(reported);
    let (Some(key), false) = (key, case.documents.jwks.is_empty()) else { return };
    let published = case.documents.jwks.iter().flat_map(|set| &set.keys);
    if published.filter_map(|one| one.kid.as_deref()).all(|kid| kid != key) {
        let cause = format!("the token is signed with the key {key}, which the issuer's key set does not hold");
        let fix = Fix::new("publish the API server's present keys at the issuer's jwks_uri");
        audit.add(Finding::new("jwks-key-mismatch", "key set", cause, fix));
    }
}

fn permissions(case: &Case<'_>, audit: &mut Audit) {
    let documents = case.documents;
    let is_empty = |names: &Option<Vec<String>>| names.as_ref().is_some_and(Vec::is_empty);
    if is_empty(&documents.attached_policies) && documents.inline_policies.as_ref().is_none_or(Vec::is_empty) {
        let cause = match is_empty(&documents.inline_policies) {
            true => "it has neither managed nor inline policies, so it may do nothing",
            false => "no managed policy is attached: unless it has inline policies, the role may do nothing",
        };
        let fix = Fix::new("attach the policies that the workload needs");
        audit.add(Finding::new("role-lacks-permissions", "role", cause, fix).warning());
    }
    for one in documents.simulated.iter().filter(|one| one.eval_decision != "allowed") {
        let on = one.eval_resource_name.as_deref().filter(|name| *name != "*").map(|name| format!(" on {name}"));
        let what = format!("{}{} ends in {}", one.eval_action_name, on.unwrap_or_default(), one.eval_decision);
        let by_organization = one.organizations_decision_detail.as_ref().is_some_and(|by| !by.allowed_by_organizations);
        let by_boundary =
            one.permissions_boundary_decision_detail.as_ref().is_some_and(|by| !by.allowed_by_permissions_boundary);
        let (code, cause, fix) = if by_organization {
            (
                "scp-or-boundary-deny",
                format!("{what}: a policy of the organization does not allow it"),
                "have the organization's policy changed",
            )
        } else if by_boundary {
            (
                "scp-or-boundary-deny",
                format!("{what}: the permissions boundary does not allow it"),
                "widen the boundary, or do without",
            )
        } else {
            ("role-lacks-permissions", what, "add the action to one of the role's policies, or take the Deny out")
        };
        audit.add(Finding::new(code, "role", cause, Fix::new(fix)));
    }
}

fn callers(case: &Case<'_>, links: &[Link<'_>], audit: &mut Audit) {
    let mut roles = HashMap::new();
    for role in links.iter().filter_map(|link| RoleArn::parse(link.role_arn).ok()) {
        roles.entry(role.name.clone()).or_insert_with(Vec::new).push(role);
    }
    for caller in &case.documents.callers {
        let named = caller.split('/').filter_map(|part| roles.get(part)).flatten();
        if named.into_iter().any(|role| role.is_role_of(caller)) {
            audit.facts.push(format!("the caller is a session of the role: {caller}"));
        } else if caller.rsplit('/').next().is_some_and(|session| session.starts_with("i-")) {
            let cause = format!("the caller is the node's role, {caller}: the program that called did not use IRSA");
            let fix = Fix::new(
                "see whether the program's container has the variables, and whether its SDK knows web identities",
            );
            audit.add(Finding::new("node-role-fallback", "caller", cause, fix).warning());
        }
    }
}
