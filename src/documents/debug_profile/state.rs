//! Whether a debug container can start in this pod, and whether the application runs, so that it can be the target.
//!
//! Measured on Kubernetes 1.36: with `--target` on a container that does not run, the debug container never starts; it is
//! killed when its target ends; in a pod that has ended it never starts.

use super::pointer::{list, text};
use crate::text::timestamp::Timestamp;
use aws_smithy_types::DateTime;
use aws_smithy_types::date_time::Format;
use serde_json::Value;

/// A restarted container that is younger than this may end before the probe does.
const SETTLED_SECONDS: i64 = 60;

/// Whether the application's processes can be read.
pub(super) enum State {
    Running,
    /// Why not, in a clause.
    NotRunning(String),
}

/// Why no container can start in this pod, in a sentence.
pub(super) fn refusal(pod: &Value) -> Option<String> {
    let name = text(pod, "/metadata/name");
    let phase = text(pod, "/status/phase");
    let unscheduled = list(pod, "/status/conditions")
        .iter()
        .find(|condition| text(condition, "/type") == "PodScheduled" && text(condition, "/status") == "False");
    if matches!(phase, "Failed" | "Succeeded") {
        Some(format!(
            "pod {name} has ended ({phase}{}), so no container can start in it: use a running pod of the same workload",
            why_ended(pod).map(|why| format!(": {why}")).unwrap_or_default()
        ))
    } else if pod.pointer("/metadata/deletionTimestamp").is_some() {
        Some(format!("pod {name} is being deleted, so no container can start in it"))
    } else {
        let why = unscheduled?;
        Some(format!(
            "pod {name} has no node yet, so no container can start in it ({}: {})",
            text(why, "/reason"),
            text(why, "/message")
        ))
    }
}

/// The pod's own reason, as in an eviction, else the container that failed.
fn why_ended(pod: &Value) -> Option<String> {
    match (text(pod, "/status/reason"), text(pod, "/status/message")) {
        ("", "") => {}
        (reason, "") => return Some(reason.to_owned()),
        (reason, message) => return Some(format!("{reason} {message}").trim().to_owned()),
    }
    statuses(pod).find_map(|status| {
        let code = status.pointer("/state/terminated/exitCode")?.as_i64().filter(|code| *code != 0)?;
        Some(format!("container {} ended with exit code {code}", text(status, "/name")))
    })
}

fn statuses(pod: &Value) -> impl Iterator<Item = &Value> {
    list(pod, "/status/initContainerStatuses").iter().chain(list(pod, "/status/containerStatuses"))
}

/// What the pod's status says of this container.
pub(super) fn status<'p>(pod: &'p Value, container: &Value) -> Option<&'p Value> {
    statuses(pod).find(|status| text(status, "/name") == text(container, "/name"))
}

impl State {
    pub(super) fn of(pod: &Value, container: &Value, now: Timestamp) -> State {
        let Some(status) = status(pod, container) else {
            return Self::NotRunning("the pod's status does not show it running".to_owned());
        };
        let state = |pointer: &str| text(status, pointer);
        if let Some(running) = status.pointer("/state/running") {
            return match restarted_seconds_ago(status, running, now) {
                Some(seconds) => Self::NotRunning(format!("it was restarted {seconds} s ago and may end again")),
                None => Self::Running,
            };
        }
        if let Some(code) = status.pointer("/state/terminated/exitCode") {
            return Self::NotRunning(format!("it ended with exit code {code}"));
        }
        match state("/state/waiting/reason") {
            "" => Self::NotRunning("the pod's status does not show it running".to_owned()),
            reason => Self::NotRunning(reason.to_owned()),
        }
    }

    /// The consequences, for the user.
    pub(super) fn notes(&self, pod: &Value, container: &Value) -> Vec<String> {
        let Self::NotRunning(why) = self else { return Vec::new() };
        let name = text(container, "/name");
        let mut notes = vec![format!(
            "container {name} is not running ({why}), so the probe cannot read its process or its image; it uses the \
             variables and the token mount from the pod's specification"
        )];
        let running_init: Vec<&str> = list(pod, "/status/initContainerStatuses")
            .iter()
            .filter(|status| status.pointer("/state/running").is_some() && text(status, "/name") != name)
            .map(|status| text(status, "/name"))
            .collect();
        if !running_init.is_empty() {
            notes.push(format!(
                "init container {} is running and can be checked: --container {}",
                running_init.join(", "),
                running_init[0]
            ));
        }
        notes
    }
}

/// How long ago the container restarted, if it may be in a crash loop.
fn restarted_seconds_ago(status: &Value, running: &Value, now: Timestamp) -> Option<i64> {
    status.pointer("/restartCount").and_then(Value::as_i64).filter(|count| *count > 0)?;
    let started = DateTime::from_str(text(running, "/startedAt"), Format::DateTime).ok()?;
    let age = now.since(Timestamp(started.secs()));
    (0..SETTLED_SECONDS).contains(&age).then_some(age)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const NOW: Timestamp = Timestamp(1_764_000_000); // 2025-11-24T16:00:00Z

    #[test]
    fn a_container_is_the_target_only_while_it_runs() {
        let started =
            |at: &str, restarts| json!({ "state": { "running": { "startedAt": at } }, "restartCount": restarts });
        for (status, why) in [
            (started("2025-11-24T15:59:59Z", 0), None),
            (started("2025-11-24T15:00:00Z", 7), None),
            (started("2025-11-24T15:59:57Z", 7), Some("restarted 3 s ago")),
            (started("", 7), None),
            (json!({ "state": { "waiting": { "reason": "CrashLoopBackOff" } } }), Some("CrashLoopBackOff")),
            (json!({ "state": { "waiting": { "reason": "PodInitializing" } } }), Some("PodInitializing")),
            (json!({ "state": { "terminated": { "exitCode": 0 } } }), Some("exit code 0")),
            (json!({ "state": {} }), Some("does not show")),
        ] {
            let mut status = status;
            status["name"] = json!("app");
            let pod = json!({ "status": { "containerStatuses": [status] } });
            match (State::of(&pod, &json!({ "name": "app" }), NOW), why) {
                (State::Running, None) => {}
                (State::NotRunning(said), Some(why)) => assert!(said.contains(why), "{said}"),
                _ => panic!("{pod}"),
            }
        }
        assert!(matches!(State::of(&json!({}), &json!({ "name": "app" }), NOW), State::NotRunning(_)));
    }

    #[test]
    fn a_running_init_container_is_offered() {
        let pod = json!({ "status": {
            "initContainerStatuses": [{ "name": "gate", "state": { "running": {} } }, { "name": "done", "state": {} }],
            "containerStatuses": [{ "name": "app", "state": { "waiting": { "reason": "PodInitializing" } } }],
        } });
        let app = json!({ "name": "app" });
        let notes = State::of(&pod, &app, NOW).notes(&pod, &app);
        assert!(notes[0].contains("app is not running (PodInitializing)"), "{notes:?}");
        assert_eq!(notes[1], "init container gate is running and can be checked: --container gate");
        let gate = json!({ "name": "gate" });
        assert!(State::of(&pod, &gate, NOW).notes(&pod, &gate).is_empty());
    }

    #[test]
    fn a_pod_in_which_nothing_can_start_is_rejected_with_the_reason() {
        for (pod, why) in [
            (json!({ "phase": "Running" }), None),
            (json!({}), None),
            (
                json!({ "phase": "Failed", "containerStatuses": [
                    { "name": "app", "state": { "terminated": { "exitCode": 4 } } }] }),
                Some("has ended (Failed: container app ended with exit code 4)"),
            ),
            (
                json!({ "phase": "Failed", "reason": "Evicted", "message": "low on memory" }),
                Some("(Failed: Evicted low on memory)"),
            ),
            (json!({ "phase": "Succeeded" }), Some("has ended (Succeeded), so")),
            (
                json!({ "phase": "Pending", "conditions": [{ "type": "PodScheduled", "status": "False",
                    "reason": "Unschedulable", "message": "0/3 nodes" }] }),
                Some("has no node yet, so no container can start in it (Unschedulable: 0/3 nodes)"),
            ),
        ] {
            let said = refusal(&json!({ "metadata": { "name": "shop" }, "status": pod }));
            match (said, why) {
                (None, None) => {}
                (Some(said), Some(why)) => assert!(said.contains(why), "{said}"),
                (said, _) => panic!("{pod}: {said:?}"),
            }
        }
        let deleted = json!({ "metadata": { "name": "shop", "deletionTimestamp": "2025-11-24T16:00:00Z" } });
        assert!(refusal(&deleted).is_some_and(|said| said.contains("is being deleted")));
    }
}
