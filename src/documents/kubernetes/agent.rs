//! The agent of EKS Pod Identity, as the cluster shows it.

use serde_json::Value;

/// The name of its DaemonSet and add-on, and the value of [`LABEL`] of its pods (aws/eks-pod-identity-agent, chart).
pub(crate) const AGENT: &str = "eks-pod-identity-agent";
const LABEL: &str = "app.kubernetes.io/name";

/// A pod of the agent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AgentPod {
    pub name: String,
    pub node: Option<String>,
    /// Why it is not ready, as the kubelet says it. `None` if it is ready.
    pub fault: Option<String>,
}

/// The agent's DaemonSet: on how many nodes it is to run, and is ready.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AgentSet {
    pub desired: u64,
    pub ready: u64,
}

/// `None` if the pod is not one of the agent.
pub(crate) fn agent_pod(pod: &Value) -> Option<AgentPod> {
    if pod["metadata"]["labels"][LABEL] != AGENT {
        return None;
    }
    let status = &pod["status"];
    let containers = status["containerStatuses"].as_array().map(Vec::as_slice).unwrap_or_default();
    let waits = containers.iter().find_map(|one| one["state"]["waiting"]["reason"].as_str());
    let phase = status["phase"].as_str().unwrap_or("unknown");
    let is_ready = !containers.is_empty() && containers.iter().all(|one| one["ready"] == true);
    Some(AgentPod {
        name: pod["metadata"]["name"].as_str().unwrap_or_default().to_owned(),
        node: pod["spec"]["nodeName"].as_str().map(str::to_owned),
        fault: (!is_ready).then(|| waits.map_or_else(|| format!("phase {phase}, not ready"), str::to_owned)),
    })
}

/// `None` if the DaemonSet is not the agent's, or a manifest without a status.
pub(crate) fn agent_set(set: &Value) -> Option<AgentSet> {
    let status = &set["status"];
    let number = |key: &str| status[key].as_u64();
    (set["metadata"]["name"] == AGENT).then(|| {
        Some(AgentSet { desired: number("desiredNumberScheduled")?, ready: number("numberReady").unwrap_or(0) })
    })?
}
