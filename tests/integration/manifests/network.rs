//! The network policies: what a pod needs gets through.

use serde_json::{Value, json};

use super::document;

/// aws/eks-pod-identity-agent: these addresses, port 80.
#[test]
fn a_pod_reaches_the_agent_of_its_node() {
    let policy = document("deploy/network-policy/egress.yaml", "NetworkPolicy");
    let rules = policy["spec"]["egress"].as_array().expect("rules");
    for cidr in ["169.254.170.23/32", "fd00:ec2::23/128"] {
        let is_for = |rule: &&Value| rule["to"].to_string().contains(&format!("\"{cidr}\""));
        let rule = rules.iter().find(is_for).unwrap_or_else(|| panic!("{cidr} is closed"));
        assert_eq!(rule["ports"], json!([{"protocol": "TCP", "port": 80}]));
    }
    let cilium = document("deploy/network-policy/cilium.yaml", "CiliumNetworkPolicy");
    let rule = &cilium["spec"]["egress"][0];
    assert_eq!(rule["toEntities"], json!(["host"]));
    assert_eq!(rule["toPorts"][0]["ports"], json!([{"protocol": "TCP", "port": "80"}]));
    assert_eq!(cilium["spec"]["endpointSelector"], policy["spec"]["podSelector"], "both are for the same pods");
}
