//! What exists in the stand-in's AWS: issuers, IAM providers, roles, and what time it is there.

use super::keys::Jwks;
use irsa_probe::aws::arn::{RoleArn, without_scheme};
use serde_json::{Value, json};
use std::time::{SystemTime, UNIX_EPOCH};

/// Built once, then only read.
#[derive(Clone, Default)]
pub struct World {
    pub issuers: Vec<Issuer>,
    pub providers: Vec<Provider>,
    pub roles: Vec<Role>,
    pub associations: Vec<Association>,
    /// Where this STS is; signatures for another region are refused. `None` takes any region's.
    pub region: Option<String>,
    /// Seconds by which this world's clock is ahead of the machine's.
    pub clock_ahead: i64,
}

/// An OIDC issuer as the world outside the cluster sees it.
#[derive(Clone)]
pub struct Issuer {
    pub url: String,
    /// `None` where nothing answers at the issuer's address.
    pub jwks: Option<Jwks>,
}

/// An IAM OIDC provider: an account's trust in an issuer.
#[derive(Clone)]
pub struct Provider {
    pub arn: String,
    pub issuer: String,
    /// Audiences that the account accepts from it.
    pub client_ids: Vec<String>,
}

#[derive(Clone)]
pub struct Role {
    pub arn: RoleArn,
    pub trust_policy: Value,
    /// `MaxSessionDuration`, in seconds.
    pub max_session: u32,
}

/// An association of EKS Pod Identity, in the cluster [`CLUSTER`].
#[derive(Clone)]
pub struct Association {
    pub namespace: String,
    pub service_account: String,
    pub role: RoleArn,
}

/// The name of the cluster that associations are in.
pub const CLUSTER: &str = "prod";

impl World {
    pub fn issuer(mut self, url: &str, jwks: Option<Jwks>) -> Self {
        self.issuers.push(Issuer { url: url.to_owned(), jwks });
        self
    }

    /// Registers the issuer in the account of `role`.
    pub fn provider(mut self, role: &RoleArn, issuer: &str, client_ids: &[&str]) -> Self {
        let client_ids = client_ids.iter().map(|id| (*id).to_owned()).collect();
        self.providers.push(Provider { arn: role.provider_arn(issuer), issuer: issuer.to_owned(), client_ids });
        self
    }

    pub fn role(mut self, arn: &RoleArn, trust_policy: Value) -> Self {
        self.roles.push(Role { arn: arn.clone(), trust_policy, max_session: 3600 });
        self
    }

    /// Gives the role to a service account through EKS Pod Identity.
    pub fn association(mut self, namespace: &str, service_account: &str, role: &RoleArn) -> Self {
        self.associations.push(Association {
            namespace: namespace.to_owned(),
            service_account: service_account.to_owned(),
            role: role.clone(),
        });
        self
    }

    pub fn region(mut self, region: &str) -> Self {
        self.region = Some(region.to_owned());
        self
    }

    pub fn clock_ahead(mut self, seconds: i64) -> Self {
        self.clock_ahead = seconds;
        self
    }

    /// Seconds since 1970 by this world's clock.
    pub fn now(&self) -> i64 {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        i64::try_from(since.as_secs()).unwrap_or(i64::MAX).saturating_add(self.clock_ahead)
    }
}

/// The trust policy that AWS documents for IRSA: this service account of this cluster may assume `role`.
pub fn trust_policy(role: &RoleArn, issuer: &str, subject: &str, audience: &str) -> Value {
    let key = without_scheme(issuer);
    json!({
        "Version": "2012-10-17",
        "Statement": [{
            "Effect": "Allow",
            "Principal": { "Federated": role.provider_arn(issuer) },
            "Action": "sts:AssumeRoleWithWebIdentity",
            "Condition": { "StringEquals": {
                format!("{key}:sub"): subject,
                format!("{key}:aud"): audience,
            }}
        }]
    })
}

/// The trust policy that AWS documents for EKS Pod Identity.
pub fn pod_identity_policy() -> Value {
    json!({
        "Version": "2012-10-17",
        "Statement": [{
            "Effect": "Allow",
            "Principal": { "Service": "pods.eks.amazonaws.com" },
            "Action": ["sts:AssumeRole", "sts:TagSession"],
        }]
    })
}
