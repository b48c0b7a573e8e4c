//! Every container of the probe, wherever it is written down: in manifests, in examples, in what the admission policies
//! make. Its arguments are parsed by the program's own command line.

use std::collections::BTreeSet;

use irsa_probe::diagnosis::report::exit;
use serde_json::{Value, json};

use super::admission::{INJECT, Policy, namespace, pod};
use super::documents;
use super::files_below;

/// Killed by the kernel, for its memory.
const KILLED: u64 = 137;

#[test]
fn every_argument_is_one_of_the_programs() {
    for Found { place, container, .. } in probes() {
        let mut arguments = strings(&container["args"]);
        if let Some((program, rest)) = strings(&container["command"]).split_first() {
            assert_eq!(program, "/irsa-probe", "{place}");
            arguments.splice(0..0, rest.to_vec());
        }
        assert!(!arguments.is_empty(), "{place}: says no mode");
        parses(&place, &arguments);
        for probe in ["startupProbe", "livenessProbe", "readinessProbe"] {
            let command = strings(&container[probe]["exec"]["command"]);
            if let Some((program, rest)) = command.split_first() {
                assert_eq!(program, "/irsa-probe", "{place}: {probe}");
                parses(&place, rest);
            }
        }
    }
}

#[test]
fn every_variable_is_one_of_the_programs() {
    let mut known: BTreeSet<String> = BTreeSet::new();
    let mut command = irsa_probe::cli::command();
    command.build();
    for command in std::iter::once(&command).chain(command.get_subcommands()) {
        known.extend(
            command.get_arguments().filter_map(|a| a.get_env()).map(|name| name.to_string_lossy().into_owned()),
        );
    }
    for Found { place, container, .. } in probes() {
        for variable in container["env"].as_array().into_iter().flatten() {
            let name = variable["name"].as_str().unwrap();
            assert!(!name.starts_with("IRSA_PROBE_") || known.contains(name), "{place}: there is no {name}");
        }
    }
}

#[test]
fn every_port_and_path_is_served() {
    for Found { place, container, .. } in probes() {
        let arguments = strings(&container["args"]);
        if arguments.first().map(String::as_str) != Some("serve") {
            assert!(container.get("ports").is_none(), "{place}: listens to nothing");
            continue;
        }
        let listen = arguments.iter().find_map(|argument| argument.strip_prefix("--listen="));
        let port = listen.unwrap_or("[::]:8080").rsplit(':').next().unwrap().to_owned();
        assert_eq!(container["ports"][0]["name"], "irsa-probe", "{place}");
        assert_eq!(container["ports"][0]["containerPort"].to_string(), port, "{place}");
        for (probe, path) in [("livenessProbe", "/livez"), ("readinessProbe", "/readyz"), ("startupProbe", "/readyz")] {
            let get = &container[probe]["httpGet"];
            if get.is_object() {
                assert_eq!((&get["path"], &get["port"]), (&json!(path), &json!("irsa-probe")), "{place}: {probe}");
            }
            if let Some(url) = strings(&container[probe]["exec"]["command"]).get(2) {
                assert_eq!(*url, format!("http://127.0.0.1:{port}"), "{place}: {probe}");
            }
        }
    }
}

/// Where the kubelet backs off by itself, a hold would only keep the verdict out of `kubectl describe`; where
/// restartPolicyRules fail the pod there is no other back-off.
#[test]
fn a_gate_holds_before_exit_code_4_only_where_nothing_else_backs_off() {
    // The patch has no image.
    let recreate =
        &super::document("deploy/components/recreate/recreate.yaml", "Deployment")["spec"]["template"]["spec"];
    let recreate = ("components/recreate".to_owned(), recreate["initContainers"][0].clone());
    let gates = probes().into_iter().map(|found| (found.place, found.container));
    let gates = gates.filter(|(_, container)| strings(&container["args"]).first().is_some_and(|mode| mode == "wait"));
    let mut seen = 0;
    for (place, container) in gates.chain([recreate]) {
        let arguments = strings(&container["args"]);
        let recreates = container["restartPolicyRules"].is_array();
        let variables = container["env"].as_array().into_iter().flatten();
        let stated = variables
            .filter(|variable| variable["name"] == "IRSA_PROBE_RECREATE_HOLD")
            .find_map(|variable| variable["value"].as_str())
            .or_else(|| arguments.iter().find_map(|argument| argument.strip_prefix("--recreate-hold=")));
        assert_eq!(stated, Some(if recreates { "2m" } else { "0s" }), "{place}");
        seen += 1;
    }
    assert!(seen >= 10, "{seen}");
}

/// Old webhooks strip restartPolicy from init containers. With a probe on it the API server refuses what is left,
/// without one the pod would hang.
#[test]
fn no_native_sidecar_is_without_startup_probe() {
    let sidecars = probes().into_iter().filter(|found| found.container["restartPolicy"] == "Always");
    let mut seen = 0;
    for Found { place, container, .. } in sidecars {
        assert!(container["startupProbe"].is_object(), "{place}");
        seen += 1;
    }
    assert!(seen >= 3, "{seen}");
}

#[test]
fn every_probe_is_locked_down_and_small() {
    for Found { place, container, pod } in probes() {
        let context = &container["securityContext"];
        assert_eq!(context["allowPrivilegeEscalation"], false, "{place}");
        assert_eq!(context["readOnlyRootFilesystem"], true, "{place}");
        assert_eq!(context["capabilities"], json!({"drop": ["ALL"]}), "{place}");
        assert_eq!(container["resources"]["requests"]["cpu"], "10m", "{place}");
        let audits = strings(&container["args"]).first().is_some_and(|mode| mode == "audit");
        assert!(audits || container["resources"]["limits"]["memory"] == "32Mi", "{place}");
        // The kubelet derives the token file's mode from the uids of all containers.
        if context["runAsUser"].is_number() {
            let others = pod["containers"].as_array().unwrap();
            assert!(
                others.iter().all(|other| other["securityContext"]["runAsUser"] == context["runAsUser"]),
                "{place}"
            );
        }
    }
}

#[test]
fn exit_codes_are_acted_upon_as_they_are_meant() {
    let mut seen = 0;
    for file in files_below(&["deploy", "examples"], "yaml") {
        for document in documents(&file) {
            visit(&document, &mut |value| {
                let code = |value: &Value| value.as_u64().unwrap();
                let codes = |list: &Value| list.as_array().unwrap().iter().map(code).collect::<Vec<_>>();
                let place = file.display();
                if let Some(rules) = value.get("restartPolicyRules") {
                    // Never in place after the one code for which only a new pod helps.
                    let restart = codes(&rules[0]["exitCodes"]["values"]);
                    let heals = [exit::FIX, exit::USAGE, exit::UNDETERMINED].map(u64::from);
                    assert_eq!(restart, [&heals[..], &[KILLED]].concat(), "{place}");
                    seen += 1;
                }
                if let Some(rules) = value.get("podFailurePolicy").map(|policy| &policy["rules"]) {
                    let [ignore, fail, count] = &rules.as_array().unwrap()[..] else { panic!("{place}") };
                    assert_eq!(ignore["action"], "Ignore");
                    assert_eq!(codes(&fail["onExitCodes"]["values"]), [exit::FIX, exit::USAGE].map(u64::from));
                    assert_eq!(
                        codes(&count["onExitCodes"]["values"]),
                        [exit::UNDETERMINED, exit::RECREATE_POD].map(u64::from)
                    );
                    seen += 1;
                }
                if value["name"] == "RemoveFailedPods" {
                    assert_eq!(codes(&value["args"]["exitCodes"]), [u64::from(exit::RECREATE_POD)], "{place}");
                    seen += 1;
                }
            });
        }
    }
    assert_eq!(seen, 3);
}

#[test]
fn policies_and_components_make_the_same_containers() {
    for (mode, component) in [("init", "init-container"), ("sidecar", "native-sidecar")] {
        let component = format!("deploy/components/{component}/probe.yaml");
        let written =
            super::document(&component, "Deployment")["spec"]["template"]["spec"]["initContainers"][0].clone();
        assert_eq!(written, injected(mode), "{component}");
    }
}

struct Found {
    place: String,
    container: Value,
    /// The pod spec around it.
    pod: Value,
}

fn probes() -> Vec<Found> {
    let mut found = Vec::new();
    for file in files_below(&["deploy", "examples"], "yaml") {
        for document in documents(&file) {
            visit(&document, &mut |value| {
                for list in ["containers", "initContainers"] {
                    for container in value[list].as_array().into_iter().flatten() {
                        let image = container["image"].as_str().unwrap_or_default();
                        if image.contains("/irsa-probe:") {
                            let place = format!("{} {}", file.display(), container["name"]);
                            found.push(Found { place, container: container.clone(), pod: value.clone() });
                        }
                    }
                }
            });
        }
    }
    for mode in ["init", "sidecar"] {
        found.push(Found { place: format!("admission {mode}"), container: injected(mode), pod: Value::Null });
        let by_namespace = namespace(json!({"irsa-probe/inject": mode}), json!({}));
        let container = Policy::load(INJECT[0]).mutate(&pod(json!({}), json!({})), &by_namespace);
        let container = container["spec"]["initContainers"][0].clone();
        found.push(Found { place: format!("admission {mode} by namespace"), container, pod: Value::Null });
    }
    assert!(found.len() >= 16, "only {} probes found", found.len());
    found
}

fn injected(mode: &str) -> Value {
    let labelled = pod(json!({"irsa-probe/inject": mode}), json!({}));
    Policy::load(INJECT[0]).mutate(&labelled, &namespace(json!({}), json!({})))["spec"]["initContainers"][0].clone()
}

fn parses(place: &str, arguments: &[String]) {
    let line = std::iter::once("irsa-probe").chain(arguments.iter().map(String::as_str));
    if let Err(error) = irsa_probe::cli::command().try_get_matches_from(line) {
        panic!("{place}: {error}");
    }
}

fn visit(value: &Value, run: &mut impl FnMut(&Value)) {
    run(value);
    match value {
        Value::Array(items) => items.iter().for_each(|item| visit(item, run)),
        Value::Object(fields) => fields.values().for_each(|field| visit(field, run)),
        _ => {}
    }
}

fn strings(list: &Value) -> Vec<String> {
    list.as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
}
