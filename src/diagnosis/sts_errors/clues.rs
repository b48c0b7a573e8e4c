//! Local facts that narrow down what an error means, whether seen by the probe or written in a pasted text.

use crate::aws::arn::RoleArn;
use crate::aws::issuer;
use crate::aws::partition::Partition;
use crate::causes;
use crate::probe::evidence::{Evidence, Padding, Variable};
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

/// What is known beside the error itself. Everything may be unknown.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Clues {
    /// The role that was asked for.
    pub role: Option<RoleArn>,
    pub role_variable: VariableState,
    pub file_variable: VariableState,
    /// The token's `iss`, `sub` and `aud`; no `aud` at all is an empty list.
    pub issuer: Option<String>,
    pub subject: Option<String>,
    pub audience: Option<Vec<String>>,
    /// The audience is the token's `azp`.
    pub has_authorized_party: bool,
    /// `--expect-service-account`, as `namespace:name`.
    pub expected_service_account: Option<String>,
    pub token_path: Option<String>,
    /// What stands beside the token in its file.
    pub padding: Option<Padding>,
    /// By how much the token is too early for STS's clock, beyond what STS tolerates, in seconds.
    pub early: Option<i64>,
    /// The STS host that was called.
    pub host: Option<String>,
    /// Where exactly it was called, with its port if that is not the scheme's.
    pub url: Option<String>,
    /// The region that requests are made for.
    pub region: Option<String>,
    /// The address that was dialled.
    pub address: Option<IpAddr>,
    /// A proxy variable is set.
    pub proxy: bool,
    pub static_keys: bool,
    pub pod_identity: bool,
    pub windows: bool,
    /// The account of the node, as its instance metadata says.
    pub node_account: Option<String>,
    /// The thumbprint of the certificates that the issuer's host presented here.
    pub thumbprint: Option<String>,
    /// The ARN (or what is left of it) of whoever made the call.
    pub caller: Option<String>,
    /// How far STS's clock is ahead of the local one, in seconds.
    pub clock_ahead: Option<i64>,
}

impl Clues {
    pub fn of(evidence: &Evidence) -> Clues {
        let environment = &evidence.environment;
        let told = |name| match environment.variable(name) {
            Variable::Missing => VariableState::Missing,
            variable if variable.is_filled() => VariableState::Set,
            Variable::Set { .. } => VariableState::Empty,
        };
        let token = evidence.token.seen();
        let endpoint = evidence.endpoint.seen();
        let tcp = evidence.dial.seen().or(evidence.dial.failed()).and_then(|dial| dial.tcp.as_ref());
        Clues {
            role: environment.value("AWS_ROLE_ARN").and_then(|text| RoleArn::parse(text).ok()),
            role_variable: told("AWS_ROLE_ARN"),
            file_variable: told("AWS_WEB_IDENTITY_TOKEN_FILE"),
            issuer: token.and_then(|token| token.issuer.clone()),
            subject: token.and_then(|token| token.subject.clone()),
            // STS compares azp, where there is one, in the place of aud.
            audience: token.map(|token| match &token.authorized_party {
                Some(party) => vec![party.clone()],
                None => token.audience.clone(),
            }),
            has_authorized_party: token.is_some_and(|token| token.authorized_party.is_some()),
            expected_service_account: evidence
                .expected
                .service_account
                .as_ref()
                .map(|(ns, name)| format!("{ns}:{name}")),
            token_path: environment.value("AWS_WEB_IDENTITY_TOKEN_FILE").map(str::to_owned),
            padding: token.and_then(|token| token.padding),
            early: causes::token_not_yet_valid::seconds_too_early(evidence),
            host: endpoint.map(|endpoint| endpoint.host.clone()),
            url: endpoint.map(|endpoint| endpoint.url.clone()),
            region: endpoint.map(|endpoint| endpoint.region.clone()),
            address: tcp.and_then(|tcp| match tcp {
                Ok(peer) => Some(peer.ip()),
                Err(faults) => faults.first().map(|fault| fault.address.ip()),
            }),
            proxy: endpoint.is_some_and(|endpoint| endpoint.proxy.is_some()),
            static_keys: environment.variable("AWS_ACCESS_KEY_ID").is_set(),
            pod_identity: environment.variable("AWS_CONTAINER_CREDENTIALS_FULL_URI").is_filled(),
            windows: false,
            node_account: evidence.imds.seen().and_then(|imds| imds.account.clone()),
            thumbprint: evidence.issuer.seen().and_then(|issuer| issuer.thumbprint.clone()),
            caller: evidence.caller.seen().map(|caller| caller.arn.clone()),
            clock_ahead: evidence.clock.seen().map(|clock| clock.ahead_seconds),
        }
    }

    /// Namespace and name, if the subject is a service account's.
    pub fn service_account(&self) -> Option<(&str, &str)> {
        self.subject.as_deref()?.strip_prefix("system:serviceaccount:")?.split_once(':')
    }

    /// Whether the user stated another service account than the token's.
    pub fn is_other_service_account(&self) -> bool {
        match (&self.expected_service_account, self.service_account()) {
            (Some(expected), Some((namespace, name))) => *expected != format!("{namespace}:{name}"),
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

    /// Whether the caller looks like a node: the instance's id is the session's name, or the role is named after nodes.
    pub fn caller_is_node(&self) -> bool {
        let session_is_instance = self.caller_session().is_some_and(|(_, session)| {
            session.strip_prefix("i-").is_some_and(|id| id.len() >= 8 && id.bytes().all(|b| b.is_ascii_alphanumeric()))
        });
        let role = self.caller_session().map(|(role, _)| role).or(self.caller.as_deref());
        session_is_instance || role.is_some_and(is_named_after_nodes)
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
mod tests {
    use super::*;

    #[test]
    fn nodes_are_told_by_their_session_or_role() {
        for (caller, is) in [
            ("arn:aws:sts::111122223333:assumed-role/apps/i-0abcdef1234567890", true),
            ("arn:aws:sts::111122223333:assumed-role/eksctl-c-nodegroup-NodeInstanceRole-1Q/x", true),
            ("arn:aws:sts::111122223333:assumed-role/nodes.example.k8s/x", true),
            ("arn:aws:sts::111122223333:assumed-role/checkout/botocore-session-1", false),
            ("arn:aws:sts::111122223333:assumed-role/nodejs-app/x", false),
            ("arn:aws:iam::111122223333:user/ci", false),
        ] {
            let clues = Clues { caller: Some(caller.into()), ..Clues::default() };
            assert_eq!(clues.caller_is_node(), is, "{caller}");
        }
    }

    #[test]
    fn internal_issuers_are_told_from_public_ones() {
        for (issuer, public) in issuer::EXAMPLES {
            let clues = Clues { issuer: Some((*issuer).into()), ..Clues::default() };
            assert_eq!(clues.issuer_is_internal(), !public, "{issuer}");
        }
    }
}
