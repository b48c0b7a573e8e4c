//! The user, the group and the restrictions of a debug container.

use serde_json::{Value, json};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum User {
    Unknown,
    Root,
    Other(i64),
}

impl User {
    /// The container's own setting wins over the pod's.
    pub(super) fn of(pod: &Value, container: &Value, chosen: Option<i64>) -> User {
        match chosen.or_else(|| in_security_context(pod, container, "runAsUser")) {
            None => User::Unknown,
            Some(0) => User::Root,
            Some(uid) => User::Other(uid),
        }
    }

    /// To look into another process takes its user, and no fewer capabilities than it has: so root may not drop any.
    pub(super) fn is_other(self) -> bool {
        matches!(self, User::Other(_))
    }
}

pub(super) fn group(pod: &Value, container: &Value) -> Option<i64> {
    in_security_context(pod, container, "runAsGroup")
}

fn in_security_context(pod: &Value, container: &Value, field: &str) -> Option<i64> {
    let at = |level: &Value| level.get("securityContext")?.get(field)?.as_i64();
    at(container).or_else(|| at(pod.get("spec")?))
}

pub(super) fn security_context(user: User, group: Option<i64>) -> Value {
    let uid = match user {
        User::Unknown | User::Root => 0,
        User::Other(uid) => uid,
    };
    let mut context = json!({
        "allowPrivilegeEscalation": false,
        "readOnlyRootFilesystem": true,
        "runAsNonRoot": user.is_other(),
        "runAsUser": uid,
        "seccompProfile": { "type": "RuntimeDefault" },
    });
    if user.is_other() {
        context["capabilities"] = json!({ "drop": ["ALL"] });
    }
    if let Some(group) = group {
        context["runAsGroup"] = json!(group);
    }
    context
}
