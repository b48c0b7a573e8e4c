//! Network policies of Cilium, reduced to egress to the node.
//!
//! Source: "Layer 3 Policies" and "Layer 4 Policies" of the Cilium documentation: the node is the entity `host`, which no
//! CIDR matches.

use super::metadata::Metadata;
use super::webhook::Selector;
use serde::Deserialize;
use serde_json::{Map, Value};

/// A `CiliumNetworkPolicy`, or a `CiliumClusterwideNetworkPolicy`, which has no namespace.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct CiliumPolicy {
    pub metadata: Metadata,
    spec: Option<Spec>,
    specs: Vec<Spec>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Spec {
    endpoint_selector: Option<Selector>,
    egress: Option<Vec<Rule>>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Rule {
    to_entities: Vec<String>,
    to_ports: Vec<Ports>,
    /// `toCIDR`, `toEndpoints` and others.
    #[serde(flatten)]
    others: Map<String, Value>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
struct Ports {
    ports: Vec<Port>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
struct Port {
    port: String,
    protocol: Option<String>,
}

impl CiliumPolicy {
    /// Whether it restricts the egress of pods with these labels.
    pub fn restricts<'l>(&self, label: impl Fn(&str) -> Option<&'l str>) -> bool {
        let plain = |key: &str| label(key.strip_prefix("k8s:").unwrap_or(key));
        let selects = |spec: &Spec| spec.endpoint_selector.as_ref().is_some_and(|selector| selector.fits(plain));
        self.specs().any(|spec| spec.egress.is_some() && selects(spec))
    }

    /// Whether a rule allows TCP to the node at this port.
    pub fn allows_host(&self, port: &str) -> bool {
        self.specs().flat_map(|spec| spec.egress.iter().flatten()).any(|rule| rule.allows_host(port))
    }

    fn specs(&self) -> impl Iterator<Item = &Spec> {
        self.spec.iter().chain(&self.specs)
    }
}

impl Rule {
    fn allows_host(&self, port: &str) -> bool {
        let names_host = self.to_entities.iter().any(|entity| ["host", "cluster", "all"].contains(&entity.as_str()));
        let is_anywhere = self.to_entities.is_empty() && !self.others.keys().any(|key| key.starts_with("to"));
        let is_tcp = |one: &Port| one.protocol.as_deref().is_none_or(|protocol| ["TCP", "ANY"].contains(&protocol));
        let fits = |one: &Port| (one.port == port || one.port == "0") && is_tcp(one);
        let mut ports = self.to_ports.iter();
        (names_host || is_anywhere)
            && (self.to_ports.is_empty() || ports.any(|all| all.ports.is_empty() || all.ports.iter().any(fits)))
    }
}
