//! `debug-profile` on pods as a real cluster admitted them.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::disallowed_methods, reason = "a test")]

use irsa_probe::documents::debug_profile::{Choices, DebugProfile, ProfileFault, build};
use serde_json::Value;
use std::fs;

fn profile(name: &str) -> Result<DebugProfile, ProfileFault> {
    build(&admitted(name), &Choices { image: "irsa-probe:1".to_owned(), ..Choices::default() })
}

/// The names of all pods.
fn pods() -> Vec<String> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/webhook");
    let files = fs::read_dir(folder).expect("the pods").flatten();
    let names: Vec<String> =
        files.filter_map(|file| Some(file.file_name().to_str()?.strip_suffix(".out.json")?.to_owned())).collect();
    assert!(names.len() >= 30, "{names:?}");
    names
}

fn admitted(name: &str) -> String {
    let path = format!("{}/tests/webhook/{name}.out.json", env!("CARGO_MANIFEST_DIR"));
    fs::read_to_string(path).expect("a pod")
}

#[test]
fn every_admitted_pod_gets_a_profile_that_kubernetes_takes() {
    for name in pods() {
        let built = profile(&name).expect(&name);
        if name == "windows" {
            assert!(built.command.starts_with("kubectl run --namespace=irsa irsa-probe "), "{}", built.command);
            assert_eq!(built.profile["spec"]["serviceAccountName"], "s3-reader");
            continue;
        }
        let pod: Value = serde_json::from_str(&admitted(&name)).expect("JSON");
        let fields: Vec<&str> = built.profile.as_object().expect("an object").keys().map(String::as_str).collect();
        assert_eq!(fields, ["env", "securityContext", "volumeMounts"], "{name}: no ports, probes, resources, image");
        assert!(!built.script().contains("AKIA"), "{name}");
        let volumes = pod["spec"]["volumes"].as_array().expect("volumes");
        for mount in built.profile["volumeMounts"].as_array().expect("mounts") {
            assert!(volumes.iter().any(|volume| volume["name"] == mount["name"]), "{name}: {mount}");
        }
        let injected = |container: &Value| container.to_string().contains("aws-iam-token");
        let has_token = built.profile["volumeMounts"].to_string().contains("aws-iam-token");
        let containers = pod["spec"]["containers"].as_array().expect("containers");
        assert_eq!(has_token, containers.iter().any(injected), "{name}");
    }
}

#[test]
fn a_pod_with_a_user_and_a_group_gets_them() {
    let built = profile("fsgroup").expect("a profile");
    assert_eq!(
        built.script(),
        r#"# the pod names no group; if that of the image is not 0, the report says so, and what to do
cat > irsa-probe-profile.json <<'END'
{
  "env": [
    {
      "name": "AWS_STS_REGIONAL_ENDPOINTS",
      "value": "regional"
    },
    {
      "name": "AWS_DEFAULT_REGION",
      "value": "eu-west-1"
    },
    {
      "name": "AWS_REGION",
      "value": "eu-west-1"
    },
    {
      "name": "AWS_ROLE_ARN",
      "value": "arn:aws:iam::111122223333:role/s3-reader"
    },
    {
      "name": "AWS_WEB_IDENTITY_TOKEN_FILE",
      "value": "/var/run/secrets/eks.amazonaws.com/serviceaccount/token"
    },
    {
      "name": "IRSA_PROBE_TARGET_PID",
      "value": "auto"
    }
  ],
  "securityContext": {
    "allowPrivilegeEscalation": false,
    "capabilities": {
      "drop": [
        "ALL"
      ]
    },
    "readOnlyRootFilesystem": true,
    "runAsNonRoot": true,
    "runAsUser": 1000,
    "seccompProfile": {
      "type": "RuntimeDefault"
    }
  },
  "volumeMounts": [
    {
      "mountPath": "/var/run/secrets/eks.amazonaws.com/serviceaccount",
      "name": "aws-iam-token",
      "readOnly": true
    }
  ]
}
END
kubectl debug --namespace=irsa fsgroup --stdin --quiet --image=irsa-probe:1 --target=app --profile=restricted --custom=irsa-probe-profile.json
"#
    );
}

#[test]
fn static_keys_stay_behind_and_are_named() {
    let built = profile("env-static-keys").expect("a profile");
    let notes = built.notes.join("\n");
    assert!(
        notes.contains("AWS_ACCESS_KEY_ID is written out") && notes.contains("AWS_SECRET_ACCESS_KEY is"),
        "{notes}"
    );
}
