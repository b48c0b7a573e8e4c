//! Variables of a container, and where their values come from.

use serde::Deserialize;

#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct EnvVar {
    pub name: String,
    pub value: Option<String>,
    value_from: Option<ValueFrom>,
}

/// Not every source of a value: only those that may be absent.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct ValueFrom {
    secret_key_ref: Option<KeyRef>,
    config_map_key_ref: Option<KeyRef>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Deserialize)]
#[serde(default)]
struct KeyRef {
    name: String,
    key: String,
    optional: Option<bool>,
}

impl EnvVar {
    /// The API server leaves an empty value out.
    pub fn is_empty(&self) -> bool {
        self.value_from.is_none() && self.value.as_deref().unwrap_or_default().is_empty()
    }

    /// The key that gives the value, if it is optional: without it, the container does not have the variable
    /// (Kubernetes API, `SecretKeySelector` and `ConfigMapKeySelector`).
    pub fn optional_key(&self) -> Option<String> {
        let ValueFrom { secret_key_ref, config_map_key_ref } = self.value_from.as_ref()?;
        let kinds = [("Secret", secret_key_ref), ("ConfigMap", config_map_key_ref)];
        let (kind, key) = kinds.into_iter().find_map(|(kind, key)| Some((kind, key.as_ref()?)))?;
        key.optional.unwrap_or_default().then(|| format!("the key {} of {kind} {}", key.key, key.name))
    }
}
