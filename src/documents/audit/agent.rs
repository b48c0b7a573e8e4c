//! The agent of EKS Pod Identity: whether it runs, and whether a pod can reach it.

use super::association::is_served;
use super::command::Command;
use super::facts;
use super::finding::ObjectFinding;
use super::inventory::Inventory;
use super::open::BY_NAME;
use super::result::{Audit, Open};
use super::webhook::is_for_pod_identity;
use super::workload::pod_object;
use crate::causes::agent::SHOW_AGENT_PODS;
use crate::causes::{AGENT_NOT_RUNNING, AGENT_UNREACHABLE_TIMEOUT, Fix};
use crate::documents::{AGENT, Absent, Cluster, Documents, Pod};
use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// The agent's addresses and port (aws/eks-pod-identity-agent).
const V4: IpAddr = IpAddr::V4(Ipv4Addr::new(169, 254, 170, 23));
const V6: IpAddr = IpAddr::V6(Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x23));
const PORT: u64 = 80;
/// Cilium writes the namespace of a pod as this label.
const NAMESPACE_LABEL: &str = "io.kubernetes.pod.namespace";

pub(super) fn audit(inventory: &Inventory<'_>, audit: &mut Audit) {
    addon(inventory, audit);
    sets(inventory, audit);
    pods(inventory, audit);
    for pod in inventory.documents.pods.iter().filter(|pod| is_for_pod_identity(pod)) {
        unreachable(inventory, pod).into_iter().for_each(|finding| audit.add(finding));
    }
}

fn not_running(inventory: &Inventory<'_>, object: String, text: String) -> ObjectFinding {
    ObjectFinding::with_facts(&AGENT_NOT_RUNNING, object, text, &facts::of(inventory, None)).warning()
}

/// Of the add-on, and of the DaemonSet that the add-on or a chart creates.
fn is_absent(inventory: &Inventory<'_>, code: &str) -> bool {
    let is_it = |one: &Absent| matches!(one, Absent::Other(said) if said.contains(code) && said.contains(AGENT));
    inventory.documents.absent.iter().any(is_it)
}

/// EKS says that the cluster has no such add-on. The agent may be there all the same.
fn lacks_addon(inventory: &Inventory<'_>) -> bool {
    is_absent(inventory, "(ResourceNotFoundException)")
}

fn lacks_set(inventory: &Inventory<'_>) -> bool {
    is_absent(inventory, "(NotFound)")
}

fn is_seen(documents: &Documents) -> bool {
    !documents.agent_pods.is_empty() || !documents.agent_sets.is_empty()
}

fn addon(inventory: &Inventory<'_>, audit: &mut Audit) {
    let documents = inventory.documents;
    let object = format!("add-on {AGENT}");
    for addon in documents.addons.iter().filter(|addon| addon.addon_name == AGENT) {
        let issues: Vec<String> =
            addon.health.issues.iter().map(|issue| format!("{}: {}", issue.code, issue.message)).collect();
        match issues.is_empty() && ["ACTIVE", "CREATING", "UPDATING"].contains(&addon.status.as_str()) {
            true => audit.facts.push(format!("{object}: {}", addon.status)),
            false => {
                let text = format!("its status is {}; {}", addon.status, issues.join("; "));
                let text = text.trim_end_matches("; ").to_owned();
                audit.add(not_running(inventory, object.clone(), text));
            }
        }
    }
    if documents.clusters.iter().any(Cluster::has_auto_mode) {
        audit.facts.push("the cluster runs EKS Auto Mode, whose nodes have the agent of EKS Pod Identity".to_owned());
    } else if lacks_addon(inventory) && !is_seen(documents) {
        let also = match lacks_set(inventory) {
            true => ", and kube-system has no DaemonSet of that name: unless the agent has another one here",
            false => ": unless the cluster runs EKS Auto Mode, or the agent was installed in another way",
        };
        let text = format!("it is not installed{also}, no pod gets credentials from EKS Pod Identity");
        let fix = format!("If no node has a pod of the agent, install the add-on {AGENT} (aws eks create-addon).");
        let fix = Fix::new(fix).command(SHOW_AGENT_PODS);
        audit.add(ObjectFinding::new(&AGENT_NOT_RUNNING, object, text, fix).warning());
    }
}

/// Where no pod of the agent is ready, no pod of the nodes that it is meant for gets credentials.
fn sets(inventory: &Inventory<'_>, audit: &mut Audit) {
    for set in &inventory.documents.agent_sets {
        let object = format!("DaemonSet {AGENT}");
        match (set.ready, set.desired) {
            (_, 0) => audit.add(not_running(inventory, object, "no node matches it".to_owned())),
            (0, desired) => {
                let text = format!("none of its {desired} pods is ready");
                let finding = not_running(inventory, object, text);
                let mut pods = inventory.documents.pods.iter().filter(|pod| is_for_pod_identity(pod));
                audit.add(if pods.any(is_on_its_node) { finding.error() } else { finding });
            }
            (ready, desired) if ready < desired => {
                let text = format!("it is ready on {ready} of {desired} nodes");
                audit.add(not_running(inventory, object, text));
            }
            (ready, _) => audit.facts.push(format!("{object}: ready on all {ready} nodes")),
        }
    }
}

/// A pod of the agent that is not ready is an error for the pods of its node.
fn pods(inventory: &Inventory<'_>, audit: &mut Audit) {
    let on = |node: &str| {
        let mut pods = inventory.documents.pods.iter();
        pods.find(|pod| pod.node.as_deref() == Some(node) && is_for_pod_identity(pod))
    };
    for agent in &inventory.documents.agent_pods {
        let Some(fault) = &agent.fault else { continue };
        let node = agent.node.as_deref().unwrap_or("(none)");
        let text = format!("the agent's pod {} on node {node} is not ready: {fault}", agent.name);
        let finding = not_running(inventory, format!("agent on node {node}"), text.clone());
        audit.add(match agent.node.as_deref().and_then(on) {
            Some(pod) => {
                let text = format!("{text}; {} is on that node", pod_object(pod));
                not_running(inventory, format!("agent on node {node}"), text).error()
            }
            None => finding,
        });
    }
}

/// Nodes of EKS Auto Mode (`i-...`) have an agent of their own, and hybrid nodes, of any name, another DaemonSet. Those that
/// are named by their address are neither. Source: EKS user guide, "Analyze CIS compliance with kubectl debug" and "Add-ons
/// for hybrid nodes".
fn is_on_its_node(pod: &Pod) -> bool {
    pod.node.as_deref().is_some_and(|node| node.starts_with("ip-"))
}

/// What shows whether the agent is there, and whether the pods can reach it.
pub(super) fn questions(inventory: &Inventory<'_>, audit: &Audit) -> Vec<Open> {
    let Some(association) = inventory.associations_in_question().into_iter().next() else { return Vec::new() };
    let mut all = installed(inventory, &association.cluster_name);
    let documents = inventory.documents;
    let is_open = documents.network_policies.is_none() && documents.cilium_policies.is_empty();
    if is_open && documents.empty_lists == 0 && is_served(inventory) && !audit.has_error() {
        let pods = documents.pods.iter().filter(|pod| is_for_pod_identity(pod));
        let namespaces: BTreeSet<&str> = pods.map(Pod::namespace).collect();
        let question = "does a network policy block egress to the agent of EKS Pod Identity";
        let list = Command::new("kubectl get networkpolicies");
        match namespaces.len() {
            ..=BY_NAME => all.extend(
                namespaces
                    .iter()
                    .map(|namespace| open(question, list.clone().then("-n").value(namespace).then("-o json"), false)),
            ),
            _ => all.push(open(question, list.then("-A -o json"), false)),
        }
    }
    all
}

fn open(question: &str, command: Command, decides: bool) -> Open {
    Open { question: question.to_owned(), command, account: None, decides, why: None }
}

fn installed(inventory: &Inventory<'_>, cluster: &str) -> Vec<Open> {
    let documents = inventory.documents;
    if is_seen(documents) {
        return Vec::new();
    }
    if !lacks_addon(inventory) {
        let command = Command::new("aws eks describe-addon --output json --cluster-name").value(cluster);
        let command = inventory.in_region_of(cluster, command.then("--addon-name").value(AGENT));
        let unknown = documents.addons.is_empty();
        return Vec::from_iter(unknown.then(|| open("is the agent of EKS Pod Identity installed", command, true)));
    }
    let mut all = Vec::new();
    if !lacks_set(inventory) {
        let command = Command::new("kubectl get daemonset").value(AGENT).then("-n kube-system -o json");
        all.push(open("was the agent of EKS Pod Identity installed without the add-on", command, false));
    }
    if !documents.clusters.iter().any(Cluster::is_described) {
        let command = Command::new("aws eks describe-cluster --name").value(cluster);
        let command = inventory.in_region_of(cluster, command).then("--output json");
        all.push(open("does the cluster run EKS Auto Mode, which has the agent built in", command, false));
    }
    all
}

/// Why policies block egress to the agent. A warning: whether they apply to traffic to the node depends on the CNI plugin.
fn unreachable(inventory: &Inventory<'_>, pod: &Pod) -> Option<ObjectFinding> {
    let documents = inventory.documents;
    let label = |key: &str| match key {
        NAMESPACE_LABEL => Some(pod.namespace()),
        key => pod.metadata.labels.get(key),
    };
    let policies = documents.network_policies.iter().flatten();
    let policies = policies.filter(|one| one.metadata.namespace.as_deref().unwrap_or("default") == pod.namespace());
    let policies: Vec<_> = policies.filter(|one| one.restricts(label)).collect();
    let is_here = |namespace: Option<&str>| namespace.is_none_or(|namespace| namespace == pod.namespace());
    let of_cilium = documents.cilium_policies.iter().filter(|one| is_here(one.metadata.namespace.as_deref()));
    let of_cilium: Vec<_> = of_cilium.filter(|one| one.restricts(label)).collect();
    let has_cilium = !documents.cilium_policies.is_empty();
    let is_v6 = pod.containers().any(|container| {
        container.value("AWS_CONTAINER_CREDENTIALS_FULL_URI").is_some_and(|uri| uri.contains("[fd00:ec2::23]"))
    });
    let address = if is_v6 { V6 } else { V4 };
    let is_open = policies.iter().any(|one| one.allows(address, PORT, !has_cilium))
        || of_cilium.iter().any(|one| one.allows_host(&PORT.to_string()));
    let kubernetes = policies.iter().map(|one| format!("NetworkPolicy {}", one.metadata.name));
    let cilium = of_cilium.iter().map(|one| format!("CiliumNetworkPolicy {}", one.metadata.name));
    let names: Vec<String> = kubernetes.chain(cilium).collect();
    if is_open || names.is_empty() {
        return None;
    }
    let how = if has_cilium { "no rule has toEntities: [host]" } else { "no rule allows it" };
    let text = format!(
        "{} {} the pod, and {how}: egress to the agent, {address} port {PORT}, is closed",
        names.join(", "),
        if names.len() == 1 { "selects" } else { "select" }
    );
    let facts = facts::of_pod(inventory, pod);
    Some(ObjectFinding::with_facts(&AGENT_UNREACHABLE_TIMEOUT, pod_object(pod), text, &facts).warning())
}
