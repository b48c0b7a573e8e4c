//! `debug-profile` on pods as a real cluster admitted them.

use irsa_probe::documents::debug_profile::{Choices, DebugProfile, ProfileFault, build};
use irsa_probe::text::timestamp::Timestamp;
use serde_json::{Value, json};
use std::fs;

fn profile(name: &str) -> Result<DebugProfile, ProfileFault> {
    let choices = Choices {
        container: None,
        uid: None,
        gid: None,
        image: "irsa-probe:1".to_owned(),
        name: "irsa-probe-x7k2p".to_owned(),
        cluster: Vec::new(),
        now: Timestamp(0),
    };
    build(&admitted(name), &choices)
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
            assert!(built.command.starts_with("kubectl run irsa-probe-x7k2p --namespace=irsa "), "{}", built.command);
            assert_eq!(built.profile["spec"]["serviceAccountName"], "s3-reader");
            continue;
        }
        let pod: Value = serde_json::from_str(&admitted(&name)).expect("JSON");
        let fields: Vec<&str> = built.profile.as_object().expect("an object").keys().map(String::as_str).collect();
        assert_eq!(fields, ["env", "securityContext", "volumeMounts"], "{name}: no ports, probes, resources, image");
        assert!(!built.script.contains("AKIA"), "{name}");
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
fn a_pod_with_a_user_gets_it() {
    let built = profile("fsgroup").expect("a profile");
    assert_eq!(
        built.profile["securityContext"],
        json!({
            "allowPrivilegeEscalation": false,
            "capabilities": { "drop": ["ALL"] },
            "readOnlyRootFilesystem": true,
            "runAsNonRoot": true,
            "runAsUser": 1000,
            "seccompProfile": { "type": "RuntimeDefault" },
        })
    );
    assert_eq!(
        built.command,
        "kubectl debug fsgroup --namespace=irsa --container=irsa-probe-x7k2p --image=irsa-probe:1 --profile=restricted \
         --custom=irsa-probe-profile.json"
    );
}

/// An interactive zsh knows no comments, and a here-document is nothing to paste.
#[test]
fn a_script_is_one_subshell_without_comments() {
    for name in pods() {
        let script = profile(&name).expect(&name).script;
        assert!(script.starts_with("(\n") && script.ends_with("\n)\n"), "{name}: {script}");
        assert!(!script.lines().any(|line| line.trim_start().starts_with('#')), "{name}: {script}");
        assert!(
            !script.contains("<<") && !script.contains("--stdin") && !script.contains("--attach"),
            "{name}: {script}"
        );
    }
}

#[test]
fn static_keys_stay_behind_and_are_named() {
    let built = profile("env-static-keys").expect("a profile");
    let notes = built.notes.join("\n");
    assert!(
        notes.contains("AWS_ACCESS_KEY_ID is a literal value") && notes.contains("AWS_SECRET_ACCESS_KEY is"),
        "{notes}"
    );
}
