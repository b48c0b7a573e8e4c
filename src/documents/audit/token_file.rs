//! Mode and owner that the kubelet gives a projected token file.
//!
//! Source: `FsUserFrom` of Kubernetes' `pkg/volume/util`, and files seen on a v1.36 node. All containers count, init,
//! sidecar and ephemeral ones too.

use crate::documents::{Container, Pod};

/// Who owns the file and who can read it, now and after the next refresh.
///
/// `kubectl debug` adds containers after the file was written; the kubelet sets the mode again when it refreshes the
/// token.
pub(super) fn mode(pod: &Pod) -> String {
    let spec = &pod.spec;
    let started = spec.init_containers.iter().chain(&spec.containers);
    let (before, after) = (of(pod, started.clone()), of(pod, started.chain(&spec.ephemeral_containers)));
    if before == after {
        return before;
    }
    let names: Vec<&str> = spec.ephemeral_containers.iter().map(|container| container.name.as_str()).collect();
    format!(
        "{before}; from the first refresh of the token after {} was added, {after}",
        match names[..] {
            [name] => format!("the debug container {name}"),
            _ => format!("the debug containers {}", names.join(", ")),
        }
    )
}

fn of<'c>(pod: &Pod, containers: impl Iterator<Item = &'c Container>) -> String {
    let spec = &pod.spec;
    let mut users =
        containers.map(|container| container.security_context.run_as_user.or(spec.security_context.run_as_user));
    let first = users.next().flatten();
    let common = first.filter(|first| users.all(|user| user == Some(*first)));
    match (common, spec.security_context.fs_group) {
        (None, None) => "0644 0:0, readable by every user".to_owned(),
        (None, Some(group)) => format!(
            "0640 0:{group}, readable by group {group}, which every container has unless its process drops groups"
        ),
        (Some(0), None) => "0600 0:0, readable by root; a process that switches to another user is denied".to_owned(),
        (Some(user), None) => {
            format!("0600 {user}:0, readable by user {user}; a process that switches to another user is denied")
        }
        (Some(user), Some(group)) => format!("0640 {user}:{group}, readable by user {user} and group {group}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn every_container_counts() {
        for (spec, mode_is) in [
            (json!({"containers": [{}]}), "0644 0:0"),
            (json!({"containers": [{}, {}], "securityContext": {"runAsUser": 1000}}), "0600 1000:0"),
            (json!({"containers": [{"securityContext": {"runAsUser": 1000}}]}), "0600 1000:0"),
            (json!({"containers": [{"securityContext": {"runAsUser": 1000}}, {}]}), "0644 0:0"),
            (json!({"containers": [{"securityContext": {"runAsUser": 1000}}], "initContainers": [{}]}), "0644 0:0"),
            (json!({"containers": [{}], "securityContext": {"runAsUser": 0}}), "0600 0:0"),
            (json!({"containers": [{}], "securityContext": {"fsGroup": 1337}}), "0640 0:1337"),
            (json!({"containers": [{}], "securityContext": {"fsGroup": 1337, "runAsUser": 1000}}), "0640 1000:1337"),
            (
                json!({"containers": [{"securityContext": {"runAsUser": 7}}], "securityContext": {"runAsUser": 1000}}),
                "0600 7:0",
            ),
        ] {
            let pod: Pod = serde_json::from_value(json!({"spec": spec.clone()})).expect("a pod");
            assert!(mode(&pod).starts_with(mode_is), "{spec}: {}", mode(&pod));
        }
    }

    #[test]
    fn a_debug_container_counts_from_the_next_refresh_on() {
        let with = |debug: serde_json::Value| {
            let pod = json!({"spec": {"containers": [{"securityContext": {"runAsUser": 1000}}],
                "ephemeralContainers": [debug]}});
            mode(&serde_json::from_value(pod).expect("a pod"))
        };
        let said = with(json!({"name": "debugger-x7k2p", "securityContext": {"runAsUser": 0}}));
        assert!(said.starts_with("0600 1000:0, readable by user 1000"), "{said}");
        let later =
            "; from the first refresh of the token after the debug container debugger-x7k2p was added, 0644 0:0";
        assert!(said.contains(later), "{said}");
        let same = with(json!({"name": "debugger-x7k2p", "securityContext": {"runAsUser": 1000}}));
        assert!(same.starts_with("0600 1000:0") && !same.contains("refresh"), "{same}");
    }
}
