//! The AWS side: role, trust policy, keys, permissions.

use super::finding::ObjectFinding;
use super::inventory::{Inventory, Link};
use super::result::Audit;
use super::webhook::is_for_pod_identity;
use super::{association, event, facts, provider, service_account};
use crate::aws::arn::RoleArn;
use crate::causes::{
    Fix, JWKS_KEY_MISMATCH, NODE_ROLE_FALLBACK, POD_IDENTITY_PRECEDENCE, ROLE_DOES_NOT_EXIST, WRONG_ACCOUNT_IN_ROLE_ARN,
};
use crate::documents::trust_policy::{Answer, Policy, Principals, Request, Verdict};
use crate::documents::{Absent, Pod, Role};
use std::collections::{HashMap, HashSet};

pub(super) fn audit(inventory: &Inventory<'_>, audit: &mut Audit) {
    let links = &inventory.links;
    let mut seen = HashSet::new();
    for link in links {
        let Ok(role) = RoleArn::parse(link.role_arn) else { continue };
        trust(inventory, link, &role, audit);
        // The provider is the same for all roles of an account.
        if seen.insert((role.partition.id(), role.account.clone(), link.audience)) {
            provider::audit(inventory, link, &role, audit);
        }
    }
    let nameless = inventory.documents.roles.iter().find(|role| role.arn.is_empty());
    links.iter().chain(&inventory.overridden).for_each(|link| association(inventory, link, audit));
    let has_role = !links.is_empty() || inventory.associations_in_question().iter().any(|one| one.is_described());
    if nameless.is_some() && (!has_role || inventory.nameless_role().is_none()) {
        let fact =
            "a trust policy without its role was not judged: add the output of aws iam get-role, which names the role";
        audit.facts.push(fact.to_owned());
    }
    keys(inventory, audit);
    callers(inventory, links, audit);
}

/// A Pod Identity association also gives a role, and the webhook prefers it.
fn association(inventory: &Inventory<'_>, link: &Link<'_>, audit: &mut Audit) {
    let Some(one) = inventory.association(link.namespace, link.account) else { return };
    // A pod that has the association's variables says so itself.
    let is_used = |pod: &&Pod| pod.namespace() == link.namespace && pod.service_account() == link.account;
    if inventory.documents.pods.iter().filter(is_used).any(is_for_pod_identity) {
        return;
    }
    let other = one.role_arn.as_ref().map(|arn| format!(" ({arn})")).unwrap_or_default();
    let text = format!(
        "it has an EKS Pod Identity association{other} as well as the role {}: new pods get the association's role, not \
         IRSA's",
        link.role_arn
    );
    let object = format!("service account {}/{}", link.namespace, link.account);
    audit.add(
        ObjectFinding::with_facts(&POD_IDENTITY_PRECEDENCE, object, text, &facts::of(inventory, Some(link))).warning(),
    );
}

fn object(link: &Link<'_>) -> String {
    format!("service account {}/{} and {}", link.namespace, link.account, link.role_arn)
}

fn trust(inventory: &Inventory<'_>, link: &Link<'_>, role: &RoleArn, audit: &mut Audit) {
    let Some(found) = role_document(inventory, link, role, audit) else { return };
    judge_trust(inventory, link, &answer(inventory, link, role, found), audit);
}

/// What the trust policy of a role says about the service account.
fn answer(inventory: &Inventory<'_>, link: &Link<'_>, role: &RoleArn, found: &Role) -> Answer {
    let subject = format!("system:serviceaccount:{}:{}", link.namespace, link.account);
    let request = |issuer: &str| {
        let request = Request::new(role.clone(), issuer, &subject, [link.audience]);
        Request { now: Some(inventory.context.now), ..request }
    };
    match inventory.issuer() {
        Some((issuer, _)) => Answer::new(request(issuer), &found.policy, &found.json),
        // Any issuer in the policy may be that of the cluster.
        None => {
            let issuers = issuers(&found.policy);
            let answers = issuers.iter().map(|issuer| Answer::new(request(issuer), &found.policy, &found.json));
            let none = || Answer::new(request("https://issuer.not.known"), &found.policy, &found.json);
            answers.min_by_key(Answer::exit_code).unwrap_or_else(none)
        }
    }
}

fn judge_trust(inventory: &Inventory<'_>, link: &Link<'_>, answer: &Answer, audit: &mut Audit) {
    let object = object(link);
    match &answer.decision.verdict {
        Verdict::Allowed => {
            audit.facts.push(format!("{object}: the trust policy allows the service account"));
        }
        Verdict::Unknown(why) => {
            audit.facts.push(format!("{object}: the trust policy cannot be decided: {}", why.join("; ")));
            if !event::shows_success(inventory, (link.namespace, link.account), link.role_arn) {
                audit.undecided += 1;
            }
        }
        Verdict::Denied => {
            let Some(fault) = &answer.decision.fault else { return };
            let mut fix = Fix::new(answer.fix.clone().unwrap_or_default());
            fix.commands.extend(answer.command.clone());
            let text = format!("the trust policy denies it: {}", fault.text);
            audit.add(ObjectFinding::new(fault.cause, object, text, fix));
        }
    }
}

/// The role of a link, or a finding that the ARN is wrong.
fn role_document<'a>(
    inventory: &Inventory<'a>,
    link: &Link<'_>,
    role: &RoleArn,
    audit: &mut Audit,
) -> Option<&'a Role> {
    if let Some(found) = inventory.roles.get(link.role_arn) {
        return Some(found);
    }
    let account = inventory.context.account;
    let is_asked = account.is_none_or(|account| account == role.account);
    if is_asked && inventory.absent.contains(&Absent::Role(role.name.clone())) {
        let text = match account {
            Some(account) => format!("account {account} has no role {}", role.name),
            None => format!(
                "role {} does not exist in the account that the aws CLI used; the ARN is in account {}",
                role.name, role.account
            ),
        };
        let fix =
            Fix::new("Create the role, or annotate the service account with the ARN of an existing one.").command(
                format!("aws iam list-roles{} --query 'Roles[].Arn' --output json", role.partition.iam_region_option()),
            );
        audit.add(ObjectFinding::new(&ROLE_DOES_NOT_EXIST, object(link), text, fix));
        return None;
    }
    let Some((found, arn)) = inventory.namesakes.get(&role.name) else { return inventory.nameless_role() };
    let (cause, what) = match arn.account == role.account && arn.partition == role.partition {
        true => (&ROLE_DOES_NOT_EXIST, "the path differs"),
        false if answer(inventory, link, arn, found).decision.verdict == Verdict::Allowed => {
            (&WRONG_ACCOUNT_IN_ROLE_ARN, "the account or partition differs")
        }
        // Accounts for several stages have roles of the same name.
        false => {
            audit.facts.push(format!(
                "{}: {} has the same name, but does not trust the service account",
                object(link),
                found.arn
            ));
            return None;
        }
    };
    let text = format!("the ARN of the role is {}: {what}", found.arn);
    let fix = Fix::new("Annotate the service account with the ARN of the role, then recreate the pods.")
        .command(service_account::annotate_command(link.namespace, link.account, &found.arn));
    audit.add(ObjectFinding::new(cause, object(link), text, fix).recreate_pod());
    None
}

/// The issuers whose providers a policy names.
fn issuers(policy: &Policy) -> Vec<String> {
    let federated = policy.statements.iter().flat_map(|statement| match &statement.principals {
        Principals::Only(set) | Principals::AllBut(set) => &set.federated,
    });
    let issuer = |arn: &String| Some(format!("https://{}", arn.split_once(":oidc-provider/")?.1));
    federated.filter_map(issuer).collect()
}

/// The token's key must be one that the issuer publishes.
fn keys(inventory: &Inventory<'_>, audit: &mut Audit) {
    let reported = || inventory.documents.reports.iter().find_map(|report| report.token.key_id.as_deref());
    let key = inventory.context.token.and_then(|token| token.key_id.as_deref()).or_else(reported);
    let (Some(key), false) = (key, inventory.documents.jwks.is_empty()) else { return };
    let published = inventory.documents.jwks.iter().flat_map(|set| &set.keys);
    if published.filter_map(|one| one.kid.as_deref()).all(|kid| kid != key) {
        let text = format!("the token is signed with key {key}, which is not in the issuer's key set");
        audit.add(ObjectFinding::with_facts(&JWKS_KEY_MISMATCH, "key set", text, &facts::of(inventory, None)));
    }
}

fn callers(inventory: &Inventory<'_>, links: &[Link<'_>], audit: &mut Audit) {
    let mut roles = HashMap::new();
    for role in links.iter().filter_map(|link| RoleArn::parse(link.role_arn).ok()) {
        roles.entry(role.name.clone()).or_insert_with(Vec::new).push(role);
    }
    let reported = inventory.documents.reports.iter().filter_map(|report| report.identity.caller_arn.as_ref());
    for caller in inventory.documents.callers.iter().chain(reported) {
        let named = caller.split('/').filter_map(|part| roles.get(part)).flatten();
        if named.into_iter().any(|role| role.is_role_of(caller)) {
            audit.facts.push(format!("the caller is a session of the role: {caller}"));
        } else if caller.rsplit('/').next().is_some_and(|session| session.starts_with("eks-")) {
            association::caller(inventory, caller, audit);
        } else if caller.rsplit('/').next().is_some_and(|session| session.starts_with("i-")) {
            let text = format!("the caller is the node role, {caller}: the program used neither IRSA nor Pod Identity");
            audit.add(
                ObjectFinding::with_facts(&NODE_ROLE_FALLBACK, "caller", text, &facts::of(inventory, None)).warning(),
            );
        }
    }
}
