//! The variables of a debug container.

use super::pointer::{list, text};
use crate::probe::evidence::environment::is_url;
use crate::text::redact;
use serde_json::{Value, json};

/// The container's variables of these names, and those they refer to as `$(NAME)`. Literal keys and passwords are left out,
/// because this is printed to a terminal.
pub(super) fn of(container: &Value, names: &[&'static str], notes: &mut Vec<String>) -> Vec<Value> {
    let all = list(container, "/env");
    let mut wanted: Vec<&str> = names.iter().copied().filter(|name| *name != "HOME").collect();
    let mut next = 0;
    while let Some(name) = wanted.get(next).copied() {
        for variable in all.iter().filter(|variable| text(variable, "/name") == name) {
            let new = references(text(variable, "/value")).filter(|name| !wanted.contains(name)).collect::<Vec<_>>();
            wanted.extend(new);
        }
        next += 1;
    }
    let mut kept = Vec::new();
    for variable in all.iter().filter(|variable| wanted.contains(&text(variable, "/name"))) {
        let name = text(variable, "/name");
        let is_secret = name.contains("SECRET") || name.contains("TOKEN") || name.contains("ACCESS_KEY");
        let is_path = name.ends_with("_FILE");
        let value = text(variable, "/value");
        // Kubernetes rejects a value that is not text; it may contain anything.
        let is_text = variable.get("value").is_none_or(Value::is_string);
        if !is_text || is_secret && !is_path && !value.is_empty() {
            notes.push(format!("{name} is a literal value in the pod and is left out here"));
        } else if is_url(name) && redact::url(value) != value {
            notes.push(format!("{name} may contain a password and is left out here"));
        } else {
            kept.push(variable.clone());
        }
    }
    kept
}

/// The names in `$(NAME)`.
fn references(value: &str) -> impl Iterator<Item = &str> {
    value.split("$(").skip(1).filter_map(|rest| rest.split_once(')')).map(|(name, _)| name)
}

/// Adds what the probe checks: the target's first process (process 1), or the pod's specification of the container.
pub(super) fn with_target(mut env: Vec<Value>, container: &str, has_target: bool) -> Vec<Value> {
    env.push(json!({ "name": "IRSA_PROBE_TARGET_PID", "value": "auto" }));
    if !has_target {
        env.push(json!({ "name": "IRSA_PROBE_AS_CONTAINER", "value": container }));
    }
    env
}
