//! JSON in which no object holds a key twice. Of two equal keys serde_json, like most readers, keeps the last and says
//! nothing, so that half of what was written would not be judged.

use crate::text::redact::HIDDEN;
use memchr::memchr3_iter;
use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};
use std::fmt;

/// A value of this kind of JSON.
#[derive(Debug)]
pub(crate) struct Unique(pub Value);

/// Documents with more values are not parsed: a value of three bytes takes some hundred in memory. No object of Kubernetes
/// has as many, and no answer of the IAM API.
pub(crate) const MAX_VALUES: usize = 250_000;

/// Whether a text may hold more. What looks like a value within a string counts as well.
pub(crate) fn has_too_many_values(text: &[u8]) -> bool {
    text.len() > MAX_VALUES && memchr3_iter(b',', b'{', b'[', text).nth(MAX_VALUES).is_some()
}

/// What is to be said of a text that is no JSON for this reason.
pub(crate) const TYPOGRAPHIC_QUOTES: &str =
    "holds typographic quotes (\u{201c} \u{201d}) where JSON needs straight ones (\")";

/// Whether a text was written by a program that makes quotes beautiful.
pub(crate) fn has_typographic_quotes(text: &str) -> bool {
    text.contains(['\u{201c}', '\u{201d}'])
}

/// What serde says of a value of the wrong type or name, without the value: `env: ["PASSWORD=..."]` is a common slip.
pub(crate) fn without_value(error: &serde_json::Error) -> String {
    let said = error.to_string();
    let quoted = said.find(['"', '`']).and_then(|start| Some(start..=said.rfind(&said[start..=start])?));
    match quoted {
        Some(quoted) => format!("{}{HIDDEN}{}", &said[..*quoted.start()], &said[quoted.end() + 1..]),
        None => said,
    }
}

/// The value that a text holds.
///
/// # Errors
/// Of the category `Data` where a key stands twice: the text names it and its place.
pub(crate) fn parse(text: &str) -> serde_json::Result<Value> {
    match has_too_many_values(text.as_bytes()) {
        true => Err(serde_json::Error::custom(format_args!("holds more than {MAX_VALUES} values"))),
        false => serde_json::from_str(text).map(|Unique(value)| value),
    }
}

impl<'de> Deserialize<'de> for Unique {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Unique, D::Error> {
        deserializer.deserialize_any(Reader).map(Unique)
    }
}

struct Reader;

impl<'de> Visitor<'de> for Reader {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(Unique(item)) = items.next_element()? {
            list.push(item);
        }
        Ok(Value::Array(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let mut object = Map::new();
        while let Some(key) = entries.next_key::<String>()? {
            if object.contains_key(&key) {
                return Err(A::Error::custom(format_args!("has the key {key:?} twice in one object, again")));
            }
            let Unique(value) = entries.next_value()?;
            object.insert(key, value);
        }
        Ok(Value::Object(object))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_of_the_wrong_type_is_not_quoted() {
        let fault =
            |value: serde_json::Value| serde_json::from_value::<Vec<u8>>(value).map_err(|error| without_value(&error));
        assert_eq!(
            fault("it's \"h`unter2\"".into()),
            Err("invalid type: string [hidden], expected a sequence".to_owned())
        );
        assert_eq!(fault(vec![700].into()), Err("invalid value: integer [hidden], expected u8".to_owned()));
    }

    #[test]
    fn what_has_each_key_once_is_read_as_ever() {
        let text = r#"{"a": [null, true, -1, 18446744073709551615, 0.5, "\u00fc", "x"], "b": {"a": {"a": []}}}"#;
        assert_eq!(parse(text).ok(), serde_json::from_str(text).ok());
        assert!(parse(text).is_ok() && parse("{").is_err_and(|error| error.is_eof()));
        assert!(parse(&"[".repeat(100_000)).is_err());
        let many = |values: usize| format!("[{}1]", "1,".repeat(values - 1));
        assert!(parse(&many(MAX_VALUES)).is_ok());
        assert!(parse(&many(MAX_VALUES + 1)).is_err_and(|error| error.to_string() == "holds more than 250000 values"));
    }

    #[test]
    fn a_duplicate_key_is_reported_with_its_line() {
        for (text, said) in [
            ("{\"a\": 1,\n \"a\": 1}", "has the key \"a\" twice in one object, again at line 2 column 4"),
            (r#"[{"b": {"a": 1, "\u0061": 2}}]"#, "has the key \"a\" twice in one object, again at line 1 column 24"),
        ] {
            let error = parse(text).expect_err(text);
            assert!(error.is_data());
            assert_eq!(error.to_string(), said);
        }
    }
}
