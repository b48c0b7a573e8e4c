//! Service account tokens: minted as the API server mints them, and taken apart again.

use super::keys::{self, Jwks, SigningKey};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use std::io::Result;

/// A token to be minted: a projected service account token, bound to a pod on a node.
#[derive(Clone)]
pub struct Minted {
    pub issuer: String,
    pub namespace: String,
    pub service_account: String,
    pub audience: Vec<String>,
    /// Seconds since 1970.
    pub issued_at: i64,
    /// Seconds; the webhook asks for a day.
    pub lifetime: i64,
}

impl Minted {
    pub fn new(issuer: &str, namespace: &str, service_account: &str, issued_at: i64) -> Self {
        Self {
            issuer: issuer.to_owned(),
            namespace: namespace.to_owned(),
            service_account: service_account.to_owned(),
            audience: vec!["sts.amazonaws.com".to_owned()],
            issued_at,
            lifetime: 86_400,
        }
    }

    pub fn audience(mut self, audience: &[&str]) -> Self {
        self.audience = audience.iter().map(|audience| (*audience).to_owned()).collect();
        self
    }

    pub fn lifetime(mut self, seconds: i64) -> Self {
        self.lifetime = seconds;
        self
    }

    /// The claims of a token from TokenRequest.
    pub fn claims(&self) -> Value {
        json!({
            "aud": self.audience,
            "exp": self.issued_at + self.lifetime,
            "iat": self.issued_at,
            "iss": self.issuer,
            "jti": "0a1fd7bc-9e1d-4c62-b2e3-6b9a0d3f4c11",
            "kubernetes.io": {
                "namespace": self.namespace,
                "node": {
                    "name": "ip-10-0-12-34.eu-west-1.compute.internal",
                    "uid": "3d2a9f0e-53a4-4a52-9d3c-1f7f6f8f2b10"
                },
                "pod": {
                    "name": format!("{}-7d4b9c6f5-x2k8p", self.service_account),
                    "uid": "b7e4f6aa-1c52-4b0e-8a55-7f1d2b9c3e42"
                },
                "serviceaccount": { "name": self.service_account, "uid": "e1c9a7d4-2f38-4c1b-9b7a-5d6e8f0a1b23" },
            },
            "nbf": self.issued_at,
            "sub": format!("system:serviceaccount:{}:{}", self.namespace, self.service_account),
        })
    }

    /// The claims of a secret-based token, as made before Kubernetes 1.24: flat, and without audience or times.
    pub fn legacy_claims(&self) -> Value {
        json!({
            "iss": "kubernetes/serviceaccount",
            "kubernetes.io/serviceaccount/namespace": self.namespace,
            "kubernetes.io/serviceaccount/secret.name": format!("{}-token-x7k2p", self.service_account),
            "kubernetes.io/serviceaccount/service-account.name": self.service_account,
            "kubernetes.io/serviceaccount/service-account.uid": "e1c9a7d4-2f38-4c1b-9b7a-5d6e8f0a1b23",
            "sub": format!("system:serviceaccount:{}:{}", self.namespace, self.service_account),
        })
    }

    pub fn sign(&self, key: &SigningKey) -> Result<String> {
        key.sign(&self.claims())
    }
}

/// A token as it came, its signature not yet inspected.
pub struct Jwt<'a> {
    pub algorithm: String,
    pub kid: String,
    pub claims: Value,
    message: &'a str,
    signature: Vec<u8>,
}

impl<'a> Jwt<'a> {
    /// `None` for what is no JWT with an `alg` and a `kid`.
    pub fn parse(token: &'a str) -> Option<Self> {
        let (message, signature) = token.rsplit_once('.')?;
        let (header, claims) = message.split_once('.')?;
        let header = json_part(header)?;
        Some(Self {
            algorithm: header["alg"].as_str()?.to_owned(),
            kid: header["kid"].as_str()?.to_owned(),
            claims: json_part(claims)?,
            message,
            signature: URL_SAFE_NO_PAD.decode(signature).ok()?,
        })
    }

    /// `None` if the set has no such key.
    pub fn is_signed_by(&self, jwks: &Jwks) -> Option<bool> {
        let key = jwks.key(&self.kid)?;
        Some(keys::verifies(key, &self.algorithm, self.message.as_bytes(), &self.signature))
    }
}

fn json_part(part: &str) -> Option<Value> {
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).ok()?).ok()
}
