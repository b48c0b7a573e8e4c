//! Output of the aws CLI and documents of issuers, reduced to what matters for IRSA.

use super::trust_policy::{Policy, PolicyFault, unwrap};
use serde::Deserialize;
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
#[serde(default)]
pub struct Cluster {
    pub name: String,
    pub arn: String,
    pub identity: ClusterIdentity,
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
    pub role_arn: Option<String>,
}

/// One action of `aws iam simulate-principal-policy`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub struct Simulated {
    pub eval_action_name: String,
    pub eval_resource_name: Option<String>,
    /// `allowed`, `explicitDeny` or `implicitDeny`.
    pub eval_decision: String,
    pub organizations_decision_detail: Option<Organizations>,
    pub permissions_boundary_decision_detail: Option<Boundary>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub struct Organizations {
    pub allowed_by_organizations: bool,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub struct Boundary {
    pub allowed_by_permissions_boundary: bool,
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
