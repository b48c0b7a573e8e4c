//! Labels and annotations in little memory: a cluster has many pods.

use serde::{Deserialize, Deserializer};
use serde_json::Value;
use std::collections::BTreeMap;

/// `kubectl apply` stores a copy of the whole object in this annotation.
const COPY_OF_THE_OBJECT: &str = "kubectl.kubernetes.io/last-applied-configuration";

/// Keys in order, each with its value.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Texts {
    /// All keys and values, concatenated.
    text: Box<str>,
    /// Where each ends: key, value, key, value.
    ends: Box<[u32]>,
}

impl Texts {
    pub fn get(&self, key: &str) -> Option<&str> {
        self.iter().find_map(|(name, value)| (name == key).then_some(value))
    }

    pub fn contains_key(&self, key: &str) -> bool {
        self.get(key).is_some()
    }

    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        let mut start = 0;
        let mut next = move |end: u32| {
            let part = self.text.get(start..end as usize).unwrap_or_default();
            start = end as usize;
            part
        };
        self.ends.as_chunks().0.iter().map(move |[key, value]| (next(*key), next(*value)))
    }

    pub fn keys(&self) -> impl Iterator<Item = &str> {
        self.iter().map(|(key, _)| key)
    }
}

impl<'a> FromIterator<(&'a str, &'a str)> for Texts {
    fn from_iter<I: IntoIterator<Item = (&'a str, &'a str)>>(pairs: I) -> Self {
        let (mut text, mut ends) = (String::new(), Vec::new());
        for part in pairs.into_iter().flat_map(|(key, value)| [key, value]) {
            text.push_str(part);
            // A document has a few megabytes at most.
            ends.push(u32::try_from(text.len()).unwrap_or(u32::MAX));
        }
        Texts { text: text.into(), ends: ends.into() }
    }
}

/// An empty value in a manifest is null, and some are numbers.
impl<'de> Deserialize<'de> for Texts {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let values = Option::<BTreeMap<String, Value>>::deserialize(deserializer)?.unwrap_or_default();
        let text = |value| match value {
            Value::String(text) => text,
            Value::Null => String::new(),
            other => other.to_string(),
        };
        let kept = values.into_iter().filter(|(key, _)| key != COPY_OF_THE_OBJECT);
        let pairs: Vec<(String, String)> = kept.map(|(key, value)| (key, text(value))).collect();
        Ok(pairs.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn each_key_has_its_value_and_a_copy_of_the_object_is_left_out() {
        let texts = json!({"b": "", "a": "x", "c": 7, "d": null, "\u{fc}": "\u{fc}", COPY_OF_THE_OBJECT: "{}"});
        let texts: Texts = serde_json::from_value(texts).unwrap();
        let pairs: Vec<_> = texts.iter().collect();
        assert_eq!(pairs, [("a", "x"), ("b", ""), ("c", "7"), ("d", ""), ("\u{fc}", "\u{fc}")]);
        assert_eq!((texts.get("c"), texts.get("x"), texts.contains_key("d")), (Some("7"), None, true));
        assert_eq!(serde_json::from_value::<Texts>(json!(null)).unwrap(), Texts::default());
    }
}
