//! Kubernetes objects, reduced to what decides about a pod's role: a cluster has many pods. A missing field has its default.

mod agent;
mod cilium;
mod config_map;
mod env;
mod metadata;
mod network_policy;
mod partial;
mod pod;
mod spark;
mod webhook;
mod workload;

pub(crate) use agent::{AGENT, AgentPod, AgentSet};
pub(super) use agent::{agent_pod, agent_set};
pub(crate) use cilium::CiliumPolicy;
pub(crate) use config_map::ConfigMap;
pub(crate) use metadata::{Metadata, Owner};
pub(crate) use network_policy::NetworkPolicy;
pub(super) use pod::waits;
pub(crate) use pod::{Container, Origin, Pod, PodSpec, ServiceAccount, Volume};
pub(super) use spark::spark_pods;
pub(crate) use webhook::{Webhook, WebhookConfiguration};
pub(super) use workload::{has_ended, template};
