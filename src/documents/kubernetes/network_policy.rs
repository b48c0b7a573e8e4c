//! Network policies, reduced to egress to one address of the node.

use super::metadata::Metadata;
use super::webhook::Selector;
use ipnet::IpNet;
use serde::Deserialize;
use serde_json::Value;
use std::net::IpAddr;

/// A `NetworkPolicy` of Kubernetes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct NetworkPolicy {
    pub metadata: Metadata,
    spec: Spec,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Spec {
    pod_selector: Selector,
    policy_types: Vec<String>,
    egress: Vec<Rule>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
struct Rule {
    to: Vec<Peer>,
    ports: Vec<Port>,
}

/// Pods and namespaces are left out: the agent is in the network of the host.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Peer {
    ip_block: Option<IpBlock>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
struct IpBlock {
    cidr: String,
    except: Vec<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Port {
    protocol: Option<String>,
    /// A number, or the name of a port of pods.
    port: Option<Value>,
    end_port: Option<u64>,
}

impl NetworkPolicy {
    /// Whether it restricts the egress of pods with these labels. Source: "Network Policies" of the Kubernetes
    /// documentation; without `policyTypes`, egress rules make it one for egress.
    pub fn restricts<'l>(&self, label: impl Fn(&str) -> Option<&'l str>) -> bool {
        let spec = &self.spec;
        let is_for_egress = match spec.policy_types.is_empty() {
            true => !spec.egress.is_empty(),
            false => spec.policy_types.iter().any(|one| one == "Egress"),
        };
        is_for_egress && spec.pod_selector.fits(label)
    }

    /// Whether a rule allows TCP to this address. `by_address` is false where blocks of addresses do not match the node.
    pub fn allows(&self, address: IpAddr, port: u64, by_address: bool) -> bool {
        let peer = |peer: &Peer| by_address && peer.ip_block.as_ref().is_some_and(|block| block.contains(address));
        self.spec.egress.iter().any(|rule| {
            (rule.to.is_empty() || rule.to.iter().any(peer))
                && (rule.ports.is_empty() || rule.ports.iter().any(|one| one.contains(port)))
        })
    }
}

impl IpBlock {
    fn contains(&self, address: IpAddr) -> bool {
        let within = |cidr: &String| cidr.parse::<IpNet>().is_ok_and(|net| net.contains(&address));
        within(&self.cidr) && !self.except.iter().any(within)
    }
}

impl Port {
    fn contains(&self, wanted: u64) -> bool {
        let is_tcp = self.protocol.as_deref().is_none_or(|protocol| protocol == "TCP");
        is_tcp
            && match self.port.as_ref().map(Value::as_u64) {
                None => true,
                Some(Some(first)) => (first..=self.end_port.unwrap_or(first)).contains(&wanted),
                Some(None) => false,
            }
    }
}
