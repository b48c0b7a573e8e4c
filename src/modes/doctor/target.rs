//! What a user asks about: one object, or everything in a namespace.

use crate::documents::audit::Command;
use std::str::FromStr;

/// The kinds that name pods, with their short names in kubectl.
const KINDS: [(Kind, &[&str]); 8] = [
    (Kind::Pod, &["pod", "pods", "po"]),
    (Kind::ServiceAccount, &["serviceaccount", "serviceaccounts", "sa"]),
    (Kind::Workload("Deployment"), &["deployment", "deployments", "deploy"]),
    (Kind::Workload("StatefulSet"), &["statefulset", "statefulsets", "sts"]),
    (Kind::Workload("DaemonSet"), &["daemonset", "daemonsets", "ds"]),
    (Kind::Workload("ReplicaSet"), &["replicaset", "replicasets", "rs"]),
    (Kind::Workload("Job"), &["job", "jobs"]),
    (Kind::Workload("CronJob"), &["cronjob", "cronjobs", "cj"]),
];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Pod,
    ServiceAccount,
    Workload(&'static str),
}

/// `pod/checkout-0`, `deploy/checkout`; a name alone is a pod's, as in `kubectl exec`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Target {
    kind: Kind,
    name: String,
}

impl FromStr for Target {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (kind, name) = text.split_once('/').unwrap_or(("pod", text));
        // `deployment.apps` is the same kind with its group.
        let plain = kind.split('.').next().unwrap_or_default().to_lowercase();
        let known = KINDS.iter().find(|(_, names)| names.contains(&plain.as_str()));
        let Some((kind, _)) = known else {
            let names: Vec<&str> = KINDS.iter().map(|(_, names)| names[0]).collect();
            return Err(format!("the kind must be one of {}", names.join(", ")));
        };
        match is_name(name) {
            true => Ok(Target { kind: *kind, name: name.to_owned() }),
            false => Err("must be KIND/NAME, such as pod/checkout-0".to_owned()),
        }
    }
}

/// Source: "Object Names and IDs" of the Kubernetes documentation.
pub(crate) fn is_name(name: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-.".contains(&byte);
    name.starts_with(|c: char| c.is_ascii_alphanumeric()) && name.bytes().all(plain)
}

/// Where to look.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Scope {
    /// The namespace of kubectl's context.
    Current,
    Namespace(String),
    All,
}

impl Scope {
    fn of(&self, command: Command) -> Command {
        match self {
            Scope::Current => command,
            Scope::Namespace(name) => command.then("-n").value(name),
            Scope::All => command.then("-A"),
        }
    }
}

/// The command that prints the target itself.
pub(super) fn of_object(target: &Target, scope: &Scope) -> Command {
    let kind = KINDS.iter().find(|(kind, _)| *kind == target.kind).map_or("pod", |(_, names)| names[0]);
    let command = scope.of(Command::new("kubectl get").value(kind).value(&target.name)).then("-o json");
    match target.kind {
        Kind::ServiceAccount => command.then("--show-managed-fields"),
        Kind::Pod | Kind::Workload(_) => command,
    }
}

/// The commands to begin with: the target, and the pods that it may own.
pub(super) fn commands(target: Option<&Target>, scope: &Scope) -> Vec<Command> {
    let pods = || scope.of(Command::new("kubectl get pods")).then("-o json");
    match target {
        Some(target) if target.kind == Kind::Pod => vec![of_object(target, scope)],
        Some(target) => vec![of_object(target, scope), pods()],
        None => {
            let accounts = scope.of(Command::new("kubectl get serviceaccounts")).then("-o json --show-managed-fields");
            vec![pods(), accounts]
        }
    }
}

impl Target {
    /// As Kubernetes names the kind.
    pub(super) fn kind(&self) -> &'static str {
        match self.kind {
            Kind::Pod => "Pod",
            Kind::ServiceAccount => "ServiceAccount",
            Kind::Workload(kind) => kind,
        }
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_is_named_as_for_kubectl() {
        for (text, printed) in [
            ("checkout-0", "kubectl get pod checkout-0 -n a -o json"),
            ("po/checkout-0", "kubectl get pod checkout-0 -n a -o json"),
            ("deployment.apps/web", "kubectl get deployment web -n a -o json"),
            ("sts/db", "kubectl get statefulset db -n a -o json"),
            ("cj/nightly", "kubectl get cronjob nightly -n a -o json"),
            ("sa/web", "kubectl get serviceaccount web -n a -o json --show-managed-fields"),
        ] {
            let target: Target = text.parse().expect(text);
            assert_eq!(of_object(&target, &Scope::Namespace("a".into())).to_string(), printed);
        }
        for text in ["", "pod/", "secret/x", "pod/--token", "pod/a/b", "pod/a b", "node/n"] {
            assert!(text.parse::<Target>().is_err(), "{text}");
        }
    }

    #[test]
    fn the_number_of_commands_does_not_depend_on_the_number_of_pods() {
        let all: Vec<String> = commands(None, &Scope::All).iter().map(ToString::to_string).collect();
        assert_eq!(
            all,
            ["kubectl get pods -A -o json", "kubectl get serviceaccounts -A -o json --show-managed-fields"]
        );
        let target = "deploy/web".parse().ok();
        let current: Vec<String> = commands(target.as_ref(), &Scope::Current).iter().map(ToString::to_string).collect();
        assert_eq!(current, ["kubectl get deployment web -o json", "kubectl get pods -o json"]);
    }
}
