//! ConfigMaps, of which only AWS configuration files matter.

use super::metadata::Metadata;
use crate::probe::evidence::WebIdentity;
use crate::probe::profile::web_identities;
use serde::{Deserialize, Deserializer};
use serde_json::Value;
use std::collections::BTreeMap;

#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct ConfigMap {
    pub metadata: Metadata,
    /// By key. Everything else that a ConfigMap holds is dropped.
    #[serde(rename = "data", deserialize_with = "profiles")]
    pub files: BTreeMap<String, ProfileFile>,
}

/// The profiles of one file that give a role for a web identity token, by name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ProfileFile {
    /// If `AWS_CONFIG_FILE` names it.
    pub as_config: BTreeMap<String, WebIdentity>,
    /// If `AWS_SHARED_CREDENTIALS_FILE` names it.
    pub as_credentials: BTreeMap<String, WebIdentity>,
}

impl ConfigMap {
    pub fn namespace(&self) -> &str {
        self.metadata.namespace.as_deref().unwrap_or("default")
    }
}

fn profiles<'de, D: Deserializer<'de>>(deserializer: D) -> Result<BTreeMap<String, ProfileFile>, D::Error> {
    let data = Option::<BTreeMap<String, Value>>::deserialize(deserializer)?.unwrap_or_default();
    let file = |(key, text): (String, Value)| {
        let text = text.as_str().filter(|text| text.contains("web_identity_token_file"))?;
        let [as_config, as_credentials] = [false, true].map(|as_credentials| web_identities(text, as_credentials));
        Some((key, ProfileFile { as_config, as_credentials }))
    };
    Ok(data.into_iter().filter_map(file).collect())
}
