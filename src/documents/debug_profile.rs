//! A script that runs the probe next to an application with `kubectl debug`, with the application's variables, token
//! mount, user and group.
//!
//! By default an ephemeral container has none of these. It never has ports, probes or resources. Sources: Kubernetes,
//! "Ephemeral Containers"; `kubectl debug --help` (`--custom`, `--profile`).

mod command;
mod container;
mod env;
mod pointer;
mod profile;
mod run;
mod script;
mod security;
mod state;
mod windows;

pub use command::command_for;
pub use profile::{Choices, DebugProfile, FILE, ProfileFault};
pub use run::Run;

use crate::probe::evidence::VARIABLES;
use pointer::{list, text};
use security::User;
use serde_json::{Map, Value};
use state::State;

/// Reads what `kubectl get pod NAME --output json` prints.
///
/// # Errors
/// The text is not one pod, or no debug container can start in it.
pub fn build(pod: &str, choices: &Choices) -> Result<DebugProfile, ProfileFault> {
    let document: Value = serde_json::from_str(pod).map_err(|error| ProfileFault::NotJson(error.to_string()))?;
    let pod = single_pod(&document)?;
    let container = container::choose(pod, choices.container.as_deref())?;
    let mut notes = Vec::new();
    if let (None, more @ [_, _, ..]) = (&choices.container, list(pod, "/spec/containers")) {
        let names: Vec<&str> = more.iter().map(|container| text(container, "/name")).collect();
        notes.push(format!(
            "checks container {} of {}; --container chooses another",
            text(container, "/name"),
            names.join(", ")
        ));
    }
    if windows::is_on_windows(pod) {
        return Ok(windows::stand_in(pod, container, choices, notes));
    }
    if let Some(why) = state::refusal(pod) {
        return Err(ProfileFault::CannotStart(why));
    }
    let state = State::of(pod, container, choices.now);
    let target = match &state {
        State::Running => Some(text(container, "/name")),
        State::NotRunning(_) => None,
    };
    notes.extend(state.notes(pod, container));
    let env = env::of(container, VARIABLES, &mut notes);
    let mounts = container::mounts(container, &env, &mut notes);
    if mounts.is_empty() {
        notes.push(format!("container {} has no token mounted", text(container, "/name")));
    }
    let user = User::of(pod, container, choices, target.is_some(), &mut notes);
    let mut profile = Map::new();
    profile.insert("env".to_owned(), Value::Array(env::with_target(env, text(container, "/name"), target.is_some())));
    if let Some(sources) = container.get("envFrom") {
        profile.insert("envFrom".to_owned(), sources.clone());
    }
    profile.insert("securityContext".to_owned(), user.security_context());
    profile.insert("volumeMounts".to_owned(), Value::Array(mounts));
    let profile = Value::Object(profile);
    let create = script::Create::debug(pod, target, user.kubectl_profile(), choices);
    Ok(DebugProfile {
        command: create.command(),
        script: create.script(&profile, &notes),
        target: target.map(str::to_owned),
        kubectl_profile: Some(user.kubectl_profile()),
        profile,
        notes,
    })
}

fn single_pod(document: &Value) -> Result<&Value, ProfileFault> {
    match (text(document, "/kind"), document.get("items").and_then(Value::as_array)) {
        ("Pod", _) => Ok(document),
        (_, Some(items)) => match items.as_slice() {
            [only] => single_pod(only),
            many => Err(ProfileFault::Pods(many.len())),
        },
        (kind, _) => Err(ProfileFault::NotAPod(kind.to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn pod(spec: Value) -> String {
        json!({ "kind": "Pod", "metadata": { "name": "shop", "namespace": "web" }, "spec": spec }).to_string()
    }

    #[test]
    fn references_and_sources_are_kept_and_keys_are_left_out() {
        let built = build(
            &pod(json!({ "containers": [{ "name": "a", "envFrom": [{ "configMapRef": { "name": "c" } }], "env": [
                { "name": "ACCOUNT", "value": "111122223333" },
                { "name": "PASSWORD", "value": "hunter2" },
                { "name": "AWS_ROLE_ARN", "value": "arn:aws:iam::$(ACCOUNT):role/a" },
                { "name": "AWS_ACCESS_KEY_ID", "value": "AKIAEXAMPLE" },
                { "name": "HTTPS_PROXY", "value": "http://me:hunter2@proxy:3128" },
                { "name": "HTTP_PROXY", "value": "http://proxy:3128" },
                { "name": "AWS_SECRET_ACCESS_KEY", "valueFrom": { "secretKeyRef": { "name": "s", "key": "k" } } },
            ] }] })),
            &Choices::example(),
        )
        .expect("a profile");
        let names: Vec<&str> = list(&built.profile, "/env").iter().map(|variable| text(variable, "/name")).collect();
        assert_eq!(
            names,
            [
                "ACCOUNT",
                "AWS_ROLE_ARN",
                "HTTP_PROXY",
                "AWS_SECRET_ACCESS_KEY",
                "IRSA_PROBE_TARGET_PID",
                "IRSA_PROBE_AS_CONTAINER"
            ]
        );
        assert_eq!(built.profile["envFrom"][0]["configMapRef"]["name"], "c");
        let script = &built.script;
        assert!(!script.contains("AKIAEXAMPLE") && !script.contains("hunter2"), "{script}");
        assert!(script.contains("AWS_ACCESS_KEY_ID is a literal value in the pod and is left out here"), "{script}");
        assert!(script.contains("HTTPS_PROXY may contain a password"), "{script}");
    }

    #[test]
    fn anything_but_a_single_pod_is_rejected() {
        let two = json!({ "kind": "List", "items": [{ "kind": "Pod" }, { "kind": "Pod" }] }).to_string();
        for (document, fault) in [
            (r#"{"kind":"Deployment"}"#, ProfileFault::NotAPod("Deployment".into())),
            (r#"[]"#, ProfileFault::NotAPod(String::new())),
            (two.as_str(), ProfileFault::Pods(2)),
        ] {
            assert_eq!(build(document, &Choices::example()), Err(fault), "{document}");
        }
        assert!(matches!(build("apiVersion: v1", &Choices::example()), Err(ProfileFault::NotJson(_))));
    }

    #[test]
    fn each_kubectl_asks_the_chosen_cluster() {
        let choices = Choices { cluster: vec![("--context", "prod; reboot".into())], ..Choices::example() };
        let built = build(&pod(json!({ "containers": [{ "name": "a" }] })), &choices).expect("a profile");
        assert!(built.command.starts_with("kubectl debug shop --namespace=web --context='prod; reboot' "));
        assert!(built.script.contains("set -- shop --namespace=web --context='prod; reboot'\n"), "{}", built.script);
        let calls = built.script.lines().filter(|line| line.contains("kubectl ") && !line.contains("say "));
        for call in calls.filter(|line| !line.contains("later=")) {
            assert!(call.contains("\"$@\""), "{call}");
        }
    }

    #[test]
    fn nothing_in_a_pod_becomes_a_command() {
        let container = json!({ "name": "a;date", "volumeMounts": [
            { "name": "aws-iam-token", "mountPath": "/token\ndate #", "subPath": "x" }, { "name": "END\ndate" },
        ] });
        let status = json!({ "containerStatuses": [{ "name": "a;date", "state": { "running": {} } }] });
        let pod = json!({ "kind": "Pod", "metadata": { "name": "$(date)", "namespace": "x;date" },
            "spec": { "containers": [container] }, "status": status });
        let built = build(&pod.to_string(), &Choices::example()).expect("a profile");
        assert!(!built.script.lines().any(|line| line.starts_with("date")), "{}", built.script);
        assert!(built.command.starts_with("kubectl debug '$(date)' --namespace='x;date' "), "{}", built.command);
        assert!(built.command.contains(" --target='a;date' "), "{}", built.command);
        assert!(built.script.contains("set -- '$(date)' --namespace='x;date'\n"), "{}", built.script);
    }
}
