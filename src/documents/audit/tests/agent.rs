//! The agent of EKS Pod Identity: whether it is there and can be reached.

use super::faults::*;
use super::pod_identity::{association, codes, eks_role, pod_identity_pod};
use serde_json::{Value, json};

#[test]
fn an_agent_that_does_not_run_is_found_wherever_it_shows() {
    let addon = |status: &str, issues: Value| {
        json!({"addon": {"addonName": "eks-pod-identity-agent", "clusterName": "prod", "status": status,
            "health": {"issues": issues}}})
    };
    let set = |ready: u64| {
        json!({"kind": "DaemonSet", "metadata": {"name": "eks-pod-identity-agent", "namespace": "kube-system"},
            "spec": {"template": {"spec": {"containers": [{"name": "agent"}]}}},
            "status": {"desiredNumberScheduled": 3, "numberReady": ready}})
    };
    let agent = |node: &str, ready: bool| {
        json!({"kind": "Pod", "metadata": {"name": "agent-1", "namespace": "kube-system", "uid": "2",
            "labels": {"app.kubernetes.io/name": "eks-pod-identity-agent"}},
            "spec": {"nodeName": node, "containers": [{"name": "agent"}]},
            "status": {"phase": "Running", "containerStatuses": [
                {"ready": ready, "state": {"waiting": {"reason": "CrashLoopBackOff"}}}]}})
    };
    let pod = |node: &str| with(pod_identity_pod(), |pod| pod["spec"]["nodeName"] = node.into());
    for (what, document, found, exit_code) in [
        ("active", addon("ACTIVE", json!([])), false, 0),
        ("degraded", addon("DEGRADED", json!([{"code": "InsufficientNumberOfReplicas", "message": "m"}])), true, 0),
        ("all ready", set(3), false, 0),
        ("some ready", set(2), true, 0),
        ("ready here", agent("n1", true), false, 0),
        ("crashes elsewhere", agent("n2", false), true, 0),
        ("crashes here", agent("n1", false), true, 1),
    ] {
        let audit = audited(&[pod("n1"), document]);
        assert_eq!(codes(&audit), if found { vec!["agent-not-running"] } else { vec![] }, "{what}");
        assert_eq!(audit.exit_code(), exit_code, "{what}");
        assert_eq!(audit.pods.len(), 1, "{what}: the agent is not judged as a pod with a role");
    }
    // Nodes that the DaemonSet leaves out have another agent.
    for (node, exit_code) in [("ip-10-0-1-7.eu-west-1.compute.internal", 1), ("i-0abc", 0), ("edge-7", 0)] {
        let audit = audited(&[pod(node), set(0)]);
        assert_eq!((codes(&audit), audit.exit_code()), (vec!["agent-not-running"], exit_code), "{node}");
    }
}

#[test]
fn an_add_on_that_is_not_installed_is_not_an_agent_that_is_missing() {
    let read = |text: &str| {
        let role = eks_role(json!(["sts:AssumeRole", "sts:TagSession"]), json!({}));
        let documents = [pod_identity_pod(), association(json!("2026-11-20T00:00:00Z")), role];
        let audit = audited_with(&documents, text);
        let asked: Vec<String> = audit.open.iter().map(|one| one.command.to_string()).collect();
        let has = |part: &str| asked.iter().any(|one| one.contains(part));
        (codes(&audit).join(" "), has("describe-addon"), has("get daemonset"), has("describe-cluster"))
    };
    let lacks = |text: &str| {
        format!(
            "An error occurred (ResourceNotFoundException) when calling the DescribeAddon operation: No addon: \
             eks-pod-identity-agent found in cluster: prod\n{text}"
        )
    };
    let described = |enabled: bool| {
        json!({"cluster": {"name": "prod", "arn": "arn:aws:eks:eu-west-1:111122223333:cluster/prod",
            "identity": {"oidc": {"issuer": "https://x"}}, "computeConfig": {"enabled": enabled}}})
    };
    let none = "Error from server (NotFound): daemonsets.apps \"eks-pod-identity-agent\" not found";
    let missing = || "agent-not-running".to_owned();
    assert_eq!(read("{}"), (String::new(), true, false, false));
    assert_eq!(read(&lacks("")), (missing(), false, true, true));
    assert_eq!(read(&lacks(none)), (missing(), false, false, true));
    assert_eq!(read(&lacks(&format!("{none}\n{}", described(false)))), (missing(), false, false, false));
    assert_eq!(read(&lacks(&format!("{none}\n{}", described(true)))).0, "");
}

#[test]
fn a_network_policy_that_closes_the_agent_is_a_warning() {
    let policy = |egress: Value| {
        json!({"kind": "NetworkPolicy", "metadata": {"name": "np", "namespace": "payments"},
            "spec": {"podSelector": {}, "policyTypes": ["Egress"], "egress": egress}})
    };
    let cilium = |egress: Value| {
        json!({"kind": "CiliumNetworkPolicy", "metadata": {"name": "cnp", "namespace": "payments"},
            "spec": {"endpointSelector": {"matchLabels": {"k8s:io.kubernetes.pod.namespace": "payments"}}, "egress": egress}})
    };
    let block = |cidr: &str| json!([{"to": [{"ipBlock": {"cidr": cidr}}], "ports": [{"protocol": "TCP", "port": 80}]}]);
    let host = || json!([{"toEntities": ["host"], "toPorts": [{"ports": [{"port": "80", "protocol": "TCP"}]}]}]);
    let elsewhere = with(policy(json!([])), |one| one["metadata"]["namespace"] = "shop".into());
    let ingress = with(policy(json!([])), |one| one["spec"]["policyTypes"] = json!(["Ingress"]));
    let others = with(policy(json!([])), |one| one["spec"]["podSelector"] = json!({"matchLabels": {"app": "x"}}));
    let metadata = json!([{"to": [{"ipBlock": {"cidr": "0.0.0.0/0", "except": ["169.254.0.0/16"]}}]}]);
    for (what, documents, is_closed) in [
        ("nothing is allowed", vec![policy(json!([]))], true),
        ("only DNS", vec![policy(json!([{"ports": [{"protocol": "UDP", "port": 53}]}]))], true),
        ("443 to everywhere", vec![policy(json!([{"ports": [{"port": 443}]}]))], true),
        ("link-local is excluded", vec![policy(metadata)], true),
        ("the agent", vec![policy(block("169.254.170.23/32"))], false),
        ("everything", vec![policy(json!([{}]))], false),
        ("a range of ports", vec![policy(json!([{"ports": [{"port": 1, "endPort": 1024}]}]))], false),
        ("another policy allows it", vec![policy(json!([])), policy(block("169.254.170.23/32"))], false),
        ("another namespace", vec![elsewhere], false),
        ("ingress only", vec![ingress], false),
        ("other pods", vec![others], false),
        ("Cilium's, the host", vec![cilium(host())], false),
        ("Cilium's, an address", vec![cilium(json!([{"toCIDR": ["169.254.170.23/32"]}]))], true),
        ("an address, with Cilium", vec![policy(block("169.254.170.23/32")), cilium(json!([]))], true),
        ("an address and the host, with Cilium", vec![policy(json!([])), cilium(host())], false),
        ("Cilium's, any destination", vec![cilium(json!([{"toPorts": [{"ports": [{"port": "80"}]}]}]))], false),
    ] {
        let audit = audited(&[vec![pod_identity_pod()], documents].concat());
        assert_eq!(codes(&audit), if is_closed { vec!["agent-unreachable-timeout"] } else { vec![] }, "{what}");
        assert_eq!(audit.exit_code(), 0, "{what}");
    }
}
