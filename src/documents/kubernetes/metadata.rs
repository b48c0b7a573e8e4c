//! The metadata that all objects have.

use super::partial::{Present, kept};
use crate::documents::texts::Texts;
use serde::{Deserialize, Deserializer};
use std::collections::BTreeMap;

#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Metadata {
    pub name: String,
    pub namespace: Option<String>,
    pub annotations: Texts,
    pub labels: Texts,
    pub creation_timestamp: Option<String>,
    /// Set by the API server. Without it the object is a manifest.
    pub uid: Option<Present>,
    /// Only entries that set annotations.
    #[serde(deserialize_with = "with_annotations")]
    pub managed_fields: Vec<ManagedField>,
    pub owner_references: Vec<Owner>,
}

/// An object that owns another.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Owner {
    pub kind: String,
    pub name: String,
    pub controller: bool,
}

/// Who set which fields and when (`kubectl get --show-managed-fields`).
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct ManagedField {
    pub time: Option<String>,
    #[serde(rename = "fieldsV1")]
    fields: Fields,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
struct Fields {
    #[serde(rename = "f:metadata")]
    metadata: MetadataFields,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
struct MetadataFields {
    #[serde(rename = "f:annotations")]
    annotations: BTreeMap<String, Present>,
}

impl ManagedField {
    pub fn sets_annotation(&self, name: &str) -> bool {
        let name_of = |field: &String| field.strip_prefix("f:") == Some(name);
        self.fields.metadata.annotations.keys().any(name_of)
    }
}

fn with_annotations<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<ManagedField>, D::Error> {
    kept(deserializer, |one: &ManagedField| !one.fields.metadata.annotations.is_empty())
}
