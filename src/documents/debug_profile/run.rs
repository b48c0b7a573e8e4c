//! How far a debug container has come.

use super::pointer::{list, text};
use serde_json::Value;

/// Reasons for which the kubelet pulls no image, and says so at once or after it has tried.
const NO_IMAGE: [&str; 4] = ["ErrImagePull", "ImagePullBackOff", "InvalidImageName", "ErrImageNeverPull"];

/// By the pod's status.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Run {
    /// What it waits for, if the kubelet says so.
    NotYet(String),
    /// It does not start any more: why, in a sentence.
    Never(String),
    /// With this exit code.
    Ended(i64),
}

impl Run {
    pub fn of(pod: &Value, container: &str) -> Run {
        let status = list(pod, "/status/ephemeralContainerStatuses").iter().find(|one| text(one, "/name") == container);
        if let Some(code) = status.and_then(|status| status.pointer("/state/terminated/exitCode")?.as_i64()) {
            return Run::Ended(code);
        }
        let phase = text(pod, "/status/phase");
        if ["Failed", "Succeeded"].contains(&phase) {
            return Run::Never(format!("The pod has ended ({phase})."));
        }
        let waiting = |field: &str| status.map(|status| text(status, field)).unwrap_or_default();
        let (reason, message) = (waiting("/state/waiting/reason"), waiting("/state/waiting/message"));
        let why = [reason, message].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(": ");
        if NO_IMAGE.contains(&reason) {
            Run::Never(format!("The node cannot pull the image ({why}). Name one that it can pull with --image."))
        } else if message.contains("unable to find target container") {
            Run::Never("The container that was to be checked does not run any more. Run this again.".to_owned())
        } else {
            Run::NotYet(why)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_container_that_cannot_start_is_not_waited_for() {
        let waiting = |reason: &str, message: &str| json!({"waiting": {"reason": reason, "message": message}});
        for (phase, state, expected) in [
            ("Running", json!({"terminated": {"exitCode": 1}}), Ok(Run::Ended(1))),
            ("Failed", json!({"terminated": {"exitCode": 137}}), Ok(Run::Ended(137))),
            ("Running", json!({"running": {}}), Ok(Run::NotYet(String::new()))),
            ("Running", waiting("ContainerCreating", ""), Ok(Run::NotYet("ContainerCreating".into()))),
            ("Running", waiting("ImagePullBackOff", "no such tag"), Err("ImagePullBackOff: no such tag")),
            (
                "Running",
                waiting("CreateContainerConfigError", "unable to find target container \"app\""),
                Err("not run any"),
            ),
            ("Failed", json!({}), Err("The pod has ended (Failed)")),
        ] {
            let pod = json!({"status": {"phase": phase, "ephemeralContainerStatuses": [
                {"name": "other", "state": {"terminated": {"exitCode": 0}}}, {"name": "probe", "state": state}]}});
            match (Run::of(&pod, "probe"), expected) {
                (Run::Never(why), Err(words)) => assert!(why.contains(words), "{why}"),
                (run, expected) => assert_eq!(Ok(run), expected),
            }
        }
        assert_eq!(Run::of(&json!({"status": {"phase": "Running"}}), "probe"), Run::NotYet(String::new()));
    }
}
