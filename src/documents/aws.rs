//! Output of the aws CLI and documents of issuers, reduced to what matters for a pod's role.

use super::trust_policy::{Policy, PolicyFault, unwrap};
use crate::causes::shell_word;
use crate::text::timestamp::Timestamp;
use serde::{Deserialize, Deserializer};
use serde_json::Value;

/// `aws iam get-role`, or a trust policy alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Role {
    /// Empty for a policy without its role.
    pub arn: String,
    pub policy: Policy,
    /// The JSON that the policy was parsed from.
    pub json: Value,
}

impl Role {
    pub(super) fn read(role: &Value) -> Result<Role, PolicyFault> {
        let json = unwrap(role)?.into_owned();
        let arn = role["Arn"].as_str().unwrap_or_default().to_owned();
        Ok(Role { arn, policy: Policy::from_value(&json)?, json })
    }
}

/// `aws iam get-open-id-connect-provider`. It does not contain the ARN.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Provider {
    /// Without scheme.
    #[serde(rename = "Url")]
    pub url: String,
    #[serde(rename = "ClientIDList")]
    pub client_ids: Vec<String>,
    #[serde(rename = "ThumbprintList", default)]
    pub thumbprints: Vec<String>,
}

/// `aws eks describe-cluster`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Cluster {
    pub name: String,
    pub arn: String,
    pub identity: ClusterIdentity,
    pub compute_config: Option<ComputeConfig>,
}

/// Of EKS Auto Mode (EKS API reference, `ComputeConfigResponse`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct ComputeConfig {
    pub enabled: bool,
}

/// `kubectl config view --minify`, which has one cluster.
#[derive(Deserialize)]
pub(super) struct Kubeconfig {
    clusters: Vec<NamedCluster>,
}

#[derive(Deserialize)]
struct NamedCluster {
    name: String,
}

impl Kubeconfig {
    /// Source: "aws eks update-kubeconfig" names the cluster by its ARN.
    pub(super) fn cluster(self) -> Option<Cluster> {
        let arn = self.clusters.into_iter().next()?.name;
        let name = arn.strip_prefix("arn:")?.split_once(":cluster/")?.1.to_owned();
        Some(Cluster { name, arn, ..Cluster::default() })
    }
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct ClusterIdentity {
    pub oidc: Oidc,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Oidc {
    pub issuer: Option<String>,
}

impl Cluster {
    /// The region in the ARN.
    pub(crate) fn region(&self) -> Option<&str> {
        region(&self.arn)
    }

    /// Whether it is from `describe-cluster`: a kubeconfig has only the name.
    pub(crate) fn is_described(&self) -> bool {
        self.issuer().is_some()
    }

    pub(crate) fn has_auto_mode(&self) -> bool {
        self.compute_config.is_some_and(|config| config.enabled)
    }

    pub fn issuer(&self) -> Option<&str> {
        self.identity.oidc.issuer.as_deref()
    }
}

/// One of `aws eks list-pod-identity-associations`, or `describe-pod-identity-association`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Association {
    pub cluster_name: String,
    pub namespace: String,
    pub service_account: String,
    pub association_arn: String,
    pub association_id: String,
    /// Not in a list, like all that follows.
    pub role_arn: Option<String>,
    /// The role that EKS assumes with the first one.
    pub target_role_arn: Option<String>,
    /// What the trust policy of the target role may require.
    pub external_id: Option<String>,
    pub disable_session_tags: bool,
    #[serde(deserialize_with = "time")]
    pub created_at: Option<Timestamp>,
    #[serde(deserialize_with = "time")]
    pub modified_at: Option<Timestamp>,
}

impl Association {
    /// Whether it is from `describe-pod-identity-association`: a list has neither roles nor dates.
    pub(crate) fn is_described(&self) -> bool {
        self.role_arn.is_some()
    }

    /// The command that prints it.
    pub(crate) fn describe_command(&self) -> String {
        let region = self.region().map(|region| format!(" --region {}", shell_word(region))).unwrap_or_default();
        let [cluster, id] = [&self.cluster_name, &self.association_id].map(|name| shell_word(name));
        format!(
            "aws eks describe-pod-identity-association{region} --cluster-name {cluster} --association-id {id} --output json"
        )
    }

    /// The region in the ARN.
    pub(crate) fn region(&self) -> Option<&str> {
        region(&self.association_arn)
    }
}

/// The fourth part of an ARN.
fn region(arn: &str) -> Option<&str> {
    arn.split(':').nth(3).filter(|region| !region.is_empty())
}

/// The aws CLI prints a time as ISO 8601 (version 2) or as seconds since 1970 (version 1).
fn time<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Timestamp>, D::Error> {
    Ok(match Value::deserialize(deserializer)? {
        Value::String(text) => Timestamp::parse(&text),
        Value::Number(seconds) => seconds.as_f64().map(|seconds| Timestamp(seconds as i64)),
        _ => None,
    })
}

/// `aws eks describe-addon`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Addon {
    pub addon_name: String,
    pub status: String,
    pub health: Health,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Health {
    pub issues: Vec<Issue>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Issue {
    pub code: String,
    pub message: String,
}

/// `aws eks describe-nodegroup`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct NodeGroup {
    pub nodegroup_name: String,
    /// The ARN of the role that its nodes have.
    pub node_role: String,
}

/// `/.well-known/openid-configuration` of an issuer.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Discovery {
    pub issuer: String,
    pub jwks_uri: String,
}

/// The key set of an issuer.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Jwks {
    pub keys: Vec<Key>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Key {
    pub kid: Option<String>,
}

/// The text of `key` in each object of a list.
pub(super) fn texts(list: &Value, key: &str) -> Vec<String> {
    let items = list.as_array().map(Vec::as_slice).unwrap_or_default();
    items.iter().filter_map(|item| item[key].as_str()).map(str::to_owned).collect()
}
