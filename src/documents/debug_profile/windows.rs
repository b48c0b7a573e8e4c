//! A pod on Windows: the probe runs on Linux, with the same service account, but not in the same container.

use super::env;
use super::pointer::text;
use super::profile::{Choices, DebugProfile};
use super::script::Create;
use serde_json::{Value, json};

/// The user of the probe's image. As user *and* as `fsGroup`, it may read the token.
const USER: i64 = 65532;

pub(super) fn is_on_windows(pod: &Value) -> bool {
    text(pod, "/spec/os/name") == "windows" || text(pod, "/spec/nodeSelector/kubernetes.io~1os") == "windows"
}

/// The variables for the connection to STS. The webhook adds role and token, but neither if one is already set.
const STS_VARIABLES: &[&str] = &[
    "AWS_REGION",
    "AWS_DEFAULT_REGION",
    "AWS_STS_REGIONAL_ENDPOINTS",
    "AWS_USE_FIPS_ENDPOINT",
    "AWS_USE_DUALSTACK_ENDPOINT",
    "AWS_ENDPOINT_URL",
    "AWS_ENDPOINT_URL_STS",
    "HTTPS_PROXY",
    "https_proxy",
    "NO_PROXY",
    "no_proxy",
];

/// A separate pod on a Linux node: the webhook adds role, token and region as it did for the Windows pod.
pub(super) fn stand_in(pod: &Value, container: &Value, choices: &Choices, mut notes: Vec<String>) -> DebugProfile {
    notes.push(
        "this pod runs on Windows and irsa-probe on Linux, so this creates a pod on a Linux node with the same service \
         account; it shows whether the role, its trust policy, the OIDC provider and STS agree"
            .to_owned(),
    );
    notes.push(
        "it does not show what the Windows container got; for that, pipe the pod into irsa-probe audit -".to_owned(),
    );
    let env = env::of(container, STS_VARIABLES, &mut notes);
    let profile = json!({ "spec": {
        "containers": [{
            "name": choices.name,
            "env": env,
            "securityContext": {
                "allowPrivilegeEscalation": false,
                "capabilities": { "drop": ["ALL"] },
                "readOnlyRootFilesystem": true,
            },
        }],
        "nodeSelector": { "kubernetes.io/os": "linux" },
        "securityContext": {
            "fsGroup": USER,
            "runAsNonRoot": true,
            "runAsUser": USER,
            "seccompProfile": { "type": "RuntimeDefault" },
        },
        "serviceAccountName": text(pod, "/spec/serviceAccountName"),
    } });
    let create = Create::run(pod, choices);
    DebugProfile {
        command: create.command(),
        script: create.script(&profile, &notes),
        target: None,
        kubectl_profile: None,
        profile,
        notes,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::documents::debug_profile::build;

    #[test]
    fn a_pod_on_windows_gets_a_pod_on_linux_with_its_service_account() {
        for on_windows in
            [json!({ "os": { "name": "windows" } }), json!({ "nodeSelector": { "kubernetes.io/os": "windows" } })]
        {
            let mut spec = on_windows;
            spec["serviceAccountName"] = json!("checkout");
            spec["containers"] = json!([{ "name": "app", "env": [
                { "name": "AWS_ROLE_ARN", "value": "arn:aws:iam::111122223333:role/a" },
                { "name": "AWS_WEB_IDENTITY_TOKEN_FILE", "value": "C:\\token" },
                { "name": "AWS_REGION", "value": "eu-west-1" },
                { "name": "HTTPS_PROXY", "value": "http://me:hunter2@proxy" },
            ] }]);
            let pod = json!({ "kind": "Pod", "metadata": { "name": "shop", "namespace": "$(date)" }, "spec": spec });
            let built = build(&pod.to_string(), &Choices::example()).expect("a profile");
            assert_eq!(
                built.command,
                "kubectl run irsa-probe-x7k2p --namespace='$(date)' --restart=Never --image=irsa-probe:1 \
                 --override-type=strategic --overrides=\"$(cat irsa-probe-profile.json)\""
            );
            let spec = &built.profile["spec"];
            assert_eq!(spec["serviceAccountName"], "checkout");
            assert_eq!(spec["nodeSelector"]["kubernetes.io/os"], "linux");
            assert_eq!(spec["containers"][0]["env"], json!([{ "name": "AWS_REGION", "value": "eu-west-1" }]));
            assert!(!built.script.contains("hunter2"));
            assert!(built.notes.iter().any(|note| note.contains("runs on Windows")), "{:?}", built.notes);
        }
    }
}
