//! The parts of Kubernetes objects that decide about IRSA, and nothing else of them: a cluster has many pods. What a
//! manifest leaves out has its default.

use super::texts::Texts;
use crate::aws::webhook::{POD_IDENTITY_VOLUME, TOKEN_VOLUME};
use serde::de::IgnoredAny;
use serde::{Deserialize, Deserializer};
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Something that is there, whatever it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Present;

impl<'de> Deserialize<'de> for Present {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        IgnoredAny::deserialize(deserializer).map(|_| Present)
    }
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Metadata {
    pub name: String,
    pub namespace: Option<String>,
    pub annotations: Texts,
    pub labels: Texts,
    pub creation_timestamp: Option<String>,
    /// Set by the API server: without it this is a manifest.
    pub uid: Option<Present>,
    /// Those that set annotations.
    #[serde(deserialize_with = "with_annotations")]
    pub managed_fields: Vec<ManagedField>,
    pub owner_references: Vec<Owner>,
}

/// What made an object and looks after it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Owner {
    pub kind: String,
    pub name: String,
    pub controller: bool,
}

/// Who set which fields when (`kubectl get --show-managed-fields`).
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

#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct ServiceAccount {
    pub metadata: Metadata,
}

/// Where a pod's description comes from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Origin {
    /// The API server: what admission made of it.
    #[default]
    Admitted,
    /// A file that was not sent yet.
    Manifest,
    /// The template of this kind of workload.
    Template(String),
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Pod {
    pub metadata: Metadata,
    /// The replicas of a workload have one together.
    #[serde(deserialize_with = "shared")]
    pub spec: Arc<PodSpec>,
    #[serde(skip)]
    pub origin: Origin,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct PodSpec {
    pub service_account_name: Option<String>,
    pub init_containers: Vec<Container>,
    pub containers: Vec<Container>,
    pub ephemeral_containers: Vec<Container>,
    /// Those with tokens of IRSA and of EKS Pod Identity.
    #[serde(deserialize_with = "volumes_with_tokens")]
    pub volumes: Vec<Volume>,
    pub security_context: SecurityContext,
    pub node_selector: Texts,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Container {
    pub name: String,
    /// Those of AWS.
    #[serde(deserialize_with = "variables_of_aws")]
    pub env: Vec<EnvVar>,
    /// ConfigMaps and Secrets whose keys become variables; which, only they tell.
    pub env_from: Vec<Present>,
    /// Those of the volumes that are kept.
    #[serde(deserialize_with = "mounts_of_tokens")]
    pub volume_mounts: Vec<VolumeMount>,
    pub security_context: SecurityContext,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct EnvVar {
    pub name: String,
    pub value: Option<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct VolumeMount {
    pub name: String,
    pub sub_path: Option<String>,
}

/// Of a pod or of a container; the pod's has `fsGroup` besides.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct SecurityContext {
    pub run_as_user: Option<i64>,
    pub fs_group: Option<i64>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Deserialize)]
#[serde(default)]
pub struct Volume {
    pub name: String,
    pub projected: Option<Projected>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Deserialize)]
#[serde(default)]
pub struct Projected {
    pub sources: Vec<Source>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Source {
    pub service_account_token: Option<TokenSource>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct TokenSource {
    pub audience: Option<String>,
    pub expiration_seconds: Option<i64>,
    pub path: String,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct WebhookConfiguration {
    pub metadata: Metadata,
    pub webhooks: Vec<Webhook>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Webhook {
    pub name: String,
    pub client_config: ClientConfig,
    pub failure_policy: Option<String>,
    pub reinvocation_policy: Option<String>,
    pub namespace_selector: Selector,
    pub object_selector: Selector,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct ClientConfig {
    /// PEM in base64.
    pub ca_bundle: Option<String>,
    pub url: Option<String>,
    pub service: Option<Present>,
}

/// A label selector: every label and every expression must fit.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Selector {
    pub match_labels: Texts,
    pub match_expressions: Vec<Expression>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Expression {
    pub key: String,
    pub operator: String,
    pub values: Vec<String>,
}

impl Pod {
    pub(super) fn with_origin(mut self) -> Pod {
        self.origin = if self.metadata.uid.is_some() { Origin::Admitted } else { Origin::Manifest };
        self
    }

    /// `default`, as the API server fills in.
    pub fn namespace(&self) -> &str {
        self.metadata.namespace.as_deref().unwrap_or("default")
    }

    /// `default`, as the API server fills in.
    pub fn service_account(&self) -> &str {
        self.spec.service_account_name.as_deref().filter(|name| !name.is_empty()).unwrap_or("default")
    }

    /// Init containers and native sidecars, then containers: those that the webhook inspects.
    pub fn containers(&self) -> impl Iterator<Item = &Container> {
        self.spec.init_containers.iter().chain(&self.spec.containers)
    }

    pub fn volume(&self, name: &str) -> Option<&Volume> {
        self.spec.volumes.iter().find(|volume| volume.name == name)
    }

    pub fn is_windows(&self) -> bool {
        let selects = |key: &str| self.spec.node_selector.get(key) == Some("windows");
        selects("kubernetes.io/os") || selects("beta.kubernetes.io/os")
    }
}

impl Container {
    pub fn variable(&self, name: &str) -> Option<&EnvVar> {
        self.env.iter().find(|variable| variable.name == name)
    }

    /// The value, if it stands there itself.
    pub fn value(&self, name: &str) -> Option<&str> {
        self.variable(name)?.value.as_deref()
    }

    pub fn mounts(&self, volume: &str) -> bool {
        self.volume_mounts.iter().any(|mount| mount.name == volume)
    }
}

impl Volume {
    pub fn token(&self) -> Option<&TokenSource> {
        self.projected.as_ref()?.sources.iter().find_map(|source| source.service_account_token.as_ref())
    }
}

impl ServiceAccount {
    pub fn namespace(&self) -> &str {
        self.metadata.namespace.as_deref().unwrap_or("default")
    }
}

impl Selector {
    /// The labels that it inspects.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        self.match_labels.keys().chain(self.match_expressions.iter().map(|expression| expression.key.as_str()))
    }

    /// "Labels and selectors" of the Kubernetes documentation: an empty selector fits everything.
    pub fn fits<'l>(&self, label: impl Fn(&str) -> Option<&'l str>) -> bool {
        let expression = |expression: &Expression| {
            let value = label(&expression.key);
            let listed = value.is_some_and(|value| expression.values.iter().any(|one| one == value));
            match expression.operator.as_str() {
                "In" => listed,
                "NotIn" => !listed,
                "Exists" => value.is_some(),
                "DoesNotExist" => value.is_none(),
                _ => false,
            }
        };
        self.match_labels.iter().all(|(key, value)| label(key) == Some(value))
            && self.match_expressions.iter().all(expression)
    }
}

/// Whether the object is history: nothing about it can be right or wrong any more. Pods that have ended or are being
/// deleted, Jobs that have ended, and the ReplicaSets that a Deployment keeps of its earlier revisions.
///
/// Source: "Pod phase", "Jobs" (terminal conditions) and "Deployments" (revision history) of the Kubernetes documentation.
pub(super) fn has_ended(kind: &str, object: &Value) -> bool {
    let any = |list: &Value, is: &dyn Fn(&Value) -> bool| list.as_array().is_some_and(|list| list.iter().any(is));
    let status = &object["status"];
    match kind {
        "Pod" => {
            matches!(status["phase"].as_str(), Some("Succeeded" | "Failed"))
                || !object["metadata"]["deletionTimestamp"].is_null()
        }
        "Job" => any(&status["conditions"], &|condition| {
            matches!(condition["type"].as_str(), Some("Complete" | "Failed")) && condition["status"] == "True"
        }),
        "ReplicaSet" => {
            let of_deployment = any(&object["metadata"]["ownerReferences"], &|owner| owner["kind"] == "Deployment");
            of_deployment && object["spec"]["replicas"] == 0
        }
        _ => false,
    }
}

/// The pod that a workload makes, as an object of its own: of any kind that has a template in the usual place.
pub(super) fn template(workload: &Value) -> Option<Value> {
    let spec = workload.get("spec")?;
    let template = match spec.get("jobTemplate") {
        Some(job) => job.get("spec")?.get("template")?,
        None => spec.get("template")?,
    };
    template.get("spec")?.get("containers")?;
    let mut pod = template.clone();
    let metadata = &workload["metadata"];
    pod["metadata"]["name"] = metadata["name"].clone();
    pod["metadata"]["namespace"] = metadata["namespace"].clone();
    Some(pod)
}

fn shared<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Arc<PodSpec>, D::Error> {
    PodSpec::deserialize(deserializer).map(Arc::new)
}

fn variables_of_aws<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<EnvVar>, D::Error> {
    kept(deserializer, |variable: &EnvVar| variable.name.starts_with("AWS_"))
}

fn mounts_of_tokens<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<VolumeMount>, D::Error> {
    kept(deserializer, |mount: &VolumeMount| holds_token(&mount.name))
}

fn volumes_with_tokens<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Volume>, D::Error> {
    kept(deserializer, |volume: &Volume| holds_token(&volume.name))
}

fn holds_token(volume: &str) -> bool {
    [TOKEN_VOLUME, POD_IDENTITY_VOLUME].contains(&volume)
}

/// The items of a list that count, in no more memory than they need.
fn kept<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    deserializer: D,
    counts: impl Fn(&T) -> bool,
) -> Result<Vec<T>, D::Error> {
    let mut items = Option::<Vec<T>>::deserialize(deserializer)?.unwrap_or_default();
    items.retain(counts);
    items.shrink_to_fit();
    Ok(items)
}
