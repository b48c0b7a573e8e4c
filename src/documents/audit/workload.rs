//! The workload of a pod, and how to recreate its pods.

use crate::causes::{Fix, shell_word};
use crate::documents::{Origin, Owner, Pod};

/// The object that somebody deployed: the top owner of a pod, or the pod itself if it has no owner.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Workload {
    pub namespace: String,
    pub kind: String,
    pub name: String,
}

impl Workload {
    pub(super) fn of(pod: &Pod) -> Workload {
        let owners = &pod.metadata.owner_references;
        let owner = owners.iter().find(|owner| owner.controller).or(owners.first());
        let (kind, name) = match (&pod.origin, owner) {
            (Origin::Template(kind), _) => (kind.as_str(), pod.metadata.name.as_str()),
            (_, Some(owner)) => above(pod, owner),
            (_, None) => ("Pod", pod.metadata.name.as_str()),
        };
        Workload { namespace: pod.namespace().to_owned(), kind: kind.to_owned(), name: name.to_owned() }
    }

    /// `Deployment payments/checkout`.
    pub(crate) fn shown(&self) -> String {
        format!("{} {}/{}", self.kind, self.namespace, self.name)
    }
}

/// The name of a pod, its manifest or its template in findings.
pub(super) fn pod_object(pod: &Pod) -> String {
    let (namespace, name) = (pod.namespace(), &pod.metadata.name);
    match &pod.origin {
        Origin::Admitted => format!("pod {namespace}/{name}"),
        Origin::Manifest => format!("manifest of pod {namespace}/{name}"),
        Origin::Template(kind) => format!("{kind} {namespace}/{name}"),
    }
}

/// Deployments and CronJobs own pods through an object with a name derived from theirs.
///
/// Source: Kubernetes' `pkg/controller/deployment/sync.go` (NAME-HASH; the hash is a label of the pods) and
/// `pkg/controller/cronjob/utils.go` (NAME-MINUTES, the scheduled time in minutes since 1970: eight digits until 2160).
fn above<'a>(pod: &Pod, owner: &'a Owner) -> (&'a str, &'a str) {
    let deployment = || {
        let hash = pod.metadata.labels.get("pod-template-hash")?;
        owner.name.strip_suffix(hash)?.strip_suffix('-')
    };
    let cron_job = || {
        let (name, minutes) = owner.name.rsplit_once('-')?;
        (minutes.len() == 8 && minutes.bytes().all(|byte| byte.is_ascii_digit())).then_some(name)
    };
    let above = match owner.kind.as_str() {
        "ReplicaSet" => deployment().map(|name| ("Deployment", name)),
        "Job" => cron_job().map(|name| ("CronJob", name)),
        _ => None,
    };
    above.unwrap_or((&owner.kind, &owner.name))
}

/// `first`, then recreate the pod. Without commands, because they would run too early.
pub(super) fn recreate_after(pod: &Pod, first: &str) -> Fix {
    Fix { commands: Vec::new(), ..recreate(pod, Some(first)) }
}

/// How to recreate a pod, after `first`. No command deletes a pod: without a controller it would not come back.
pub(super) fn recreate(pod: &Pod, first: Option<&str>) -> Fix {
    if let (Some(first), true) = (first, pod.origin != Origin::Admitted) {
        return Fix::new(format!("{first}."));
    }
    let workload = Workload::of(pod);
    let [namespace, name] = [&workload.namespace, &workload.name].map(|text| shell_word(text));
    let then = |what: &str| match first {
        Some(first) => format!("{first}, then {what}."),
        None => {
            let (initial, rest) = what.split_at(1);
            format!("{}{rest}.", initial.to_uppercase())
        }
    };
    match workload.kind.as_str() {
        kind @ ("Deployment" | "StatefulSet" | "DaemonSet") => Fix::new(then("restart its workload"))
            .command(format!("kubectl rollout restart {}/{name} -n {namespace}", kind.to_lowercase())),
        "Pod" => Fix::new(then("delete the pod and create it again from its manifest, because it has no controller")),
        "Job" | "CronJob" => Fix::new(then("run the job again")),
        // A static pod, from a file on the node.
        "Node" => Fix::new(then("restart the static pod on its node")),
        kind @ ("ReplicaSet" | "ReplicationController") => {
            Fix::new(then(&format!("delete the pod; its {kind} creates a new one")))
        }
        kind => Fix::new(then(&format!("have its {kind} {} create a new pod", workload.name))),
    }
}

/// How to correct a pod where it is defined.
pub(super) fn correct(pod: &Pod, what: &str) -> Fix {
    let workload = Workload::of(pod);
    match workload.kind.as_str() {
        "Deployment" | "StatefulSet" | "DaemonSet" | "CronJob" => {
            Fix::new(format!("{what} in the pod template of {}.", workload.shown()))
        }
        _ => recreate_after(pod, &format!("{what} in its manifest")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_pod_is_recreated_by_its_workload() {
        for (owner, workload, command) in [
            (json!(null), "Pod a/p", None),
            (
                json!({"kind": "ReplicaSet", "name": "web-5c6949b99d", "controller": true}),
                "Deployment a/web",
                Some("kubectl rollout restart deployment/web -n a"),
            ),
            (json!({"kind": "ReplicaSet", "name": "web-0", "controller": true}), "ReplicaSet a/web-0", None),
            (
                json!({"kind": "StatefulSet", "name": "db"}),
                "StatefulSet a/db",
                Some("kubectl rollout restart statefulset/db -n a"),
            ),
            (
                json!({"kind": "DaemonSet", "name": "log"}),
                "DaemonSet a/log",
                Some("kubectl rollout restart daemonset/log -n a"),
            ),
            (json!({"kind": "Job", "name": "irsa-audit-29926157"}), "CronJob a/irsa-audit", None),
            (json!({"kind": "Job", "name": "load-2992615"}), "Job a/load-2992615", None),
            (json!({"kind": "Node", "name": "ip-10-0-0-1"}), "Node a/ip-10-0-0-1", None),
            (json!({"kind": "Workflow", "name": "w"}), "Workflow a/w", None),
        ] {
            let owners = if owner.is_null() { json!([]) } else { json!([{"kind": "Other", "name": "o"}, owner]) };
            let first = owner["controller"].is_null() && !owner.is_null();
            let owners = if first { json!([owner]) } else { owners };
            let pod: Pod = serde_json::from_value(json!({"metadata": {"name": "p", "namespace": "a", "uid": "u",
                "labels": {"pod-template-hash": "5c6949b99d"}, "ownerReferences": owners}}))
            .expect("a pod");
            assert_eq!(Workload::of(&pod).shown(), workload);
            let fix = recreate(&pod, Some("Annotate it"));
            assert_eq!(fix.commands.first().map(String::as_str), command, "{workload}");
            assert!(fix.text.starts_with("Annotate it, then "), "{}", fix.text);
        }
    }
}
