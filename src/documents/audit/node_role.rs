//! The node role, as which the agent of EKS Pod Identity calls EKS.

use super::association::is_served;
use super::command::Command;
use super::facts;
use super::finding::ObjectFinding;
use super::inventory::Inventory;
use super::result::{Audit, Open};
use crate::aws::arn::RoleArn;
use crate::aws::partition::Partition;
use crate::causes::NODE_ROLE_LACKS_EKS_AUTH;
use crate::documents::{Grant, NODE_ACTION, Permission};

/// Managed policies that allow the action (EKS user guide, "Set up the Amazon EKS Pod Identity Agent").
const GRANTING: [&str; 2] = ["AmazonEKSWorkerNodePolicy", "AmazonEKSWorkerNodeMinimalPolicy"];
/// Others that node roles have (EKS user guide, "Amazon EKS node IAM role"), and hardly a pod's role.
const OF_NODES: [&str; 2] = ["AmazonEC2ContainerRegistryReadOnly", "AmazonEC2ContainerRegistryPullOnly"];
/// More are not asked about: the node groups of a cluster mostly share a role.
const MAX_GROUPS: usize = 3;

pub(super) fn audit(inventory: &Inventory<'_>, audit: &mut Audit) {
    let documents = inventory.documents;
    let lacks = |text: String| {
        ObjectFinding::with_facts(&NODE_ROLE_LACKS_EKS_AUTH, "node role", text, &facts::of(inventory, None))
    };
    for one in documents.simulated.iter().filter(|one| one.action().eq_ignore_ascii_case(NODE_ACTION)) {
        if one.permissions().iter().any(|one| one.permission != Permission::Allowed) {
            audit.add(lacks(format!("{} is not allowed", one.action())));
        }
    }
    if documents.node_grants.contains(&Grant::Denied) {
        audit.add(lacks(format!("one of the policies denies {NODE_ACTION}")));
    }
    match attached(inventory) {
        Some(granting) => audit.facts.push(format!("node role: {granting} allows {NODE_ACTION}")),
        None if documents.node_grants.contains(&Grant::Allowed) => {
            audit.facts.push(format!("one of the policies allows {NODE_ACTION}, which a node role needs"));
        }
        None if is_of_node(inventory) => {
            let text = format!(
                "it has neither {} nor {}: unless another of its policies allows {NODE_ACTION}, no pod of its nodes gets \
                 credentials from EKS Pod Identity",
                GRANTING[0], GRANTING[1]
            );
            audit.add(lacks(text).warning());
        }
        None => {}
    }
}

/// Whether the attached policies are those of a node role, and a pod needs what it lacks.
fn is_of_node(inventory: &Inventory<'_>) -> bool {
    let mut arns = inventory.documents.attached_policies.iter().flatten();
    !inventory.associations_in_question().is_empty() && arns.any(|arn| OF_NODES.contains(&name(arn)))
}

/// The managed policy that allows the action.
fn attached<'a>(inventory: &Inventory<'a>) -> Option<&'a str> {
    let arns = inventory.documents.attached_policies.iter().flatten();
    arns.map(|arn| name(arn)).find(|name| GRANTING.contains(name))
}

fn name(arn: &str) -> &str {
    arn.rsplit('/').next().unwrap_or(arn)
}

/// Asks for the policies of the node role if the agent's own error names it, or if nothing else of an association is wrong.
pub(super) fn questions(inventory: &Inventory<'_>, audit: &Audit) -> Vec<Open> {
    let documents = inventory.documents;
    let refused = documents.reports.iter().flat_map(|report| &report.findings);
    let refused: Vec<&str> = refused
        .filter(|finding| finding.code == NODE_ROLE_LACKS_EKS_AUTH.code)
        .map(|finding| finding.cause.as_str())
        .collect();
    let is_right = is_served(inventory) && !audit.has_error();
    let is_answered = attached(inventory).is_some()
        || documents.node_grants.iter().any(|grant| matches!(grant, Grant::Allowed | Grant::Denied))
        || documents.simulated.iter().any(|one| one.action().eq_ignore_ascii_case(NODE_ACTION));
    if is_answered || refused.is_empty() && !is_right {
        return Vec::new();
    }
    let decides = !refused.is_empty();
    let open =
        |question: &str, command| Open { question: question.to_owned(), command, account: None, decides, why: None };
    let of_groups = documents.node_groups.iter().filter_map(|group| RoleArn::parse(&group.node_role).ok());
    let mut roles: Vec<(String, String)> =
        of_groups.map(|role| (role.name.clone(), role.partition.iam_region_option())).collect();
    roles.extend(refused.iter().filter_map(|cause| role_that_called(cause)));
    roles.sort();
    roles.dedup();
    if !roles.is_empty() {
        let command = |(name, region): &(String, String)| {
            Command::new(&format!("aws iam list-attached-role-policies{region} --role-name"))
                .value(name)
                .then("--output json")
        };
        let question = "do the policies of the node role allow eks-auth:AssumeRoleForPodIdentity";
        return roles.iter().map(|role| open(question, command(role))).collect();
    }
    let Some(cluster) = inventory.cluster() else { return Vec::new() };
    let question = "which role do the nodes have";
    match &documents.node_group_names {
        None => {
            let command = Command::new("aws eks list-nodegroups --output json --cluster-name").value(cluster);
            vec![open(question, inventory.in_region_of(cluster, command))]
        }
        Some(names) => names
            .iter()
            .take(MAX_GROUPS)
            .map(|name| {
                let command = Command::new("aws eks describe-nodegroup --output json --cluster-name").value(cluster);
                open(question, inventory.in_region_of(cluster, command.then("--nodegroup-name").value(name)))
            })
            .collect(),
    }
}

/// The role's name and the option for its partition: `User: arn:aws:sts::111122223333:assumed-role/NAME/i-0abc is not ...`
fn role_that_called(text: &str) -> Option<(String, String)> {
    let (before, after) = text.split_once(":assumed-role/")?;
    let partition = before.rsplit_once("arn:")?.1.split(':').next().and_then(Partition::from_id)?;
    let name = after.split('/').next().filter(|name| !name.is_empty())?;
    Some((name.to_owned(), partition.iam_region_option()))
}
