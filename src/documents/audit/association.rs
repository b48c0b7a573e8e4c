//! Pod Identity associations: whether the role of each lets EKS assume it, and the target role the first one.

use super::facts;
use super::finding::ObjectFinding;
use super::inventory::Inventory;
use super::result::Audit;
use super::webhook::is_for_pod_identity;
use crate::aws::arn::RoleArn;
use crate::causes::{ASSOCIATION_CHANGE_NOT_YET_SERVED, Fix, ROLE_DOES_NOT_EXIST, TARGET_ROLE_NOT_ASSUMABLE};
use crate::documents::trust_policy::{Caller, PodIdentityAnswer, PodIdentityCall, Verdict};
use crate::documents::{Absent, Association};
use crate::text::timestamp::span;

pub(super) fn audit(inventory: &Inventory<'_>, audit: &mut Audit) {
    for association in inventory.associations_in_question() {
        let parsed = |arn: &Option<String>| RoleArn::parse(arn.as_deref()?).ok();
        for role in [&association.role_arn, &association.target_role_arn].into_iter().filter_map(parsed) {
            trust(inventory, association, PodIdentityCall::of_association(role, association), audit);
        }
    }
}

/// Whether a pod has the variables of an association whose role is among the documents: then only the agent and the node
/// role are left to judge.
pub(super) fn is_served(inventory: &Inventory<'_>) -> bool {
    let mut pods = inventory.documents.pods.iter().filter(|pod| is_for_pod_identity(pod));
    let has_role = |association: &Association| {
        association.role_arn.as_deref().is_some_and(|arn| inventory.roles.contains_key(arn))
    };
    pods.any(|pod| inventory.association_of(pod).is_some_and(has_role))
}

fn trust(inventory: &Inventory<'_>, association: &Association, call: PodIdentityCall, audit: &mut Audit) {
    let arn = call.role.to_string();
    let object = format!("service account {}/{} and {arn}", association.namespace, association.service_account);
    let call = PodIdentityCall { now: Some(inventory.context.now), ..call };
    let Some(role) = inventory.roles.get(arn.as_str()).copied().or_else(|| inventory.nameless_role()) else {
        // Another account, which a target role may be in, says nothing about it.
        let of_first =
            association.role_arn.as_deref().and_then(|arn| RoleArn::parse(arn).ok()).map(|role| role.account);
        let asked = inventory.context.account.map(str::to_owned).or(of_first);
        let is_asked = asked.is_none_or(|account| account == call.role.account);
        if is_asked && inventory.absent.contains(&Absent::Role(call.role.name.clone())) {
            missing(inventory, &call, object, audit);
        }
        return;
    };
    let is_target = call.caller != Caller::Eks;
    let answer = PodIdentityAnswer::new(call, &role.policy, &role.json);
    match &answer.decision.verdict {
        Verdict::Allowed if is_target => audit.facts.push(format!(
            "{object}: the trust policy of the target role allows the association's role, which needs the permission to \
             assume it as well"
        )),
        Verdict::Allowed => audit.facts.push(format!("{object}: the trust policy allows EKS Pod Identity")),
        Verdict::Unknown(why) => {
            audit.facts.push(format!("{object}: the trust policy cannot be decided: {}", why.join("; ")));
            audit.undecided += 1;
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

fn missing(inventory: &Inventory<'_>, call: &PodIdentityCall, object: String, audit: &mut Audit) {
    let RoleArn { name, account, partition, .. } = &call.role;
    let text = match inventory.context.account {
        Some(account) => format!("account {account} has no role {name}"),
        None => format!(
            "role {name} does not exist in the account that the aws CLI used; the association names one in account \
             {account}"
        ),
    };
    let fix = Fix::new("Create the role, or name an existing one in the association.")
        .command(format!("aws iam list-roles{} --query 'Roles[].Arn' --output json", partition.iam_region_option()));
    let cause = if call.caller == Caller::Eks { &ROLE_DOES_NOT_EXIST } else { &TARGET_ROLE_NOT_ASSUMABLE };
    audit.add(ObjectFinding::new(cause, object, text, fix));
}

/// The agent renews a session after at most this time (aws/eks-pod-identity-agent).
const CACHED: i64 = 3 * 3600;

/// A session of EKS Pod Identity: whether its role is one that an association gives now.
pub(super) fn caller(inventory: &Inventory<'_>, caller: &str, audit: &mut Audit) {
    let described: Vec<_> =
        inventory.associations_in_question().into_iter().filter(|association| association.is_described()).collect();
    let given = |association: &Association| {
        let arn = association.target_role_arn.as_ref().or(association.role_arn.as_ref());
        arn.and_then(|arn| RoleArn::parse(arn).ok())
    };
    if described.iter().filter_map(|one| given(one)).any(|role| role.is_role_of(caller)) {
        return audit.facts.push(format!("the caller is a session of the association's role: {caller}"));
    }
    let [association] = described[..] else {
        return audit.facts.push(format!("the caller is a session of EKS Pod Identity: {caller}"));
    };
    let modified = association.modified_at.or(association.created_at);
    let (Some(role), Some(modified)) = (given(association), modified) else { return };
    let seconds = inventory.context.now.since(modified);
    if (0..CACHED).contains(&seconds) {
        let text = format!(
            "the caller is {caller}, but the association names {role}; it was changed {} ago, and the agent caches the \
             former role for up to 3 h",
            span(seconds)
        );
        let facts = facts::of_association(association);
        audit.add(ObjectFinding::with_facts(&ASSOCIATION_CHANGE_NOT_YET_SERVED, "caller", text, &facts).warning());
    } else {
        audit.facts.push(format!("the caller is {caller}, a session of another association than that for {role}"));
    }
}
