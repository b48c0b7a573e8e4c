//! Keys that sign tokens, and the public halves that an issuer publishes.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rcgen::{KeyPair, PublicKeyData};
use ring::rand::SystemRandom;
use ring::signature::{self, EcdsaKeyPair, RsaKeyPair, RsaPublicKeyComponents};
use serde_json::{Value, json};
use std::io::{Error, Result};

/// `ring` cannot make RSA keys, so this one is fixed. It is public: nothing but tests may trust it.
const TEST_ONLY_RSA_KEY: &str = include_str!("test-only-rsa-key.pem");

/// A cluster's key for service account tokens.
pub struct SigningKey {
    secret: Secret,
    algorithm: &'static str,
    /// As Kubernetes makes it: the base64url of the SHA-256 of the public key's SPKI DER.
    pub kid: String,
    jwk: Value,
}

enum Secret {
    Rsa(RsaKeyPair),
    Ec(EcdsaKeyPair),
}

impl SigningKey {
    /// The fixed RSA key; EKS signs with RS256.
    pub fn rs256() -> Result<Self> {
        let pair = KeyPair::from_pem(TEST_ONLY_RSA_KEY).map_err(Error::other)?;
        let secret = RsaKeyPair::from_pkcs8(pair.serialized_der()).map_err(ring_error)?;
        let public = RsaPublicKeyComponents::<Vec<u8>>::from(secret.public());
        let kid = key_id(&pair);
        let jwk = json!({
            "use": "sig", "kty": "RSA", "kid": kid, "alg": "RS256",
            "n": URL_SAFE_NO_PAD.encode(public.n), "e": URL_SAFE_NO_PAD.encode(public.e),
        });
        Ok(Self { secret: Secret::Rsa(secret), algorithm: "RS256", kid, jwk })
    }

    /// A new P-256 key.
    pub fn es256() -> Result<Self> {
        let pair = KeyPair::generate_for(&rcgen::PKCS_ECDSA_P256_SHA256).map_err(Error::other)?;
        let kind = &signature::ECDSA_P256_SHA256_FIXED_SIGNING;
        let secret = EcdsaKeyPair::from_pkcs8(kind, pair.serialized_der(), &SystemRandom::new()).map_err(ring_error)?;
        // An uncompressed point: 4, x, y.
        let (x, y) = pair.public_key_raw()[1..].split_at(32);
        let kid = key_id(&pair);
        let jwk = json!({
            "use": "sig", "kty": "EC", "kid": kid, "crv": "P-256", "alg": "ES256",
            "x": URL_SAFE_NO_PAD.encode(x), "y": URL_SAFE_NO_PAD.encode(y),
        });
        Ok(Self { secret: Secret::Ec(secret), algorithm: "ES256", kid, jwk })
    }

    /// The claims as a JWT, with a header of exactly `alg` and `kid`, as Kubernetes writes it.
    pub fn sign(&self, claims: &Value) -> Result<String> {
        let header = json!({ "alg": self.algorithm, "kid": self.kid });
        let message = format!("{}.{}", part(&header), part(claims));
        let signature = match &self.secret {
            Secret::Rsa(key) => {
                let mut signature = vec![0; key.public().modulus_len()];
                key.sign(&signature::RSA_PKCS1_SHA256, &SystemRandom::new(), message.as_bytes(), &mut signature)
                    .map_err(ring_error)?;
                signature
            }
            Secret::Ec(key) => {
                key.sign(&SystemRandom::new(), message.as_bytes()).map_err(ring_error)?.as_ref().to_vec()
            }
        };
        Ok(format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature)))
    }
}

/// `ring`'s errors are no `std::error::Error` without a feature that nothing else needs.
pub fn ring_error(error: impl std::fmt::Display) -> Error {
    Error::other(error.to_string())
}

fn key_id(pair: &KeyPair) -> String {
    URL_SAFE_NO_PAD.encode(ring::digest::digest(&ring::digest::SHA256, &pair.subject_public_key_info()))
}

fn part(json: &Value) -> String {
    URL_SAFE_NO_PAD.encode(json.to_string())
}

/// A JSON Web Key Set: what an issuer publishes.
#[derive(Clone)]
pub struct Jwks(Value);

impl Jwks {
    pub fn of(keys: &[&SigningKey]) -> Self {
        Self(json!({ "keys": keys.iter().map(|key| &key.jwk).collect::<Vec<_>>() }))
    }

    pub fn from_json(text: &str) -> Result<Self> {
        let set: Value = serde_json::from_str(text)?;
        match set["keys"].is_array() {
            true => Ok(Self(set)),
            false => Err(Error::other("a JWKS has an array named keys")),
        }
    }

    pub fn to_json(&self) -> String {
        self.0.to_string()
    }

    /// The key with this id.
    pub fn key(&self, kid: &str) -> Option<&Value> {
        self.0["keys"].as_array()?.iter().find(|key| key["kid"] == kid)
    }
}

/// Whether `signature` over `message` was made with the private half of `jwk`. ES512 cannot be verified here (`ring`
/// has no P-521) and counts as false.
pub fn verifies(jwk: &Value, algorithm: &str, message: &[u8], signature: &[u8]) -> bool {
    if jwk["alg"].as_str().is_some_and(|alg| alg != algorithm) {
        return false;
    }
    let number = |name: &str| URL_SAFE_NO_PAD.decode(jwk[name].as_str().unwrap_or_default()).unwrap_or_default();
    let rsa = |kind| RsaPublicKeyComponents { n: number("n"), e: number("e") }.verify(kind, message, signature).is_ok();
    let ec = |kind: &'static signature::EcdsaVerificationAlgorithm| {
        let point = [vec![4], number("x"), number("y")].concat();
        signature::UnparsedPublicKey::new(kind, point).verify(message, signature).is_ok()
    };
    match (algorithm, jwk["kty"].as_str()) {
        ("RS256", Some("RSA")) => rsa(&signature::RSA_PKCS1_2048_8192_SHA256),
        ("RS384", Some("RSA")) => rsa(&signature::RSA_PKCS1_2048_8192_SHA384),
        ("RS512", Some("RSA")) => rsa(&signature::RSA_PKCS1_2048_8192_SHA512),
        ("ES256", Some("EC")) => ec(&signature::ECDSA_P256_SHA256_FIXED),
        ("ES384", Some("EC")) => ec(&signature::ECDSA_P384_SHA384_FIXED),
        _ => false,
    }
}
