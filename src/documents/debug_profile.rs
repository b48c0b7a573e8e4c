//! The `kubectl debug` command that lets the probe stand where an application stands: with its variables, its token
//! mount, its user and group.
//!
//! An ephemeral container gets none of these by itself, and never ports, probes or resources. Sources: Kubernetes,
//! "Ephemeral Containers"; `kubectl debug --help` (`--custom`, `--profile`).

mod env;
mod security;
mod windows;

use crate::causes::shell_word;
use crate::probe::evidence::VARIABLES;
use security::{User, group, security_context};
use serde_json::{Map, Value};
use std::fmt;

/// What the user chose.
#[derive(Clone, Debug, Default)]
pub struct Choices {
    /// The container to stand beside. By default the one that `kubectl exec` would take, or the first that has a token.
    pub container: Option<String>,
    /// The user id of the application, where the pod's specification does not tell it.
    pub uid: Option<i64>,
    /// The probe's image.
    pub image: String,
}

/// What to paste.
#[derive(Clone, Debug, PartialEq)]
pub struct DebugProfile {
    /// A partial container, for `kubectl debug --custom`; for a pod on Windows, what `kubectl run --overrides` takes.
    pub profile: Value,
    /// The whole command, which expects the profile in [`FILE`].
    pub command: String,
    /// What could not be given to the debug container, and what follows from that.
    pub notes: Vec<String>,
}

/// The image that the manifests in `deploy/` name.
pub const IMAGE: &str = concat!("registry.example.com/irsa-probe:", env!("CARGO_PKG_VERSION"));

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
}

/// Reads what `kubectl get pod NAME --output json` prints.
///
/// # Errors
/// The text is not one pod, or not one that the probe can stand in.
pub fn build(pod: &str, choices: &Choices) -> Result<DebugProfile, ProfileFault> {
    let document: Value = serde_json::from_str(pod).map_err(|error| ProfileFault::NotJson(error.to_string()))?;
    let pod = single_pod(&document)?;
    let container = container(pod, choices.container.as_deref())?;
    let mut notes = Vec::new();
    if let (None, more @ [_, _, ..]) = (&choices.container, list(pod, "/spec/containers")) {
        let names: Vec<&str> = more.iter().map(|container| text(container, "/name")).collect();
        notes.push(format!(
            "this is for container {} of {}; --container chooses another",
            text(container, "/name"),
            names.join(", ")
        ));
    }
    if windows::is_on_windows(pod) {
        return Ok(windows::stand_in(pod, container, choices, notes));
    }
    let env = env::of(container, VARIABLES, &mut notes);
    let mounts = mounts(container, &env, &mut notes);
    let user = User::of(pod, container, choices.uid);
    if user == User::Unknown {
        notes.push(
            "the pod does not say as which user the application runs; as root the probe can look at it whoever it is. \
             Where root is not admitted, give the application's user with --uid"
                .to_owned(),
        );
    }
    if user.is_other() && group(pod, container).is_none() {
        notes.push(
            "the pod names no group; if that of the image is not 0, the report says so, and what to do".to_owned(),
        );
    }
    if mounts.is_empty() {
        notes.push(format!("container {} has no token mounted; the report will say so", text(container, "/name")));
    }
    let mut profile = Map::new();
    profile.insert("env".to_owned(), Value::Array(env::with_target(env)));
    if let Some(sources) = container.get("envFrom") {
        profile.insert("envFrom".to_owned(), sources.clone());
    }
    profile.insert("securityContext".to_owned(), security_context(user, group(pod, container)));
    profile.insert("volumeMounts".to_owned(), Value::Array(mounts));
    Ok(DebugProfile { profile: Value::Object(profile), command: command(pod, container, user, &choices.image), notes })
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

fn container<'p>(pod: &'p Value, wanted: Option<&str>) -> Result<&'p Value, ProfileFault> {
    let all = || list(pod, "/spec/containers").iter().chain(list(pod, "/spec/initContainers"));
    let named = |name: &str| all().find(|container| text(container, "/name") == name);
    if let Some(wanted) = wanted {
        let there = || all().map(|container| text(container, "/name").to_owned()).collect();
        return named(wanted)
            .ok_or_else(|| ProfileFault::NoSuchContainer { wanted: wanted.to_owned(), there: there() });
    }
    let by_annotation = named(text(pod, "/metadata/annotations/kubectl.kubernetes.io~1default-container"));
    let has_token = |container: &&Value| list(container, "/volumeMounts").iter().any(is_token_mount);
    by_annotation
        .or_else(|| list(pod, "/spec/containers").iter().find(has_token))
        .or_else(|| list(pod, "/spec/containers").first())
        .ok_or_else(|| ProfileFault::NoSuchContainer { wanted: "any".to_owned(), there: Vec::new() })
}

/// The token's mount, and those that hold a file which one of the variables names.
fn mounts(container: &Value, env: &[Value], notes: &mut Vec<String>) -> Vec<Value> {
    let named: Vec<&str> = env.iter().map(|variable| text(variable, "/value")).filter(|v| v.starts_with('/')).collect();
    let holds_a_named_file = |mount: &Value| {
        let path = text(mount, "/mountPath").trim_end_matches('/');
        named.iter().any(|file| file.strip_prefix(path).is_some_and(|rest| rest.starts_with('/')))
    };
    let mut kept = Vec::new();
    for mount in
        list(container, "/volumeMounts").iter().filter(|mount| is_token_mount(mount) || holds_a_named_file(mount))
    {
        if mount.get("subPath").is_some() || mount.get("subPathExpr").is_some() {
            // Forbidden for ephemeral containers.
            notes.push(format!(
                "the mount at {} has a subPath, which a debug container cannot have",
                text(mount, "/mountPath")
            ));
        } else {
            kept.push(mount.clone());
        }
    }
    kept
}

fn is_token_mount(mount: &Value) -> bool {
    matches!(text(mount, "/name"), "aws-iam-token" | "eks-pod-identity-token")
}

fn command(pod: &Value, container: &Value, user: User, image: &str) -> String {
    let profile = if user.is_other() { "restricted" } else { "general" };
    let namespace = namespace(pod);
    let (name, target, image) =
        (shell_word(text(pod, "/metadata/name")), shell_word(text(container, "/name")), shell_word(image));
    format!(
        "kubectl debug{namespace} {name} --stdin --quiet --image={image} --target={target} --profile={profile} \
         --custom={FILE}"
    )
}

/// kubectl's option for the pod's namespace, with a space before it.
fn namespace(pod: &Value) -> String {
    match text(pod, "/metadata/namespace") {
        "" => String::new(),
        namespace => format!(" --namespace={}", shell_word(namespace)),
    }
}

impl DebugProfile {
    /// A script that writes the profile and runs the command; notes stand in it as comments.
    pub fn script(&self) -> String {
        // A note quotes the pod, whose author may have put a line of the shell into a path.
        let one_line = |note: &String| note.replace(char::is_control, "\u{fffd}");
        let notes: String = self.notes.iter().map(|note| format!("# {}\n", one_line(note))).collect();
        format!("{notes}cat > {FILE} <<'END'\n{:#}\nEND\n{}\n", self.profile, self.command)
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

    fn choices() -> Choices {
        Choices { image: "irsa-probe:1".to_owned(), ..Choices::default() }
    }

    fn pod(spec: Value) -> String {
        json!({ "kind": "Pod", "metadata": { "name": "shop", "namespace": "web" }, "spec": spec }).to_string()
    }

    #[test]
    fn the_container_s_user_wins_over_the_pod_s_and_root_keeps_its_capabilities() {
        for (of_pod, of_container, chosen, uid, profile) in [
            (json!({}), json!({}), None, 0, "general"),
            (json!({}), json!({}), Some(1000), 1000, "restricted"),
            (json!({ "runAsUser": 1000 }), json!({}), None, 1000, "restricted"),
            (json!({ "runAsUser": 1000 }), json!({ "runAsUser": 2000 }), None, 2000, "restricted"),
            (json!({ "runAsUser": 1000 }), json!({ "runAsUser": 0 }), None, 0, "general"),
        ] {
            let spec =
                json!({ "securityContext": of_pod, "containers": [{ "name": "a", "securityContext": of_container }] });
            let built = build(&pod(spec), &Choices { uid: chosen, ..choices() }).expect("a profile");
            let context = &built.profile["securityContext"];
            assert_eq!(context["runAsUser"], uid);
            assert_eq!(context["runAsNonRoot"], uid != 0);
            assert_eq!(context.get("capabilities").is_some(), uid != 0);
            assert!(built.command.contains(&format!("--profile={profile} ")), "{}", built.command);
        }
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
        assert_eq!(names, ["ACCOUNT", "AWS_ROLE_ARN", "HTTP_PROXY", "AWS_SECRET_ACCESS_KEY", "IRSA_PROBE_TARGET_PID"]);
        assert_eq!(built.profile["envFrom"][0]["configMapRef"]["name"], "c");
        let script = built.script();
        assert!(!script.contains("AKIAEXAMPLE") && !script.contains("hunter2"), "{script}");
        assert!(script.contains("# AWS_ACCESS_KEY_ID is written out in the pod and left out here\n"), "{script}");
        assert!(script.contains("# HTTPS_PROXY holds a password"), "{script}");
    }

    #[test]
    fn mounts_with_a_sub_path_are_named_and_left_out() {
        let built = build(
            &pod(json!({ "containers": [{ "name": "a",
                "env": [{ "name": "AWS_CA_BUNDLE", "value": "/etc/ca/bundle.pem" }],
                "volumeMounts": [
                    { "name": "aws-iam-token", "mountPath": "/token" },
                    { "name": "ca", "mountPath": "/etc/ca/", "readOnly": true },
                    { "name": "data", "mountPath": "/etc/c" },
                    { "name": "eks-pod-identity-token", "mountPath": "/pod-identity", "subPath": "x" },
                ] }] })),
            &choices(),
        )
        .expect("a profile");
        let paths: Vec<&str> = list(&built.profile, "/volumeMounts").iter().map(|m| text(m, "/mountPath")).collect();
        assert_eq!(paths, ["/token", "/etc/ca/"]);
        assert!(built.notes.iter().any(|note| note.contains("/pod-identity has a subPath")), "{:?}", built.notes);
    }

    #[test]
    fn the_container_is_the_chosen_the_default_the_one_with_a_token_or_the_first() {
        let token = json!([{ "name": "aws-iam-token", "mountPath": "/token" }]);
        let containers = json!([{ "name": "a" }, { "name": "b", "volumeMounts": token }, { "name": "c" }]);
        let target = |annotations: Value, chosen: Option<&str>| {
            let pod = json!({ "kind": "Pod", "metadata": { "name": "shop", "annotations": annotations },
                "spec": { "containers": containers, "initContainers": [{ "name": "i" }] } });
            let built = build(&pod.to_string(), &Choices { container: chosen.map(str::to_owned), ..choices() })?;
            let told = built.notes.iter().any(|note| note.contains("of a, b, c; --container"));
            assert_eq!(told, chosen.is_none());
            let (_, rest) = built.command.split_once("--target=").expect("a target");
            Ok(rest.split(' ').next().unwrap_or_default().to_owned())
        };
        assert_eq!(target(json!({}), None).as_deref(), Ok("b"));
        assert_eq!(target(json!({ "kubectl.kubernetes.io/default-container": "c" }), None).as_deref(), Ok("c"));
        assert_eq!(target(json!({}), Some("i")).as_deref(), Ok("i"));
        let there = ["a", "b", "c", "i"].map(str::to_owned).to_vec();
        assert_eq!(target(json!({}), Some("x")), Err(ProfileFault::NoSuchContainer { wanted: "x".into(), there }));
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
        let pod = json!({ "kind": "Pod", "metadata": { "name": "$(date)", "namespace": "x;date" },
            "spec": { "containers": [container] } });
        let built = build(&pod.to_string(), &choices()).expect("a profile");
        assert!(!built.script().lines().any(|line| line.starts_with("date")), "{}", built.script());
        assert!(built.command.contains(" '$(date)' ") && built.command.contains(" --target='a;date' "));
        assert!(built.command.starts_with("kubectl debug --namespace='x;date' "));
    }
}
