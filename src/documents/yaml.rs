//! YAML to JSON values, as Kubernetes accepts it. Aliases are rejected: a small text must not become a large value.

use crate::text::json::MAX_VALUES;
use saphyr_parser::{Event, Parser, ScalarStyle, Tag};
use serde_json::{Map, Value};
use std::borrow::Cow;

/// How deep documents may nest.
const MAX_DEPTH: usize = 100;

/// A list or mapping that is still open.
enum Open {
    List(Vec<Value>),
    /// With the key whose value comes next.
    Mapping(Map<String, Value>, Option<String>),
}

/// Every document of a stream.
///
/// # Errors
/// What is wrong and where, in a clause that follows the name of the text.
pub(super) fn documents(text: &str) -> Result<Vec<Value>, String> {
    let mut documents = Vec::new();
    let mut open: Vec<Open> = Vec::new();
    for (number, event) in Parser::new_from_str(text).enumerate() {
        let (event, span) = event.map_err(|error| format!("is neither JSON nor YAML: {error}"))?;
        if number > 2 * MAX_VALUES {
            // A list or mapping has two events.
            return Err(format!("contains a document of more than {MAX_VALUES} values"));
        }
        let complete = match event {
            Event::Scalar(text, style, _, tag) => Some(scalar(text, style, tag.as_deref())),
            Event::SequenceStart(..) | Event::MappingStart(..) if open.len() >= MAX_DEPTH => {
                return Err(format!("nests too deep in line {}", span.start.line()));
            }
            Event::SequenceStart(..) => {
                open.push(Open::List(Vec::new()));
                None
            }
            Event::MappingStart(..) => {
                open.push(Open::Mapping(Map::new(), None));
                None
            }
            Event::SequenceEnd | Event::MappingEnd => open.pop().map(|closed| match closed {
                Open::List(list) => Value::Array(list),
                Open::Mapping(map, _) => Value::Object(map),
            }),
            Event::Alias(_) => {
                return Err(format!("has an alias in line {}, which is not supported", span.start.line()));
            }
            _ => None,
        };
        let Some(value) = complete else { continue };
        match open.last_mut() {
            None => documents.push(value),
            Some(Open::List(list)) => list.push(value),
            Some(Open::Mapping(map, key)) => match key.take() {
                Some(key) if map.contains_key(&key) => {
                    return Err(format!(
                        "has the key {key:?} twice in one mapping, again in line {}",
                        span.start.line()
                    ));
                }
                Some(key) => drop(map.insert(key, value)),
                None => *key = Some(text_of(value)),
            },
        }
    }
    Ok(documents)
}

/// The core schema of YAML 1.2, except unusual numbers, which remain text.
fn scalar(text: Cow<'_, str>, style: ScalarStyle, tag: Option<&Tag>) -> Value {
    if style != ScalarStyle::Plain || tag.is_some_and(|tag| tag.is_yaml_core_schema() && tag.suffix == "str") {
        return Value::String(text.into_owned());
    }
    match text.as_ref() {
        "" | "~" | "null" | "Null" | "NULL" => Value::Null,
        "true" | "True" | "TRUE" => true.into(),
        "false" | "False" | "FALSE" => false.into(),
        number if number.starts_with(|c: char| c.is_ascii_digit() || c == '-') => {
            let integer = number.parse::<i64>().ok().filter(|integer| integer.to_string() == number);
            integer.map_or_else(|| Value::String(number.to_owned()), Value::from)
        }
        _ => Value::String(text.into_owned()),
    }
}

/// A key that is a number or boolean in YAML is text in JSON.
fn text_of(value: Value) -> String {
    match value {
        Value::String(text) => text,
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn yaml_becomes_the_json_that_kubernetes_would_read() {
        let text = "\
kind: ServiceAccount
metadata:
  name: checkout   # a comment
  annotations:
    eks.amazonaws.com/role-arn: arn:aws:iam::111122223333:role/checkout
    eks.amazonaws.com/token-expiration: \"3600\"
    empty:
---
- a: [1, -2, 1.5, 007, true, 'true', ~]
  b: {c: d}
---
text: |
  line
";
        let expected = vec![
            json!({"kind": "ServiceAccount", "metadata": {"name": "checkout", "annotations": {
                "eks.amazonaws.com/role-arn": "arn:aws:iam::111122223333:role/checkout",
                "eks.amazonaws.com/token-expiration": "3600", "empty": null}}}),
            json!([{"a": [1, -2, "1.5", "007", true, "true", null], "b": {"c": "d"}}]),
            json!({"text": "line\n"}),
        ];
        assert_eq!(documents(text), Ok(expected));
    }

    #[test]
    fn what_could_grow_or_overflow_is_rejected() {
        assert!(documents("a: &x [1]\nb: [*x, *x]").is_err_and(|why| why.contains("alias in line 2")));
        assert!(documents(&"[".repeat(150)).is_err_and(|why| why.contains("too deep")));
        assert!(documents(&"- ".repeat(150)).is_err_and(|why| why.contains("too deep")));
        assert!(documents(&"[".repeat(100_000)).is_err());
        assert!(documents("a: b: c").is_err());
        assert!(documents(&"- []\n".repeat(MAX_VALUES + 1)).is_err_and(|why| why.contains("more than 250000 values")));
    }

    #[test]
    fn a_duplicate_key_is_named_with_its_line() {
        for text in ["a:\n  b: 1\n  c: 2\n  b: 3\n", "a: {b: 1,\n\n\n b: 3}"] {
            assert!(
                documents(text).is_err_and(|why| why.contains("key \"b\" twice") && why.contains("line 4")),
                "{text}"
            );
        }
        assert!(documents("a: {b: 1}\nc: {b: 1}").is_ok());
    }
}
