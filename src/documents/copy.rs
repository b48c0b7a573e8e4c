//! A copy of documents for somebody else: what an audit reads of them, without what may be secret.

use super::stream::Piece;
use crate::text::redact::{HIDDEN, scrub};
use serde_json::Value;
use std::io::{self, Write};

/// Variables whose values an audit reads. Those of all others are hidden.
const SHOWN: [&str; 11] = [
    "AWS_CONFIG_FILE",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
    "AWS_DEFAULT_PROFILE",
    "AWS_DEFAULT_REGION",
    "AWS_PROFILE",
    "AWS_REGION",
    "AWS_ROLE_ARN",
    "AWS_SHARED_CREDENTIALS_FILE",
    "AWS_STS_REGIONAL_ENDPOINTS",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
];
/// Fields that no audit reads, and that may hold a password or token: arguments of programs, contents of ConfigMaps but for
/// AWS configuration files, the whole object again as `kubectl apply` keeps it, and what AWS answered to a call.
const LEFT_OUT: [&str; 8] = [
    "args",
    "binaryData",
    "command",
    "data",
    "kubectl.kubernetes.io/last-applied-configuration",
    "last-applied-configuration",
    "responseElements",
    "stringData",
];

/// Of an AWS configuration file in a ConfigMap, only these settings are kept.
const PROFILE_SETTINGS: [&str; 5] =
    ["credential_source", "role_arn", "role_session_name", "source_profile", "web_identity_token_file"];

/// Writes documents one by one, and lists as lists.
pub(super) struct Copy<'w> {
    out: &'w mut dyn Write,
    /// The kind of a list that has no items, which kubectl does not print.
    empty: Option<&'w str>,
    /// What was written of each open list, and the number of its items.
    lists: Vec<(Value, usize)>,
}

impl<'w> Copy<'w> {
    pub(super) fn new(out: &'w mut dyn Write, empty: Option<&'w str>) -> Self {
        Copy { out, empty, lists: Vec::new() }
    }

    /// # Errors
    /// It could not be written.
    pub(super) fn put(&mut self, piece: &Piece) -> io::Result<()> {
        match piece {
            Piece::Document(document) => {
                self.separate()?;
                write!(self.out, "{}", masked(document))?;
                if self.lists.is_empty() { self.out.write_all(b"\n") } else { Ok(()) }
            }
            Piece::List(head) => {
                self.separate()?;
                self.out.write_all(b"{")?;
                self.fields(head, &Value::Null, false)?;
                self.out.write_all(b"\"items\":[")?;
                self.lists.push((head.clone(), 0));
                Ok(())
            }
            Piece::ListEnd(list) => {
                let (head, items) = self.lists.pop().unwrap_or_default();
                self.out.write_all(b"]")?;
                let mut list = list.clone().unwrap_or_default();
                if let (0, Some(kind)) = (items, self.empty) {
                    list["kind"] = kind.into();
                }
                self.fields(&list, &head, true)?;
                self.out.write_all(if self.lists.is_empty() { b"}\n" } else { b"}" })
            }
            Piece::Error(said) => writeln!(self.out, "{}", scrub(said)),
            Piece::Fault(_) => Ok(()),
        }
    }

    fn separate(&mut self) -> io::Result<()> {
        let Some((_, items)) = self.lists.last_mut() else { return Ok(()) };
        *items += 1;
        if *items > 1 { self.out.write_all(b",") } else { Ok(()) }
    }

    /// The fields of a list but its items, and but those that were written before them.
    fn fields(&mut self, list: &Value, before: &Value, is_end: bool) -> io::Result<()> {
        for (key, value) in list.as_object().into_iter().flatten() {
            if key == "items" || !before[key].is_null() && before[key] == *value {
                continue;
            }
            let (first, last) = if is_end { (",", "") } else { ("", ",") };
            write!(self.out, "{first}{}:{}{last}", Value::from(key.as_str()), masked(value))?;
        }
        Ok(())
    }
}

fn masked(value: &Value) -> Value {
    match value {
        Value::Object(fields) => {
            let is_kept = |(key, _): &(&String, &Value)| !LEFT_OUT.contains(&key.as_str());
            let kept = fields.iter().filter(is_kept);
            let profiles = fields.get("data").filter(|_| fields.get("kind") == Some(&"ConfigMap".into())).map(profiles);
            let of_field = |(key, value): (&String, &Value)| match (key.as_str(), value) {
                ("env", _) => (key.clone(), variables(value)),
                ("CloudTrailEvent", Value::String(text)) => (key.clone(), event(text).into()),
                _ => (key.clone(), masked(value)),
            };
            kept.map(of_field).chain(profiles.map(|profiles| ("data".to_owned(), profiles))).collect()
        }
        Value::Array(items) => items.iter().map(masked).collect(),
        Value::String(text) => scrub(text).into(),
        other => other.clone(),
    }
}

/// The AWS configuration files of a ConfigMap, reduced to what gives a role.
fn profiles(data: &Value) -> Value {
    let is_kept = |line: &&str| {
        let setting = line.split('=').next().unwrap_or_default().trim();
        line.trim_start().starts_with('[') || PROFILE_SETTINGS.contains(&setting)
    };
    let files = data.as_object().into_iter().flatten().filter_map(|(key, text)| {
        let text = text.as_str().filter(|text| text.contains("web_identity_token_file"))?;
        Some((key.clone(), scrub(&text.lines().filter(is_kept).collect::<Vec<_>>().join("\n")).into()))
    });
    Value::Object(files.collect())
}

/// An event of CloudTrail, which is JSON in a text.
fn event(text: &str) -> String {
    serde_json::from_str(text).map_or_else(|_| HIDDEN.to_owned(), |event| masked(&event).to_string())
}

fn variables(env: &Value) -> Value {
    let mut env = masked(env);
    for variable in env.as_array_mut().into_iter().flatten() {
        let is_shown = variable["name"].as_str().is_some_and(|name| SHOWN.contains(&name));
        if !is_shown && !variable["value"].is_null() {
            variable["value"] = HIDDEN.into();
        }
    }
    env
}

#[cfg(test)]
mod tests {
    use crate::documents::{About, Documents};
    use serde_json::{Value, json};

    fn copied(text: &str, empty_list: Option<&'static str>) -> String {
        let mut copy = Vec::new();
        let about = About { empty_list, ..About::default() };
        Documents::default()
            .read_answer("test", &mut text.as_bytes(), &about, Some(&mut copy))
            .expect("a text")
            .expect("a copy");
        String::from_utf8(copy).expect("UTF-8")
    }

    #[test]
    fn what_may_be_secret_is_left_out() {
        let pod = json!({"kind": "Pod", "metadata": {"name": "p", "annotations": {"a": "b",
            "kubectl.kubernetes.io/last-applied-configuration": "hunter2"}},
            "spec": {"containers": [{"name": "app", "args": ["--password=hunter2"], "command": ["hunter2"], "env": [
                {"name": "DATABASE_PASSWORD", "value": "hunter2"}, {"name": "AWS_SECRET_ACCESS_KEY", "value": "hunter2"},
                {"name": "AWS_ACCESS_KEY_ID", "value": "AKIAIOSFODNN7EXAMPLE"}, {"name": "AWS_REGION", "value": "eu-west-1"},
                {"name": "POD", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}}]}]}});
        for text in [pod.to_string(), json!({"kind": "List", "items": [pod, pod]}).to_string()] {
            let copy = copied(&text, None);
            assert!(!copy.contains("hunter2") && !copy.contains("AKIAIOSFODNN7EXAMPLE"), "{copy}");
            assert!(copy.contains("eu-west-1") && copy.contains("\"AWS_SECRET_ACCESS_KEY\""), "{copy}");
            let again: Value = serde_json::from_str(&copy).expect("JSON");
            assert_eq!(again["kind"], serde_json::from_str::<Value>(&text).expect("JSON")["kind"]);
        }
    }

    #[test]
    fn of_a_config_map_only_profiles_are_kept() {
        let map = json!({"kind": "ConfigMap", "metadata": {"name": "m"}, "data": {"password": "hunter2",
            "config": "[default]\nrole_arn = arn:aws:iam::111122223333:role/a\nweb_identity_token_file = /t\naws_secret_access_key = hunter2\n"}});
        let copy = copied(&map.to_string(), None);
        assert!(!copy.contains("hunter2") && !copy.contains("password"), "{copy}");
        let again: Value = serde_json::from_str(&copy).expect("JSON");
        let config = "[default]\nrole_arn = arn:aws:iam::111122223333:role/a\nweb_identity_token_file = /t";
        assert_eq!(again["data"], json!({ "config": config }));
    }

    #[test]
    fn a_list_stays_a_list_wherever_its_kind_is() {
        let items = r#"[{"kind":"Namespace","metadata":{"name":"a"}},{"kind":"Namespace","metadata":{"name":"b"}}]"#;
        for text in [
            format!(r#"{{"apiVersion":"v1","items":{items},"kind":"List","metadata":{{"resourceVersion":""}}}}"#),
            format!(r#"{{"kind":"NamespaceList","apiVersion":"v1","metadata":{{}},"items":{items}}}"#),
        ] {
            let is: Value = serde_json::from_str(&copied(&text, None)).expect("JSON");
            assert_eq!(is, serde_json::from_str::<Value>(&text).expect("JSON"));
        }
        let empty = copied(r#"{"apiVersion":"v1","items":[],"kind":"List"}"#, Some("PodList"));
        assert_eq!(serde_json::from_str::<Value>(&empty).expect("JSON")["kind"], "PodList");
        assert_eq!(copied(r#"{"Role":{"Arn":"a"}}"#, None), "{\"Role\":{\"Arn\":\"a\"}}\n");
    }
}
