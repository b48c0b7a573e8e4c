//! Pod Identity associations: whether the role of each lets EKS assume it, and the target role the first one.

use super::finding::ObjectFinding;
use super::inventory::Inventory;
use super::result::Audit;
use crate::aws::arn::RoleArn;
use crate::causes::{Fix, ROLE_DOES_NOT_EXIST, TARGET_ROLE_NOT_ASSUMABLE};
use crate::documents::trust_policy::{Caller, PodIdentityAnswer, PodIdentityCall, Verdict};
use crate::documents::{Absent, Association};

pub(super) fn audit(inventory: &Inventory<'_>, audit: &mut Audit) {
    for association in inventory.associations_in_question() {
        let parsed = |arn: &Option<String>| RoleArn::parse(arn.as_deref()?).ok();
        for role in [&association.role_arn, &association.target_role_arn].into_iter().filter_map(parsed) {
            trust(inventory, association, PodIdentityCall::of_association(role, association), audit);
        }
    }
}

fn trust(inventory: &Inventory<'_>, association: &Association, call: PodIdentityCall, audit: &mut Audit) {
    let arn = call.role.to_string();
    let object = format!("service account {}/{} and {arn}", association.namespace, association.service_account);
    let call = PodIdentityCall { now: Some(inventory.context.now), ..call };
    let Some(role) = inventory.roles.get(arn.as_str()).copied().or_else(|| inventory.nameless_role()) else {
        if inventory.absent.contains(&Absent::Role(call.role.name.clone())) {
            missing(&call, object, audit);
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

fn missing(call: &PodIdentityCall, object: String, audit: &mut Audit) {
    let RoleArn { name, account, partition, .. } = &call.role;
    let text = format!(
        "role {name} does not exist in the account that the aws CLI used; the association names one in account {account}"
    );
    let fix = Fix::new("Create the role, or name an existing one in the association.")
        .command(format!("aws iam list-roles{} --query 'Roles[].Arn' --output json", partition.iam_region_option()));
    let cause = if call.caller == Caller::Eks { &ROLE_DOES_NOT_EXIST } else { &TARGET_ROLE_NOT_ASSUMABLE };
    audit.add(ObjectFinding::new(cause, object, text, fix));
}
