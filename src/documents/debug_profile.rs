//! The script that runs the probe beside an application with `kubectl debug`: with its variables, its token mount, its
//! user and group.
//!
//! An ephemeral container gets none of these by itself, and never ports, probes or resources. Sources: Kubernetes,
//! "Ephemeral Containers"; `kubectl debug --help` (`--custom`, `--profile`).

mod container;
mod env;
mod script;
mod security;
mod state;
mod windows;

use crate::probe::evidence::{Evidence, VARIABLES, name_or};
use crate::text::timestamp::Timestamp;
use security::User;
use serde_json::{Map, Value};
use state::State;
use std::fmt;

/// What the user chose, and what only the caller knows.
#[derive(Clone, Debug)]
pub struct Choices {
    /// The container to check. By default the one that `kubectl exec` would take, or the first that has a token.
    pub container: Option<String>,
    /// User and group of the application, where the pod does not state them.
    pub uid: Option<i64>,
    pub gid: Option<i64>,
    /// The probe's image.
    pub image: String,
    /// The name of the debug container. It is fixed, so that its log and its status can be asked for.
    pub name: String,
    pub now: Timestamp,
}

/// What to run.
#[derive(Clone, Debug, PartialEq)]
pub struct DebugProfile {
    /// A partial container, for `kubectl debug --custom`; for a pod on Windows, what `kubectl run --overrides` takes.
    pub profile: Value,
    /// The command that creates the container. It expects the profile in [`FILE`].
    pub command: String,
    /// The container whose processes the debug container sees; `None` if it sees none.
    pub target: Option<String>,
    /// What the probe cannot see, and what the debug container changes.
    pub notes: Vec<String>,
    /// Creates the container, prints its log, and ends with its exit code. For `sh`, `bash` and `zsh`.
    pub script: String,
}

/// The file that [`DebugProfile::command`] reads.
pub const FILE: &str = "irsa-probe-profile.json";

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ProfileFault {
    /// The parser's words.
    NotJson(String),
    /// The kind that was found instead.
    NotAPod(String),
    /// A list with this many pods.
    Pods(usize),
    NoSuchContainer {
        wanted: String,
        there: Vec<String>,
    },
    /// No container can start in this pod any more, or not yet: why, in a sentence.
    CannotStart(String),
}

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
        profile,
        notes,
    })
}

/// The command for a laptop that checks the application of this pod, with these options behind it.
pub fn command_for(evidence: &Evidence, options: &[String]) -> String {
    let container = evidence.target.as_ref().and(evidence.container());
    let container = container.map(|name| name_or(Some(name), "CONTAINER"));
    let container = container.map(|name| format!(" --container {name}")).unwrap_or_default();
    let options: String = options.iter().map(|option| format!(" {option}")).collect();
    let pod = evidence.kubectl_pod();
    format!("kubectl get pod {pod} -o json | irsa-probe debug-profile --image IMAGE{container}{options} | sh")
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

impl fmt::Display for ProfileFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotJson(why) => write!(f, "this is not JSON ({why}); use kubectl get pod NAME --output json"),
            Self::NotAPod(kind) if kind.is_empty() => f.write_str("this is not a Kubernetes object"),
            Self::NotAPod(kind) => write!(f, "this is a {kind}; a pod is needed"),
            Self::Pods(count) => write!(f, "this is a list of {count} pods; one is needed"),
            Self::NoSuchContainer { wanted, there } => {
                write!(f, "the pod has no container {wanted}; it has {}", there.join(", "))
            }
            Self::CannotStart(why) => f.write_str(why),
        }
    }
}

/// The text at a JSON pointer, or an empty one.
fn text<'v>(value: &'v Value, pointer: &str) -> &'v str {
    value.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}

/// The list at a JSON pointer, or an empty one.
fn list<'v>(value: &'v Value, pointer: &str) -> &'v [Value] {
    value.pointer(pointer).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    pub(super) fn choices() -> Choices {
        Choices {
            container: None,
            uid: None,
            gid: None,
            image: "irsa-probe:1".to_owned(),
            name: "irsa-probe-x7k2p".to_owned(),
            now: Timestamp(1_764_000_000),
        }
    }

    fn pod(spec: Value) -> String {
        json!({ "kind": "Pod", "metadata": { "name": "shop", "namespace": "web" }, "spec": spec }).to_string()
    }

    #[test]
    fn references_and_sources_are_kept_and_keys_are_not() {
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
            &choices(),
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
        assert!(script.contains("AWS_ACCESS_KEY_ID is written out in the pod and left out here"), "{script}");
        assert!(script.contains("HTTPS_PROXY may hold a password"), "{script}");
    }

    #[test]
    fn what_is_no_single_pod_is_refused() {
        let two = json!({ "kind": "List", "items": [{ "kind": "Pod" }, { "kind": "Pod" }] }).to_string();
        for (document, fault) in [
            (r#"{"kind":"Deployment"}"#, ProfileFault::NotAPod("Deployment".into())),
            (r#"[]"#, ProfileFault::NotAPod(String::new())),
            (two.as_str(), ProfileFault::Pods(2)),
        ] {
            assert_eq!(build(document, &choices()), Err(fault), "{document}");
        }
        assert!(matches!(build("apiVersion: v1", &choices()), Err(ProfileFault::NotJson(_))));
    }

    #[test]
    fn nothing_in_a_pod_becomes_a_command() {
        let container = json!({ "name": "a;date", "volumeMounts": [
            { "name": "aws-iam-token", "mountPath": "/token\ndate #", "subPath": "x" }, { "name": "END\ndate" },
        ] });
        let status = json!({ "containerStatuses": [{ "name": "a;date", "state": { "running": {} } }] });
        let pod = json!({ "kind": "Pod", "metadata": { "name": "$(date)", "namespace": "x;date" },
            "spec": { "containers": [container] }, "status": status });
        let built = build(&pod.to_string(), &choices()).expect("a profile");
        assert!(!built.script.lines().any(|line| line.starts_with("date")), "{}", built.script);
        assert!(built.command.starts_with("kubectl debug '$(date)' --namespace='x;date' "), "{}", built.command);
        assert!(built.command.contains(" --target='a;date' "), "{}", built.command);
        assert!(built.script.contains("set -- '$(date)' --namespace='x;date'\n"), "{}", built.script);
    }
}
