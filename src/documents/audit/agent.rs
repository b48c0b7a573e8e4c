//! The agent of EKS Pod Identity: whether it runs, and whether a pod can reach it.

use super::facts;
use super::finding::ObjectFinding;
use super::inventory::Inventory;
use super::result::Audit;
use super::webhook::is_for_pod_identity;
use super::workload::pod_object;
use crate::causes::{AGENT_NOT_RUNNING, AGENT_UNREACHABLE_TIMEOUT};
use crate::documents::{AGENT, Absent, Pod};
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
    let is_absent = |one: &&Absent| matches!(one, Absent::Other(said) if said.contains(AGENT));
    let is_seen = !documents.agent_pods.is_empty() || !documents.agent_sets.is_empty();
    if documents.absent.iter().any(|one| is_absent(&one)) && !is_seen {
        let text = "it is not installed: unless the cluster runs EKS Auto Mode, or the agent was installed in another \
                    way, no pod gets credentials from EKS Pod Identity";
        audit.add(not_running(inventory, object, text.to_owned()));
    }
}

fn sets(inventory: &Inventory<'_>, audit: &mut Audit) {
    for set in &inventory.documents.agent_sets {
        let object = format!("DaemonSet {AGENT}");
        match (set.ready, set.desired) {
            (_, 0) => audit.add(not_running(inventory, object, "no node matches it".to_owned())),
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
                let facts = facts::of(inventory, None);
                ObjectFinding::with_facts(&AGENT_NOT_RUNNING, format!("agent on node {node}"), text, &facts)
            }
            None => finding,
        });
    }
}

/// Why policies block egress to the agent. A warning: whether they apply to traffic to the node depends on the CNI plugin.
fn unreachable(inventory: &Inventory<'_>, pod: &Pod) -> Option<ObjectFinding> {
    let documents = inventory.documents;
    let label = |key: &str| match key {
        NAMESPACE_LABEL => Some(pod.namespace()),
        key => pod.metadata.labels.get(key),
    };
    let policies = documents.network_policies.iter();
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
        "{} select the pod, and {how}: egress to the agent, {address} port {PORT}, is closed",
        names.join(", ")
    );
    let facts = facts::of_pod(inventory, pod);
    Some(ObjectFinding::with_facts(&AGENT_UNREACHABLE_TIMEOUT, pod_object(pod), text, &facts).warning())
}
