//! What the API server refuses for its namespace's sake: pods that it takes without the probe it must take with it. The
//! rules are Kubernetes' own, as their sources have them; the pods go to `target/tmp/admitted`, for the schema.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use super::admission::{INJECT, Policy, namespace, pod};

/// A rule of a namespace: why the pod is refused, or nothing.
type Rule = fn(&Value) -> Vec<String>;

#[test]
fn a_pod_that_the_api_server_accepts_is_accepted_with_the_probe() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("admitted");
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    let restricted = json!({
        "runAsNonRoot": true, "allowPrivilegeEscalation": false, "capabilities": {"drop": ["ALL"]},
        "seccompProfile": {"type": "RuntimeDefault"},
    });
    let limits = |resource: &str| json!({"limits": {resource: "1Gi"}, "requests": {resource: "1Gi"}});
    let rows: [(&str, Rule, Value); 5] = [
        ("restricted", |pod| restricted_refuses(pod), json!({"securityContext": restricted})),
        (
            "restricted-with-uid",
            |pod| restricted_refuses(pod),
            json!({"securityContext": {"runAsUser": 1000, "runAsGroup": 3000, "runAsNonRoot": true,
                "allowPrivilegeEscalation": false, "capabilities": {"drop": ["ALL"]},
                "seccompProfile": {"type": "Localhost", "localhostProfile": "app.json"}}}),
        ),
        ("quota-cpu", |pod| quota_refuses(pod, "limits", "cpu"), json!({"resources": {"limits": {"cpu": "1"}}})),
        (
            "quota-ephemeral-limit",
            |pod| quota_refuses(pod, "limits", "ephemeral-storage"),
            json!({"resources": limits("ephemeral-storage")}),
        ),
        (
            "quota-ephemeral-request",
            |pod| quota_refuses(pod, "requests", "ephemeral-storage"),
            json!({"resources": limits("ephemeral-storage")}),
        ),
    ];
    for (name, refuses, stated) in rows {
        let mut application = pod(json!({}), json!({}));
        json_patch::merge(&mut application["spec"]["containers"][0], &stated);
        assert_eq!(refuses(&application), [""; 0], "{name} without the probe");
        for ((file, kind), mode) in INJECT.into_iter().flat_map(|policy| ["init", "sidecar"].map(|mode| (policy, mode)))
        {
            let labelled = namespace(json!({"irsa-probe/inject": mode}), json!({}));
            let mutated = Policy::load((file, kind)).mutate(&application, &labelled);
            assert_eq!(mutated["spec"]["initContainers"][0]["name"], "irsa-probe");
            assert_eq!(refuses(&mutated), [""; 0], "{name}: {kind} {mode}");
            fs::write(folder.join(format!("{kind}-{mode}-{name}.json")), mutated.to_string()).unwrap();
            // The rule sees the probe: without what was copied, it refuses the pod.
            let mut bare = mutated.clone();
            let probe = bare["spec"]["initContainers"][0].as_object_mut().unwrap();
            probe.remove("securityContext");
            probe.remove("resources");
            assert!(refuses(&bare)[0].contains("irsa-probe"), "{name}: {kind} {mode}");
        }
    }
}

#[test]
fn a_minimum_of_memory_is_met_by_the_settings() {
    let labelled = namespace(json!({"irsa-probe/inject": "init"}), json!({}));
    let mut application = pod(json!({}), json!({}));
    application["spec"]["containers"][0]["resources"] =
        json!({"requests": {"memory": "1Gi"}, "limits": {"memory": "1Gi"}});
    let refused = |policy: &Policy| below_minimum(&policy.mutate(&application, &labelled), "memory", "64Mi");
    // What the page on installation says remains with the defaults.
    assert_eq!(refused(&Policy::load(INJECT[0])).len(), 2);
    let raised = Policy::load(INJECT[0]).with_setting("requests.memory", "64Mi").with_setting("limits.memory", "64Mi");
    assert_eq!(refused(&raised), [""; 0]);
}

/// The settings of one cluster with Kyverno are the defaults of the other.
#[test]
fn both_policies_give_the_same_container() {
    for (labels, mode) in [(json!({}), "init"), (json!({}), "sidecar"), (json!({"irsa-probe/inject": "init"}), "init")]
    {
        let mut application = pod(labels, json!({}));
        application["spec"]["containers"][0]["resources"] = json!({"limits": {"cpu": "1", "ephemeral-storage": "1Gi"},
            "requests": {"ephemeral-storage": "1Gi"}});
        let labelled = namespace(json!({"irsa-probe/inject": mode}), json!({}));
        let [native, kyverno] = INJECT.map(|policy| Policy::load(policy).mutate(&application, &labelled));
        assert_eq!(native, kyverno);
        let resources = &native["spec"]["initContainers"][0]["resources"];
        assert_eq!(
            *resources,
            json!({"requests": {"cpu": "10m", "memory": "16Mi", "ephemeral-storage": "1Mi"},
                "limits": {"memory": "32Mi", "cpu": "100m", "ephemeral-storage": "64Mi"}})
        );
    }
}

fn containers(pod: &Value) -> impl Iterator<Item = &Value> {
    ["containers", "initContainers"].into_iter().flat_map(|list| pod["spec"][list].as_array().into_iter().flatten())
}

/// PodSecurity at the level "restricted", for what a container states about itself (k8s.io/pod-security-admission/policy:
/// check_runAsNonRoot.go, check_runAsUser.go, check_seccompProfile_restricted.go, check_allowPrivilegeEscalation.go,
/// check_capabilities_restricted.go).
fn restricted_refuses(pod: &Value) -> Vec<String> {
    let at_pod = &pod["spec"]["securityContext"];
    let mut refused = Vec::new();
    for container in containers(pod) {
        let own = &container["securityContext"];
        let stated = |field: &str| if own[field].is_null() { &at_pod[field] } else { &own[field] };
        let capabilities = &own["capabilities"];
        let drops = capabilities["drop"].as_array().is_some_and(|drop| drop.contains(&json!("ALL")));
        let adds = capabilities["add"].as_array().is_some_and(|add| add.iter().any(|one| one != "NET_BIND_SERVICE"));
        for (holds, words) in [
            (*stated("runAsNonRoot") == true, "must set securityContext.runAsNonRoot=true"),
            (*stated("runAsUser") != 0, "must not set runAsUser=0"),
            (
                ["RuntimeDefault", "Localhost"].iter().any(|known| stated("seccompProfile")["type"] == *known),
                "must set securityContext.seccompProfile.type to \"RuntimeDefault\" or \"Localhost\"",
            ),
            (own["allowPrivilegeEscalation"] == false, "must set securityContext.allowPrivilegeEscalation=false"),
            (drops && !adds, "must set securityContext.capabilities.drop=[\"ALL\"]"),
        ] {
            if !holds {
                refused.push(format!("container {} {words}", container["name"]));
            }
        }
    }
    refused
}

/// A ResourceQuota on a resource demands it of every container, init containers included (Constraints in
/// pkg/quota/v1/evaluator/core/pods.go: "must specify limits.cpu for: irsa-probe").
fn quota_refuses(pod: &Value, side: &str, resource: &str) -> Vec<String> {
    let lacks = |container: &&Value| {
        let resources = &container["resources"];
        // The API server takes a limit for the request where only the limit is stated.
        resources[side][resource].is_null() && (side == "limits" || resources["limits"][resource].is_null())
    };
    containers(pod)
        .filter(lacks)
        .map(|container| format!("must specify {side}.{resource} for: {}", container["name"]))
        .collect()
}

/// A LimitRange with a minimum (minConstraint in plugin/pkg/admission/limitranger/admission.go): of the request, and of
/// the limit if there is one.
fn below_minimum(pod: &Value, resource: &str, minimum: &str) -> Vec<String> {
    let mut refused = Vec::new();
    for container in containers(pod) {
        for (side, word) in [("requests", "request"), ("limits", "limit")] {
            match container["resources"][side][resource].as_str() {
                Some(stated) if mebibytes(stated) < mebibytes(minimum) => {
                    refused
                        .push(format!("minimum {resource} usage per Container is {minimum}, but {word} is {stated}"));
                }
                None if side == "requests" => refused.push(format!("{}: no request is specified", container["name"])),
                _ => {}
            }
        }
    }
    refused
}

/// Of the two units that these tests use.
fn mebibytes(quantity: &str) -> u64 {
    let number = |unit: &str| quantity.strip_suffix(unit).map(|number| number.parse::<u64>().unwrap());
    number("Mi").or_else(|| number("Gi").map(|gibibytes| gibibytes * 1024)).unwrap()
}
