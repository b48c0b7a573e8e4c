//! Pods and service accounts.

use super::env::EnvVar;
use super::metadata::Metadata;
use super::partial::{Present, kept};
use crate::aws::webhook::{POD_IDENTITY_VOLUME, TOKEN_PATH, TOKEN_VOLUME};
use crate::documents::texts::Texts;
use serde::{Deserialize, Deserializer};
use serde_json::Value;
use std::sync::Arc;

#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct ServiceAccount {
    pub metadata: Metadata,
}

/// Where a pod comes from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Origin {
    /// The API server: after admission.
    #[default]
    Admitted,
    /// A manifest that was not applied yet.
    Manifest,
    /// The template of this kind of workload.
    Template(String),
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Pod {
    pub metadata: Metadata,
    /// The replicas of a workload share one.
    #[serde(deserialize_with = "shared")]
    pub spec: Arc<PodSpec>,
    #[serde(skip)]
    pub origin: Origin,
    /// The node that it runs on.
    #[serde(skip)]
    pub node: Option<String>,
    /// See [`waits`].
    #[serde(skip)]
    pub waits: Option<Box<str>>,
}

/// Why a container does not run, as the kubelet says it; nothing of one that is just being created. It is not about the
/// pod's identity.
pub(crate) fn waits(pod: &Value) -> Option<Box<str>> {
    const STARTING: [&str; 2] = ["ContainerCreating", "PodInitializing"];
    let lists = ["initContainerStatuses", "containerStatuses"].map(|list| &pod["status"][list]);
    lists.into_iter().filter_map(Value::as_array).flatten().find_map(|one| {
        let reason = one["state"]["waiting"]["reason"].as_str().filter(|reason| !STARTING.contains(reason))?;
        Some(format!("container {} is waiting: {reason}", one["name"].as_str()?).into())
    })
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct PodSpec {
    pub service_account_name: Option<String>,
    pub init_containers: Vec<Container>,
    pub containers: Vec<Container>,
    pub ephemeral_containers: Vec<Container>,
    /// Only the volumes with tokens of IRSA and EKS Pod Identity, and of a pod with an AWS configuration file or a token file
    /// of its own all that may hold it.
    #[serde(deserialize_with = "volumes_that_matter")]
    pub volumes: Vec<Volume>,
    pub security_context: SecurityContext,
    pub node_selector: Texts,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Container {
    pub name: String,
    /// Only AWS variables.
    #[serde(deserialize_with = "variables_of_aws")]
    pub env: Vec<EnvVar>,
    /// ConfigMaps and Secrets whose keys become variables. The pod does not show which.
    pub env_from: Vec<Present>,
    /// Only the mounts of those volumes.
    pub volume_mounts: Vec<VolumeMount>,
    pub security_context: SecurityContext,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct VolumeMount {
    pub name: String,
    pub mount_path: String,
    pub sub_path: Option<String>,
}

/// Of a pod or of a container. `fsGroup` is only in the pod's.
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
    #[serde(rename = "configMap")]
    pub config_map: Option<ConfigMapSource>,
}

/// Without items, every key is a file of its own name.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Deserialize)]
#[serde(default)]
pub struct ConfigMapSource {
    pub name: String,
    pub items: Vec<KeyToPath>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Deserialize)]
#[serde(default)]
pub struct KeyToPath {
    pub key: String,
    pub path: String,
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
    pub config_map: Option<ConfigMapSource>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct TokenSource {
    pub audience: Option<String>,
    pub expiration_seconds: Option<i64>,
    pub path: String,
}

impl Pod {
    pub fn with_origin(mut self) -> Pod {
        self.origin = if self.metadata.uid.is_some() { Origin::Admitted } else { Origin::Manifest };
        self
    }

    /// `default` if unset, as in the API server.
    pub fn namespace(&self) -> &str {
        self.metadata.namespace.as_deref().unwrap_or("default")
    }

    /// `default` if unset, as in the API server.
    pub fn service_account(&self) -> &str {
        self.spec.service_account_name.as_deref().filter(|name| !name.is_empty()).unwrap_or("default")
    }

    /// Init containers and native sidecars, then containers: those that the webhook mutates.
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

    /// The value, if it is literal.
    pub fn value(&self, name: &str) -> Option<&str> {
        self.variable(name)?.value.as_deref()
    }

    /// Whether an AWS configuration file is named, or mounted where SDKs look for one.
    fn may_have_profile(&self) -> bool {
        let names = ["AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"];
        let is_usual = |path: &str| path.split('/').any(|name| name == ".aws");
        names.iter().any(|name| self.variable(name).is_some())
            || self.volume_mounts.iter().any(|mount| is_usual(&mount.mount_path))
    }

    /// Of IRSA, in another volume than the webhook's.
    fn names_token_file(&self) -> bool {
        self.value("AWS_WEB_IDENTITY_TOKEN_FILE").is_some_and(|path| path != TOKEN_PATH || !self.mounts(TOKEN_VOLUME))
    }

    pub fn mounts(&self, volume: &str) -> bool {
        self.volume_mounts.iter().any(|mount| mount.name == volume)
    }
}

impl Volume {
    pub fn config_maps(&self) -> impl Iterator<Item = &ConfigMapSource> {
        let projected = self.projected.iter().flat_map(|projected| &projected.sources);
        self.config_map.iter().chain(projected.filter_map(|source| source.config_map.as_ref()))
    }

    pub fn token(&self) -> Option<&TokenSource> {
        self.projected.as_ref()?.sources.iter().find_map(|source| source.service_account_token.as_ref())
    }
}

impl ServiceAccount {
    pub fn namespace(&self) -> &str {
        self.metadata.namespace.as_deref().unwrap_or("default")
    }
}

fn shared<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Arc<PodSpec>, D::Error> {
    let mut spec = PodSpec::deserialize(deserializer)?;
    let mut containers = spec.init_containers.iter().chain(&spec.containers);
    if !containers.any(|container| container.may_have_profile() || container.names_token_file()) {
        spec.volumes.retain(|volume| holds_token(&volume.name));
    }
    spec.volumes.shrink_to_fit();
    let kept: Vec<String> = spec.volumes.iter().map(|volume| volume.name.clone()).collect();
    for container in spec.init_containers.iter_mut().chain(&mut spec.containers).chain(&mut spec.ephemeral_containers) {
        container.volume_mounts.retain(|mount| holds_token(&mount.name) || kept.contains(&mount.name));
        container.volume_mounts.shrink_to_fit();
    }
    Ok(Arc::new(spec))
}

fn variables_of_aws<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<EnvVar>, D::Error> {
    kept(deserializer, |variable: &EnvVar| variable.name.starts_with("AWS_"))
}

fn volumes_that_matter<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Volume>, D::Error> {
    kept(deserializer, |volume: &Volume| {
        holds_token(&volume.name) || volume.config_map.is_some() || volume.projected.is_some()
    })
}

fn holds_token(volume: &str) -> bool {
    [TOKEN_VOLUME, POD_IDENTITY_VOLUME].contains(&volume)
}
