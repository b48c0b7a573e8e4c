//! Output of `kubectl describe` for pods and service accounts, as the objects that `kubectl get` would print.
//!
//! Source: Kubernetes' `staging/src/k8s.io/kubectl/pkg/describe/describe.go`. It does not print audiences of tokens, and newer
//! versions do not print the secrets of a service account.

use crate::aws::webhook::TOKEN_VOLUME;
use crate::text::timestamp::Timestamp;
use serde_json::{Value, json};

/// The objects in a text. `None` if one is neither a pod nor a service account.
pub(super) fn objects(text: &str) -> Option<Vec<Value>> {
    let mut blocks: Vec<Vec<&str>> = Vec::new();
    for line in text.lines() {
        if line.starts_with("Name:") {
            blocks.push(Vec::new());
        }
        blocks.last_mut()?.push(line.trim_end());
    }
    blocks.iter().map(|lines| object(lines)).collect()
}

fn object(lines: &[&str]) -> Option<Value> {
    let fields = Fields(lines);
    let mut metadata = json!({"name": fields.value("Name")?, "namespace": fields.value("Namespace")?,
        "labels": pairs(&fields.block("Labels"), "="), "annotations": pairs(&fields.block("Annotations"), ":"),
        "uid": "not shown"});
    if ["Image pull secrets", "Mountable secrets"].iter().any(|title| fields.value(title).is_some()) {
        return Some(json!({"kind": "ServiceAccount", "metadata": metadata}));
    }
    let (_, status) = (fields.value("Containers")?, fields.value("Status")?);
    let phase = status.split(' ').next().unwrap_or_default();
    // The kubelet saw the pod then: it was created at that time or before.
    metadata["creationTimestamp"] = fields.value("Start Time").and_then(time).into();
    if phase == "Terminating" {
        metadata["deletionTimestamp"] = "not shown".into();
    }
    if let Some((kind, name)) = fields.value("Controlled By").and_then(|owner| owner.split_once('/')) {
        metadata["ownerReferences"] = json!([{"kind": kind, "name": name, "controller": true}]);
    }
    let node = fields.value("Node").and_then(|node| node.split('/').next()).filter(|node| *node != "<none>");
    let all = |title: &str| sections(&fields.block(title)).iter().map(|(name, lines)| container(name, lines)).collect();
    let [init, running]: [Vec<Value>; 2] = ["Init Containers", "Containers"].map(all);
    let statuses = sections(&fields.block("Containers")).into_iter().map(|(name, lines)| status_of(name, &lines));
    let spec = json!({"serviceAccountName": fields.value("Service Account"), "nodeName": node,
        "initContainers": init, "containers": running,
        "volumes": sections(&fields.block("Volumes")).iter().map(|(name, lines)| volume(name, lines)).collect::<Value>(),
        "nodeSelector": pairs(&fields.block("Node-Selectors"), "=")});
    let status = json!({"phase": phase, "containerStatuses": statuses.collect::<Value>()});
    Some(json!({"kind": "Pod", "metadata": metadata, "spec": spec, "status": status}))
}

/// Lines of which those without indent begin a field.
struct Fields<'t>(&'t [&'t str]);

impl<'t> Fields<'t> {
    fn value(&self, title: &str) -> Option<&'t str> {
        self.0.iter().find_map(|line| entry(line, 0, ":").filter(|(key, _)| *key == title)).map(|(_, value)| value)
    }

    /// The value, and the lines that continue it.
    fn block(&self, title: &str) -> Vec<&'t str> {
        let is_title = |line: &&str| entry(line, 0, ":").is_some_and(|(key, _)| key == title);
        let Some(start) = self.0.iter().position(is_title) else { return Vec::new() };
        let further = self.0[start + 1..].iter().take_while(|line| line.starts_with(' '));
        let first = self.value(title).filter(|value| !value.is_empty() && *value != "<none>");
        first.into_iter().chain(further.copied()).collect()
    }
}

/// Key and value of a line that is indented by so many spaces.
fn entry<'t>(line: &'t str, indent: usize, between: &str) -> Option<(&'t str, &'t str)> {
    let rest = line.get(indent..)?;
    let is_at = line[..indent].trim().is_empty() && !rest.starts_with(' ');
    let (key, value) = rest.split_once(between)?;
    is_at.then(|| (key, value.trim()))
}

/// Labels and annotations: the first beside the title, each of the others on a line of its own. A value that is long is
/// on the lines below its key, further to the right.
fn pairs(lines: &[&str], between: &str) -> Value {
    let mut pairs = serde_json::Map::new();
    let indent = |line: &str| line.len() - line.trim_start().len();
    let column = lines.iter().skip(1).map(|line| indent(line)).min().unwrap_or_default();
    let mut last = None;
    for (place, line) in lines.iter().enumerate() {
        if place > 0 && indent(line) > column {
            if let Some(value) = last.as_ref().and_then(|key: &String| pairs.get_mut(key)).filter(|value| *value == "")
            {
                *value = line.trim().into();
            }
        } else if let Some((key, value)) = line.trim().split_once(between) {
            last = Some(key.to_owned());
            pairs.insert(key.to_owned(), value.trim().into());
        }
    }
    pairs.into()
}

/// Containers and volumes: a name, and the lines about it.
fn sections<'t>(lines: &[&'t str]) -> Vec<(&'t str, Vec<&'t str>)> {
    let mut sections: Vec<(&str, Vec<&str>)> = Vec::new();
    for line in lines {
        match (entry(line, 2, ":"), sections.last_mut()) {
            (Some((name, "")), _) => sections.push((name, Vec::new())),
            (_, Some((_, lines))) => lines.push(line),
            _ => {}
        }
    }
    sections
}

fn status_of(name: &str, lines: &[&str]) -> Value {
    let has = |key, value| lines.iter().any(|line| entry(line, 4, ":") == Some((key, value)));
    // A last state has a reason too, after that of the state.
    let reason = lines.iter().find_map(|line| entry(line, 6, ":").filter(|(key, _)| *key == "Reason"));
    let reason = reason.map(|(_, reason)| reason).filter(|_| has("State", "Waiting"));
    json!({"name": name, "ready": has("Ready", "True"), "state": {"waiting": {"reason": reason}}})
}

fn container(name: &str, lines: &[&str]) -> Value {
    let of = |title: &'static str| {
        let after = lines.iter().skip_while(move |line| entry(line, 4, ":").is_none_or(|(key, _)| key != title));
        after.skip(1).take_while(|line| line.starts_with("      "))
    };
    let variables = of("Environment").filter_map(|line| entry(line, 6, ":")).map(|(name, value)| {
        let is_elsewhere = value.starts_with("<set to the key ") || value.contains("(v1:");
        match (is_elsewhere, key_ref(value)) {
            (false, _) => json!({"name": name, "value": value}),
            (true, source) => json!({"name": name, "valueFrom": source.unwrap_or(json!({}))}),
        }
    });
    let mounts = of("Mounts").filter_map(|line| {
        let (volume, flags) = line.split_once(" from ")?.1.split_once(' ')?;
        let path = flags.split_once("path=\"").map(|(_, path)| path.split('"').next().unwrap_or_default());
        Some(json!({"name": volume, "subPath": path}))
    });
    json!({"name": name, "env": variables.collect::<Value>(), "volumeMounts": mounts.collect::<Value>(),
        "envFrom": of("Environment Variables from").map(|_| json!({})).collect::<Value>()})
}

/// `<set to the key 'KEY' in secret 'NAME'>  Optional: false`, or `of config map`.
fn key_ref(value: &str) -> Option<Value> {
    let (source, rest) = value.strip_prefix("<set to the key '")?.split_once("'>")?;
    let kinds = [("secretKeyRef", "' in secret '"), ("configMapKeyRef", "' of config map '")];
    let (field, (key, name)) = kinds.into_iter().find_map(|(field, of)| Some((field, source.split_once(of)?)))?;
    Some(json!({ field: {"key": key, "name": name, "optional": rest.trim() == "Optional: true"} }))
}

fn volume(name: &str, lines: &[&str]) -> Value {
    let seconds = lines.iter().find_map(|line| entry(line, 4, ":").filter(|(key, _)| *key == "TokenExpirationSeconds"));
    match seconds.and_then(|(_, seconds)| seconds.parse::<i64>().ok()) {
        Some(seconds) if name == TOKEN_VOLUME => {
            json!({"name": name, "projected": {"sources": [{"serviceAccountToken": {"expirationSeconds": seconds}}]}})
        }
        _ => json!({ "name": name }),
    }
}

/// `Thu, 20 Nov 2025 10:00:00 +0100` in UTC, as the API server writes it.
fn time(text: &str) -> Option<String> {
    const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let [_, day, month, year, time, offset] = text.split(' ').collect::<Vec<_>>().try_into().ok()?;
    let month = MONTHS.iter().position(|one| *one == month)? + 1;
    let (hours, minutes) = offset.split_at_checked(3)?;
    Some(Timestamp::parse(&format!("{year}-{month:02}-{day}T{time}{hours}:{minutes}"))?.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_those_of_the_api_server() {
        assert_eq!(time("Thu, 20 Nov 2025 10:00:00 +0100").as_deref(), Some("2025-11-20T09:00:00Z"));
        assert_eq!(time("Thu, 20 Nov 2025 10:00:00 -0730").as_deref(), Some("2025-11-20T17:30:00Z"));
        assert_eq!(time("<unknown>"), None);
    }

    #[test]
    fn a_long_annotation_is_below_its_key() {
        let lines =
            ["a: 1", "              b:", "                long", "                more", "              c: x:y"];
        assert_eq!(pairs(&lines, ":"), json!({"a": "1", "b": "long", "c": "x:y"}));
    }

    #[test]
    fn any_text_can_be_read() {
        for text in [
            "Name:",
            "Name:\u{e9}\nNamespace: \u{e9}\n \u{e9}: x",
            "Name: a\nNamespace: b\nStatus:\nContainers:\n  c:\n\u{a0}\u{a0}",
        ] {
            let _ = objects(text);
        }
    }
}
