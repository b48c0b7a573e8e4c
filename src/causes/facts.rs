//! What is known of the identity in question, from whatever source: the evidence of a run, a pasted text, documents.

mod from_evidence;

use super::Names;
use crate::aws::arn::RoleArn;
use crate::aws::issuer;
use crate::aws::partition::Partition;
use crate::probe::evidence::{Mechanism, Padding};
use std::net::IpAddr;

/// What is known about a variable.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum VariableState {
    #[default]
    Unknown,
    Missing,
    Empty,
    Set,
}

/// What is known of the keys that the issuer publishes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum IssuerKeys {
    #[default]
    Unknown,
    /// Why they could not be fetched.
    Unreachable(String),
    /// The key that signed the token is not among them.
    Wrong,
    /// Why the signature could not be verified.
    Unverified(String),
    /// One of them verifies the token. `is_private`: the issuer's name resolves to private addresses.
    Verified { is_private: bool },
}

/// Which setting names the STS host.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum HostFrom {
    #[default]
    Unknown,
    /// The region, whoever stated it.
    Region,
    /// The variable that holds an endpoint URL.
    Override(&'static str),
}

/// What is known beside the error itself. Everything may be unknown. Fixes take their names from here, and causes rank
/// their candidates by it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Facts {
    /// The role that is asked for.
    pub role: Option<RoleArn>,
    pub role_variable: VariableState,
    pub file_variable: VariableState,
    /// The token's `iss`, `sub` and `aud`; no `aud` at all is an empty list.
    pub issuer: Option<String>,
    pub subject: Option<String>,
    pub audience: Option<Vec<String>>,
    /// The audience is the token's `azp`.
    pub has_authorized_party: bool,
    /// Namespace and name of the pod's own service account, where another source than `subject` names it.
    pub pod_account: Option<(String, String)>,
    /// `--expect-service-account`: namespace and name.
    pub expected_service_account: Option<(String, String)>,
    /// Name and namespace of the pod.
    pub pod: Option<String>,
    pub namespace: Option<String>,
    /// The name of the EKS cluster, and the ID of its association for the pod's service account.
    pub cluster: Option<String>,
    pub association: Option<String>,
    /// The region in the ARN of the cluster or the association.
    pub cluster_region: Option<String>,
    /// The container that is judged, and whether the probe runs in another one.
    pub container: Option<String>,
    pub is_target: bool,
    /// Whether the webhook's token volume, and that of EKS Pod Identity, is mounted in it.
    pub token_volume: Option<bool>,
    pub pod_identity_volume: Option<bool>,
    /// Whose process is judged.
    pub uid: Option<u32>,
    pub gid: Option<u32>,
    pub token_path: Option<String>,
    /// The profile that names the role, and its file, as a noun; `None` where variables do.
    pub profile: Option<String>,
    /// What the token file holds beside the token.
    pub padding: Option<Padding>,
    /// The token in the file has expired, so the file was not refreshed.
    pub file_is_expired: bool,
    /// How far the token's validity begins after STS's time, beyond what STS tolerates, in seconds.
    pub early: Option<i64>,
    /// The STS host that was called.
    pub host: Option<String>,
    /// The URL that was called, with its port if that is not the scheme's.
    pub url: Option<String>,
    /// The region that requests are made for.
    pub region: Option<String>,
    /// The regional name of STS was tried as well, because the global one did not answer: whether it is a VPC endpoint.
    pub regional_is_private: Option<bool>,
    /// The address that the connection went to.
    pub address: Option<IpAddr>,
    /// Where the host comes from.
    pub host_from: HostFrom,
    /// Whether a proxy variable is set.
    pub proxy: Option<bool>,
    /// The proxy that the connection went to.
    pub via: Option<String>,
    pub static_keys: bool,
    /// What the pod has its role by, where that is known.
    pub mechanism: Option<Mechanism>,
    pub windows: bool,
    /// The account and the id of the node, according to its instance metadata.
    pub node_account: Option<String>,
    pub instance: Option<String>,
    /// The thumbprint of the certificates that the issuer's host presented here.
    pub thumbprint: Option<String>,
    pub issuer_keys: IssuerKeys,
    /// The ARN, or part of the ARN, of the caller.
    pub caller: Option<String>,
    /// How far STS's clock is ahead of the local one, in seconds.
    pub clock_ahead: Option<i64>,
    /// By STS's clock the token has expired, and by the local clock the kubelet has no reason to refresh it.
    pub clock_hides_expiry: bool,
}

impl Facts {
    /// The facts as commands and texts name them.
    pub fn names(&self) -> Names {
        Names::of(self)
    }

    /// Whether the pod has its role by EKS Pod Identity.
    pub fn is_pod_identity(&self) -> bool {
        self.mechanism == Some(Mechanism::PodIdentity)
    }

    /// Namespace and name of the pod's service account.
    pub fn account(&self) -> Option<(&str, &str)> {
        let own = self.pod_account.as_ref().map(|(namespace, name)| (namespace.as_str(), name.as_str()));
        own.or(self.token_account())
    }

    /// Namespace and name, if the token is a service account's.
    pub fn token_account(&self) -> Option<(&str, &str)> {
        self.subject.as_deref()?.strip_prefix("system:serviceaccount:")?.split_once(':')
    }

    /// Whether the user stated another service account than the token's.
    pub fn is_other_service_account(&self) -> bool {
        match (&self.expected_service_account, self.token_account()) {
            (Some((namespace, name)), Some(actual)) => (namespace.as_str(), name.as_str()) != actual,
            _ => false,
        }
    }

    /// Whether role and node are of two accounts; `None` if either's is not known.
    pub fn is_of_other_account(&self) -> Option<bool> {
        Some(self.role.as_ref()?.account != *self.node_account.as_ref()?)
    }

    /// The ARN that a trust policy must name as its federated principal.
    pub fn provider_arn(&self) -> Option<String> {
        Some(self.role.as_ref()?.provider_arn(self.issuer.as_deref()?))
    }

    /// The partition of the issuer, if AWS runs it.
    pub fn issuer_partition(&self) -> Option<Partition> {
        Partition::of_host(self.issuer_host()?)
    }

    /// The partition that everything belongs to, as far as anything shows it.
    pub fn partition(&self) -> Option<Partition> {
        let role = self.role.as_ref().map(|role| role.partition);
        let caller = || Partition::from_id(self.caller.as_deref()?.strip_prefix("arn:")?.split(':').next()?);
        role.or_else(|| self.issuer_partition())
            .or_else(caller)
            .or_else(|| self.region.as_deref().and_then(Partition::of_region))
    }

    pub fn issuer_host(&self) -> Option<&str> {
        let issuer = self.issuer.as_deref()?;
        let host = issuer.strip_prefix("https://").or_else(|| issuer.strip_prefix("http://")).unwrap_or(issuer);
        host.split(['/', ':']).next()
    }

    /// `oidc.eks.eu-west-1.amazonaws.com` is in `eu-west-1`.
    pub fn issuer_region(&self) -> Option<&str> {
        self.issuer_host()?.split('.').find(|label| Partition::of_region(label).is_some())
    }

    /// Whether only the cluster itself, or its network, can know the issuer's host.
    pub fn issuer_is_internal(&self) -> bool {
        self.issuer.as_deref().is_some_and(|issuer| issuer::why_unreachable(issuer).is_some())
    }

    pub fn calls_global_endpoint(&self) -> bool {
        self.host.as_deref() == Some("sts.amazonaws.com")
    }

    /// The role and session names of an assumed role that called.
    pub fn caller_session(&self) -> Option<(&str, &str)> {
        self.caller.as_deref()?.split_once("assumed-role/")?.1.split_once('/')
    }

    /// Whether the caller is a session of the role that is asked for, as far as its name tells.
    pub fn caller_has_the_role(&self) -> bool {
        matches!((self.caller_session(), &self.role), (Some((name, _)), Some(role)) if role.name == name)
    }

    /// Whether the caller looks like a node: the instance's id is the session's name, or the role is named after nodes.
    pub fn caller_is_node(&self) -> bool {
        let session_is_instance = self.caller_session().is_some_and(|(_, session)| {
            session.strip_prefix("i-").is_some_and(|id| id.len() >= 8 && id.bytes().all(|b| b.is_ascii_alphanumeric()))
        });
        let role = self.caller_session().map(|(role, _)| role).or(self.caller.as_deref());
        session_is_instance || role.is_some_and(is_named_after_nodes)
    }

    /// YAML that lets the process's group read the token. The kubelet gives group 0 no access of its own.
    pub fn fs_group(&self) -> String {
        let group = self.gid.filter(|gid| *gid != 0).unwrap_or(65534);
        format!("spec:\n  securityContext:\n    fsGroup: {group}")
    }
}

/// Role names of nodes, as eksctl, Terraform, CloudFormation, kops and Karpenter make them.
pub fn is_named_after_nodes(role: &str) -> bool {
    let role = role.to_ascii_lowercase();
    let words: Vec<&str> = role.split(['-', '_', '.', '/', ' ']).collect();
    let node_words = ["node", "nodes", "nodegroup", "nodegroups", "noderole", "ng", "worker", "workers", "ec2"];
    words.iter().any(|word| node_words.contains(word))
        || ["nodeinstance", "instancerole", "instanceprofile", "noderole", "nodegroup", "workernode"]
            .iter()
            .any(|part| role.contains(part))
}

#[cfg(test)]
mod tests;
