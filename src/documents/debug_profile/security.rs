//! The user, the group and the restrictions of a debug container.

use super::pointer::text;
use super::profile::Choices;
use super::state::status;
use serde_json::{Value, json};

/// The user that the probe runs as. Reading another process needs the same user *and* group and at least its capabilities,
/// or CAP_SYS_PTRACE, which is effective only for root (`ptrace(2)`, PTRACE_MODE_READ).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum User {
    /// Can read every process of the pod.
    Root,
    /// The user of the application. Without a group, that of the probe's image applies, which is 0.
    Application { uid: i64, gid: Option<i64> },
    /// The user of the image: sufficient if there is no process to read and every user can read the token.
    Image,
}

impl User {
    pub(super) fn of(
        pod: &Value,
        container: &Value,
        choices: &Choices,
        has_target: bool,
        notes: &mut Vec<String>,
    ) -> User {
        let uid =
            choices.uid.or_else(|| of_process(pod, container, "uid")).or_else(|| stated(pod, container, "runAsUser"));
        let gid =
            choices.gid.or_else(|| of_process(pod, container, "gid")).or_else(|| stated(pod, container, "runAsGroup"));
        match (uid, gid) {
            (Some(0), _) => Self::Root,
            (Some(uid), Some(_)) => Self::Application { uid, gid },
            (Some(uid), None) if !has_target => Self::Application { uid, gid },
            (None, _) if !has_target => Self::Image,
            _ => {
                notes.push(as_root(pod, container, uid));
                Self::Root
            }
        }
    }

    pub(super) fn kubectl_profile(self) -> &'static str {
        match self {
            Self::Root => "general",
            Self::Application { .. } | Self::Image => "restricted",
        }
    }

    pub(super) fn security_context(self) -> Value {
        let mut context = json!({
            "allowPrivilegeEscalation": false,
            "readOnlyRootFilesystem": true,
            "runAsNonRoot": self != Self::Root,
            "seccompProfile": { "type": "RuntimeDefault" },
        });
        match self {
            Self::Root => {
                context["runAsUser"] = json!(0);
                context["capabilities"] = json!({ "add": ["SYS_PTRACE"] });
            }
            Self::Application { uid, gid } => {
                context["runAsUser"] = json!(uid);
                if let Some(gid) = gid {
                    context["runAsGroup"] = json!(gid);
                }
                context["capabilities"] = json!({ "drop": ["ALL"] });
            }
            Self::Image => context["capabilities"] = json!({ "drop": ["ALL"] }),
        }
        context
    }
}

/// Why the probe runs as root, and the effect on the mode of the token file (Kubernetes, `pkg/volume/util`, `FsUserFrom`).
fn as_root(pod: &Value, container: &Value, uid: Option<i64>) -> String {
    let name = text(container, "/name");
    let has_group = pod.pointer("/spec/securityContext/fsGroup").is_some();
    let (unknown, changes) = match uid {
        Some(uid) if has_group => (format!("the group of user {uid}"), ""),
        Some(uid) => (
            format!("the group of user {uid}"),
            " If every container of the pod runs as that user, the token file keeps its mode now and becomes readable \
             by every user at its next refresh.",
        ),
        None => ("the user".to_owned(), ""),
    };
    let namespace = text(pod, "/metadata/namespace");
    let namespace = if namespace.is_empty() { String::new() } else { format!(" -n {namespace}") };
    format!(
        "the pod does not state {unknown} of container {name}, so the probe runs as root with SYS_PTRACE, which can read \
         any process.{changes} To run as the application, add --uid UID --gid GID, which kubectl exec {}{namespace} -c \
         {name} -- id shows",
        text(pod, "/metadata/name")
    )
}

/// The user or group of the container's first process (`.status.containerStatuses[].user.linux`, Kubernetes 1.33 or newer).
fn of_process(pod: &Value, container: &Value, id: &str) -> Option<i64> {
    status(pod, container)?.pointer("/user/linux")?.get(id)?.as_i64()
}

/// The container's setting overrides the pod's.
fn stated(pod: &Value, container: &Value, field: &str) -> Option<i64> {
    let at = |level: &Value| level.get("securityContext")?.get(field)?.as_i64();
    at(container).or_else(|| at(pod.get("spec")?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_probe_runs_as_a_user_who_can_read_the_target() {
        use User::{Application, Image, Root};
        let none = json!({});
        let process = json!({ "user": { "linux": { "uid": 1000, "gid": 3000 } } });
        let (user, group) = (json!({ "runAsUser": 1000 }), json!({ "runAsUser": 1000, "runAsGroup": 0 }));
        let application = |uid, gid| Application { uid, gid };
        for (of_pod, of_container, status, chosen, with_target, without) in [
            (&none, &none, &none, (None, None), Root, Image),
            (&none, &none, &none, (Some(1000), Some(7)), application(1000, Some(7)), application(1000, Some(7))),
            (&none, &none, &none, (Some(1000), None), Root, application(1000, None)),
            (&none, &none, &none, (Some(0), None), Root, Root),
            (&user, &none, &none, (None, None), Root, application(1000, None)),
            (&user, &none, &none, (None, Some(7)), application(1000, Some(7)), application(1000, Some(7))),
            (&group, &none, &none, (None, None), application(1000, Some(0)), application(1000, Some(0))),
            (&user, &json!({ "runAsUser": 2000 }), &none, (None, None), Root, application(2000, None)),
            (&user, &json!({ "runAsUser": 0 }), &none, (None, None), Root, Root),
            (&none, &none, &process, (None, None), application(1000, Some(3000)), application(1000, Some(3000))),
            (&user, &none, &process, (Some(5), None), application(5, Some(3000)), application(5, Some(3000))),
        ] {
            let container = json!({ "name": "app", "securityContext": of_container });
            let mut status = status.clone();
            status["name"] = json!("app");
            let pod = json!({ "spec": { "securityContext": of_pod }, "status": { "containerStatuses": [status] } });
            for (has_target, expected) in [(true, with_target), (false, without)] {
                let mut notes = Vec::new();
                let choices = Choices { uid: chosen.0, gid: chosen.1, ..Choices::example() };
                let user = User::of(&pod, &container, &choices, has_target, &mut notes);
                assert_eq!(user, expected, "{pod} {container} {chosen:?}");
                assert!(notes.is_empty() || user == Root, "{notes:?}");
            }
        }
    }

    #[test]
    fn capabilities_are_added_for_root_and_dropped_for_others() {
        let context = |user: User| user.security_context();
        let root = context(User::Root);
        assert_eq!((&root["runAsUser"], &root["runAsNonRoot"]), (&json!(0), &json!(false)));
        assert_eq!(root["capabilities"], json!({ "add": ["SYS_PTRACE"] }));
        let application = context(User::Application { uid: 1000, gid: Some(7) });
        assert_eq!((&application["runAsUser"], &application["runAsGroup"]), (&json!(1000), &json!(7)));
        assert_eq!(application["capabilities"], json!({ "drop": ["ALL"] }));
        let image = context(User::Image);
        assert!(image.get("runAsUser").is_none() && image["runAsNonRoot"] == true, "{image}");
    }

    #[test]
    fn root_is_explained_and_so_is_the_mode_of_the_token_now_and_later() {
        let pod = json!({ "metadata": { "name": "shop", "namespace": "web" } });
        let container = json!({ "name": "app" });
        let note = as_root(&pod, &container, Some(1000));
        for words in
            ["the group of user 1000", "keeps its mode now", "next refresh", "kubectl exec shop -n web -c app -- id"]
        {
            assert!(note.contains(words), "{note}");
        }
        assert!(!as_root(&pod, &container, None).contains("mode"));
        let with_group = json!({ "spec": { "securityContext": { "fsGroup": 7 } } });
        assert!(!as_root(&with_group, &container, Some(1000)).contains("mode"), "the group reads it as before");
    }
}
