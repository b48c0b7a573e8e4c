//! Verifies a token's signature against the keys that its issuer publishes.

use super::RawToken;
use crate::probe::evidence::Signature;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::jwk::Jwk;
use jsonwebtoken::{DecodingKey, DecodingKeyKind};
use ring::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P384_SHA384_FIXED, RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_2048_8192_SHA384,
    RSA_PKCS1_2048_8192_SHA512, RsaParameters, RsaPublicKeyComponents, UnparsedPublicKey, VerificationAlgorithm,
};
use serde_json::Value;

/// A published key and its id.
pub(super) struct Key {
    pub id: Option<String>,
    jwk: Value,
}

/// The keys of a JWK set (RFC 7517, section 5). Keys of kinds that nobody knows are kept: their ids tell something.
pub(super) fn keys(set: &Value) -> Option<Vec<Key>> {
    let keys = set.get("keys")?.as_array()?;
    let id = |jwk: &Value| jwk.get("kid").and_then(Value::as_str).map(str::to_owned);
    Some(keys.iter().map(|jwk| Key { id: id(jwk), jwk: jwk.clone() }).collect())
}

/// What the signature of `token`, whose header names `key_id` and `algorithm`, is worth by these keys.
pub(super) fn verify(token: &RawToken, key_id: Option<&str>, algorithm: Option<&str>, keys: &[Key]) -> Signature {
    let Some(key) = keys.iter().find(|key| key_id.is_some() && key.id.as_deref() == key_id) else {
        return Signature::KeyNotPublished;
    };
    let not_verified = |why: String| Signature::NotVerified(why);
    let Some(algorithm) = algorithm.and_then(Algorithm::named) else {
        return not_verified(format!(
            "the algorithm {} is not one that is verified here",
            algorithm.unwrap_or("(none)")
        ));
    };
    let key = serde_json::from_value::<Jwk>(key.jwk.clone())
        .and_then(|jwk| DecodingKey::from_jwk(&jwk).map_err(|error| serde::de::Error::custom(error.to_string())));
    let Ok(key) = key else {
        return not_verified("the published key cannot be read".to_owned());
    };
    let text = token.text();
    let jwt = text.trim_start_matches('\u{feff}').trim();
    let Some((message, signature)) = jwt.rsplit_once('.') else {
        return not_verified("the token has no signature".to_owned());
    };
    let Ok(signature) = URL_SAFE_NO_PAD.decode(signature) else {
        return Signature::Invalid;
    };
    let valid = match (algorithm, key.kind()) {
        (Algorithm::Rsa(parameters), DecodingKeyKind::RsaModulusExponent { n, e }) => {
            RsaPublicKeyComponents { n, e }.verify(parameters, message.as_bytes(), &signature).is_ok()
        }
        (Algorithm::Ecdsa(algorithm), DecodingKeyKind::SecretOrDer(point)) => {
            UnparsedPublicKey::new(algorithm, point).verify(message.as_bytes(), &signature).is_ok()
        }
        _ => return not_verified("the published key is of another kind than the token's algorithm".to_owned()),
    };
    if valid { Signature::Valid } else { Signature::Invalid }
}

enum Algorithm {
    Rsa(&'static RsaParameters),
    Ecdsa(&'static dyn VerificationAlgorithm),
}

impl Algorithm {
    /// Those with which Kubernetes signs; ES512 is missing in ring.
    fn named(name: &str) -> Option<Algorithm> {
        Some(match name {
            "RS256" => Algorithm::Rsa(&RSA_PKCS1_2048_8192_SHA256),
            "RS384" => Algorithm::Rsa(&RSA_PKCS1_2048_8192_SHA384),
            "RS512" => Algorithm::Rsa(&RSA_PKCS1_2048_8192_SHA512),
            "ES256" => Algorithm::Ecdsa(&ECDSA_P256_SHA256_FIXED),
            "ES384" => Algorithm::Ecdsa(&ECDSA_P384_SHA384_FIXED),
            _ => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::probe::jwt;
    use std::path::Path;

    fn real(path: &str) -> Vec<u8> {
        std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/k8s").join(path)).unwrap()
    }

    fn judge(token: &[u8], set: &str) -> Signature {
        let claims = jwt::decode(token).unwrap();
        let keys = keys(&serde_json::from_slice(&real(set)).unwrap()).unwrap();
        verify(&RawToken::new(token.to_vec()), claims.key_id.as_deref(), claims.algorithm.as_deref(), &keys)
    }

    #[test]
    fn tokens_of_a_real_cluster_are_verified_against_its_keys() {
        let rsa = "rs256-eks-issuer";
        for (token, set, signature) in [
            ("rs256-eks-issuer/normal-sts-aud.jwt", "jwks.json", Signature::Valid),
            ("rs256-eks-issuer/legacy-secret.jwt", "jwks-one-key.json", Signature::Valid),
            ("rs256-eks-issuer-rotated-out/normal-sts-aud.jwt", "jwks.json", Signature::Valid),
            ("rs256-eks-issuer-rotated-out/normal-sts-aud.jwt", "jwks-one-key.json", Signature::KeyNotPublished),
        ] {
            assert_eq!(judge(&real(token), &format!("{rsa}/{set}")), signature, "{token} {set}");
        }
        let elliptic = real("es256-eks-issuer/normal-sts-aud.jwt");
        assert_eq!(judge(&elliptic, "es256-eks-issuer/jwks.json"), Signature::Valid);
    }

    #[test]
    fn a_signature_that_is_not_of_the_key_is_invalid() {
        for issuer in ["rs256-eks-issuer", "es256-eks-issuer"] {
            let mut token = real(&format!("{issuer}/normal-sts-aud.jwt"));
            let text = String::from_utf8(token.clone()).unwrap();
            let middle = text.rfind('.').unwrap() + 20;
            token[middle] = if token[middle] == b'A' { b'B' } else { b'A' };
            assert_eq!(judge(&token, &format!("{issuer}/jwks.json")), Signature::Invalid);
        }
    }

    #[test]
    fn a_key_that_cannot_be_used_verifies_nothing() {
        let token = real("rs256-eks-issuer/normal-sts-aud.jwt");
        let claims = jwt::decode(&token).unwrap();
        let id = claims.key_id.as_deref();
        for jwk in [
            serde_json::json!({"kid": id, "kty": "RSA"}),
            serde_json::json!({"kid": id, "kty": "new", "x": 1}),
            serde_json::json!({"kid": id, "kty": "oct", "k": "AAAA"}),
            serde_json::json!({"kid": id, "kty": "EC", "crv": "P-256", "x": "AA", "y": "AA"}),
        ] {
            let keys = keys(&serde_json::json!({"keys": [jwk]})).unwrap();
            let signature = verify(&RawToken::new(token.clone()), id, Some("RS256"), &keys);
            assert!(matches!(signature, Signature::NotVerified(_)), "{signature:?}");
        }
        let none = keys(&serde_json::json!({"keys": [{"kid": id, "kty": "RSA", "n": "AQ", "e": "AQAB"}]})).unwrap();
        let verify = |id, algorithm| verify(&RawToken::new(token.clone()), id, algorithm, &none);
        assert!(matches!(verify(id, Some("none")), Signature::NotVerified(_)));
        assert!(matches!(verify(id, Some("HS256")), Signature::NotVerified(_)));
        assert_eq!(verify(None, Some("RS256")), Signature::KeyNotPublished);
        assert!(keys(&serde_json::json!([])).is_none());
    }
}
