//! The node role, as which the agent of EKS Pod Identity calls EKS.

mod stand;

use super::association::is_served;
use super::command::Command;
use super::facts;
use super::finding::ObjectFinding;
use super::inventory::Inventory;
use super::result::{Audit, Open};
use super::webhook::is_for_pod_identity;
use crate::aws::arn::RoleArn;
use crate::aws::partition::Partition;
use crate::causes::NODE_ROLE_LACKS_EKS_AUTH;
use crate::documents::{Grant, NODE_ACTION, Permission, PolicyName};
use stand::{GRANTING, Next, Stand, short};
use std::collections::BTreeSet;

/// Policies of AWS that a node role has, and hardly a pod's (EKS user guide, "Amazon EKS node IAM role").
const OF_NODES: [&str; 2] = ["AmazonEC2ContainerRegistryReadOnly", "AmazonEC2ContainerRegistryPullOnly"];
/// More are not asked about: the node groups of a cluster mostly share a role.
const MAX_GROUPS: usize = 3;

/// A role that nodes of the cluster have.
#[derive(Debug)]
struct NodeRole {
    name: String,
    partition: Partition,
    /// A pod in question runs on a node with it.
    is_of_pod: bool,
}

pub(super) fn audit(inventory: &Inventory<'_>, audit: &mut Audit) {
    let documents = inventory.documents;
    let lacks = |object: String, text: String| {
        ObjectFinding::with_facts(&NODE_ROLE_LACKS_EKS_AUTH, object, text, &facts::of(inventory, None))
    };
    for one in documents.simulated.iter().filter(|one| one.action().eq_ignore_ascii_case(NODE_ACTION)) {
        for permitted in one.permissions() {
            let text = format!("the simulation does not allow {}", one.action());
            let finding = lacks("node role".to_owned(), text);
            match permitted.permission {
                Permission::Allowed | Permission::Undecided(_) => {}
                // Policies that allow it on one cluster do not allow it on all.
                Permission::Missing | Permission::Boundary if permitted.resource == "*" => {
                    audit.add(finding.warning());
                }
                _ => audit.add(finding),
            }
        }
    }
    nameless(inventory, audit, lacks);
    for role in roles(inventory) {
        let object = format!("node role {}", role.name);
        let text = match stand::of(documents, &role.name) {
            Stand::Allowed(policy) => {
                audit.facts.push(format!("{object}: {policy} allows {NODE_ACTION}"));
                continue;
            }
            Stand::Denied(policy) => format!("its policy {policy} denies {NODE_ACTION}"),
            Stand::Lacks(policies) if policies.is_empty() => format!("it has no policy that allows {NODE_ACTION}"),
            Stand::Lacks(policies) => format!("none of its policies allows {NODE_ACTION}: {}", policies.join(", ")),
            Stand::Open(_) => continue,
        };
        let mut finding = lacks(object, text);
        finding.finding.diagnosis.fix.commands = vec![command(&role, &Next::Attached).to_string()];
        audit.add(if role.is_of_pod { finding } else { finding.warning() });
    }
}

/// What lists and policies show that do not say whose they are.
fn nameless(inventory: &Inventory<'_>, audit: &mut Audit, lacks: impl Fn(String, String) -> ObjectFinding) {
    let object = "node role".to_owned();
    if is_granted(inventory, Grant::Denied) {
        audit.add(lacks(object.clone(), format!("one of the policies denies {NODE_ACTION}")));
    }
    let attached = || nameless_attached(inventory).map(|arn| short(arn));
    if let Some(granting) = attached().find(|name| GRANTING.contains(name)) {
        audit.facts.push(format!("node role: {granting} allows {NODE_ACTION}"));
    } else if is_granted(inventory, Grant::Allowed) {
        audit.facts.push(format!("one of the policies allows {NODE_ACTION}, which a node role needs"));
    } else if !inventory.associations_in_question().is_empty() && attached().any(|name| OF_NODES.contains(&name)) {
        let text = format!(
            "it has neither {} nor {}: unless another of its policies allows {NODE_ACTION}, no pod of its nodes gets \
             credentials from EKS Pod Identity",
            GRANTING[0], GRANTING[1]
        );
        audit.add(lacks(object, text).warning());
    }
}

fn nameless_attached<'a>(inventory: &Inventory<'a>) -> impl Iterator<Item = &'a String> {
    let listed = inventory.documents.policies.get(&None);
    listed.and_then(|all| all.attached.as_ref()).into_iter().flatten()
}

fn is_granted(inventory: &Inventory<'_>, grant: Grant) -> bool {
    let mut read = inventory.documents.read_policies.iter();
    read.any(|one| one.name == PolicyName::Unknown && one.grant == grant)
}

/// The agent's own error names its role, as far as a probe in a pod saw it.
fn refused<'a>(inventory: &Inventory<'a>) -> Vec<&'a str> {
    let findings = inventory.documents.reports.iter().flat_map(|report| &report.findings);
    let refused = findings.filter(|finding| finding.code == NODE_ROLE_LACKS_EKS_AUTH.code);
    refused.map(|finding| finding.cause.as_str()).collect()
}

/// The roles of the node groups, and the one that the agent's error names.
fn roles(inventory: &Inventory<'_>) -> Vec<NodeRole> {
    let documents = inventory.documents;
    let of_pods: BTreeSet<&str> =
        nodes(inventory).filter_map(|node| documents.node_group_of.get(node)?.as_deref()).collect();
    let of_groups = documents.node_groups.iter().filter_map(|group| {
        let RoleArn { name, partition, .. } = RoleArn::parse(&group.node_role).ok()?;
        Some(NodeRole { name, partition, is_of_pod: of_pods.contains(group.nodegroup_name.as_str()) })
    });
    let mut roles: Vec<NodeRole> =
        refused(inventory).into_iter().filter_map(role_that_called).chain(of_groups).collect();
    // Of the same role twice, the one of the pod.
    roles.sort_by(|one, other| (&one.name, !one.is_of_pod).cmp(&(&other.name, !other.is_of_pod)));
    roles.dedup_by(|one, other| one.name == other.name);
    roles
}

/// The nodes of the pods that have the variables of EKS Pod Identity.
fn nodes<'a>(inventory: &Inventory<'a>) -> impl Iterator<Item = &'a str> {
    let pods = inventory.documents.pods.iter().filter(|pod| is_for_pod_identity(pod));
    pods.filter_map(|pod| pod.node.as_deref())
}

/// Asks for the policies of the node role if the agent's own error names it, or if nothing else of an association is wrong.
pub(super) fn questions(inventory: &Inventory<'_>, audit: &Audit) -> Vec<Open> {
    let documents = inventory.documents;
    let decides = !refused(inventory).is_empty();
    let is_right = is_served(inventory) && !audit.has_error();
    let is_answered = nameless_attached(inventory).any(|arn| GRANTING.contains(&short(arn)))
        || is_granted(inventory, Grant::Allowed)
        || is_granted(inventory, Grant::Denied)
        || documents.simulated.iter().any(|one| one.action().eq_ignore_ascii_case(NODE_ACTION));
    if is_answered || !decides && !is_right {
        return Vec::new();
    }
    let open =
        |question: &str, command| Open { question: question.to_owned(), command, account: None, decides, why: None };
    let roles = roles(inventory);
    let mut all: Vec<Open> =
        groups(inventory, &roles).into_iter().map(|command| open("which role do the nodes have", command)).collect();
    for role in &roles {
        match stand::of(documents, &role.name) {
            Stand::Open(next) => {
                let question = "do the policies of the node role allow eks-auth:AssumeRoleForPodIdentity";
                all.extend(next.iter().map(|next| open(question, command(role, next))));
            }
            Stand::Denied(_) | Stand::Lacks(_) if !role.is_of_pod => {
                let is_unknown = |node: &&str| !documents.node_group_of.contains_key(*node);
                let unknown: BTreeSet<&str> = nodes(inventory).filter(is_unknown).take(MAX_GROUPS).collect();
                let of_node = |node| Command::new("kubectl get node").value(node).then("-o json");
                let question = "is the pod's node in the node group whose role lacks the permission";
                all.extend(unknown.into_iter().map(|node| open(question, of_node(node))));
            }
            Stand::Allowed(_) | Stand::Denied(_) | Stand::Lacks(_) => {}
        }
    }
    all
}

/// The commands that show the roles of node groups: of those of the pods' nodes if they are known, else of the first few.
fn groups(inventory: &Inventory<'_>, roles: &[NodeRole]) -> Vec<Command> {
    let documents = inventory.documents;
    let Some(cluster) = inventory.cluster() else { return Vec::new() };
    let describe = |name: &str| {
        let command = Command::new("aws eks describe-nodegroup --output json --cluster-name").value(cluster);
        inventory.in_region_of(cluster, command.then("--nodegroup-name").value(name))
    };
    let is_unknown = |name: &&str| documents.node_groups.iter().all(|group| group.nodegroup_name != *name);
    let of_pods = nodes(inventory).filter_map(|node| documents.node_group_of.get(node)?.as_deref());
    let of_pods: BTreeSet<&str> = of_pods.filter(is_unknown).take(MAX_GROUPS).collect();
    match &documents.node_group_names {
        _ if !of_pods.is_empty() => of_pods.into_iter().map(describe).collect(),
        _ if !roles.is_empty() => Vec::new(),
        Some(names) => names.iter().take(MAX_GROUPS).map(|name| describe(name)).collect(),
        None => {
            let command = Command::new("aws eks list-nodegroups --output json --cluster-name").value(cluster);
            vec![inventory.in_region_of(cluster, command)]
        }
    }
}

fn command(role: &NodeRole, next: &Next<'_>) -> Command {
    let region = role.partition.iam_region_option();
    let of_role = |operation: &str| Command::new(&format!("aws iam {operation}{region} --role-name")).value(&role.name);
    let of_policy =
        |operation: &str, arn: &str| Command::new(&format!("aws iam {operation}{region} --policy-arn")).value(arn);
    let command = match next {
        Next::Attached => of_role("list-attached-role-policies"),
        Next::Inline => of_role("list-role-policies"),
        Next::Version(arn) => of_policy("get-policy", arn),
        Next::Managed { arn, version } => of_policy("get-policy-version", arn).then("--version-id").value(version),
        Next::InlineNamed(name) => of_role("get-role-policy").then("--policy-name").value(name),
    };
    command.then("--output json")
}

/// The role of the agent's error: `User: arn:aws:sts::111122223333:assumed-role/NAME/i-0abc is not ...`
fn role_that_called(text: &str) -> Option<NodeRole> {
    let (before, after) = text.split_once(":assumed-role/")?;
    let partition = before.rsplit_once("arn:")?.1.split(':').next().and_then(Partition::from_id)?;
    let name = after.split('/').next().filter(|name| !name.is_empty())?.to_owned();
    Some(NodeRole { name, partition, is_of_pod: true })
}
