//! Decodes a service account token. It is neither verified nor kept.

use crate::probe::evidence::{Kubernetes, Malformed, Padding, Token};
use crate::text::redact;
use crate::text::timestamp::Timestamp;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value};

/// Decodes header and claims. Nothing is verified.
///
/// # Errors
/// Why the content is not a JWT.
pub(crate) fn decode(content: &[u8]) -> Result<Token, Malformed> {
    let (content, has_mark) = match content.strip_prefix(b"\xef\xbb\xbf") {
        Some(rest) => (rest, true),
        None => (content, false),
    };
    let text = text(content)?;
    let token = text.trim();
    if token.is_empty() {
        return Err(Malformed::Blank);
    }
    let lines = token.lines().filter(|line| !line.trim().is_empty()).count();
    if lines > 1 {
        return Err(Malformed::SeveralLines { lines });
    }
    if looks_like_a_path(token) {
        return Err(Malformed::IsAPath);
    }
    let parts: Vec<&str> = token.split('.').collect();
    let [header, claims, signature] = parts[..] else {
        return Err(Malformed::Parts(parts.len()));
    };
    let header = object(header, "header")?;
    let claims = object(claims, "claims")?;
    match URL_SAFE_NO_PAD.decode(signature) {
        Ok(bytes) if bytes.is_empty() => return Err(Malformed::EmptySignature),
        Ok(_) => {}
        Err(_) => return Err(Malformed::NotBase64Url { part: "signature" }),
    }
    let padding = match token.len() == text.len() {
        _ if has_mark => Some(Padding::ByteOrderMark),
        true => None,
        false => Some(Padding::WhiteSpace),
    };
    Ok(Token { padding, ..facts(&header, &claims)? })
}

fn text(content: &[u8]) -> Result<&str, Malformed> {
    if content.starts_with(b"\xff\xfe") || content.starts_with(b"\xfe\xff") {
        return Err(Malformed::ByteOrderMark);
    }
    std::str::from_utf8(content).map_err(|_| Malformed::NotUtf8)
}

fn looks_like_a_path(token: &str) -> bool {
    let windows = token.get(1..3).is_some_and(|start| start == ":\\" || start == ":/");
    token.starts_with('/') || windows
}

fn object(part: &str, name: &'static str) -> Result<Map<String, Value>, Malformed> {
    let json = URL_SAFE_NO_PAD.decode(part).map_err(|_| Malformed::NotBase64Url { part: name })?;
    serde_json::from_slice(&json).map_err(|_| Malformed::NotJson { part: name })
}

fn facts(header: &Map<String, Value>, claims: &Map<String, Value>) -> Result<Token, Malformed> {
    Ok(Token {
        algorithm: string(header, "alg")?,
        key_id: string(header, "kid")?,
        issuer: string(claims, "iss")?,
        subject: string(claims, "sub")?,
        audience: audience(claims)?,
        authorized_party: string(claims, "azp")?,
        expires_at: time(claims, "exp")?,
        issued_at: time(claims, "iat")?,
        not_before: time(claims, "nbf")?,
        kubernetes: kubernetes(claims),
        padding: None,
    })
}

fn string(object: &Map<String, Value>, claim: &'static str) -> Result<Option<String>, Malformed> {
    match object.get(claim) {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(redact::scrub(text))),
        Some(_) => Err(Malformed::WrongType { claim }),
    }
}

/// One string or a list of them (RFC 7519, section 4.1.3).
fn audience(claims: &Map<String, Value>) -> Result<Vec<String>, Malformed> {
    let wrong = Malformed::WrongType { claim: "aud" };
    match claims.get("aud") {
        None => Ok(Vec::new()),
        Some(Value::String(one)) => Ok(vec![redact::scrub(one)]),
        Some(Value::Array(many)) => {
            many.iter().map(|one| one.as_str().map(redact::scrub).ok_or(wrong.clone())).collect()
        }
        Some(_) => Err(wrong),
    }
}

/// `NumericDate` may have a fraction (RFC 7519, section 2), which is dropped.
fn time(claims: &Map<String, Value>, claim: &'static str) -> Result<Option<Timestamp>, Malformed> {
    match claims.get(claim) {
        None => Ok(None),
        Some(Value::Number(number)) => match number.as_i64().or_else(|| number.as_f64().map(|float| float as i64)) {
            Some(seconds) => Ok(Some(Timestamp(seconds))),
            None => Err(Malformed::WrongType { claim }),
        },
        Some(_) => Err(Malformed::WrongType { claim }),
    }
}

/// The nested claim of bound tokens (Kubernetes, `pkg/serviceaccount/claims.go`), else the flat ones of legacy tokens
/// (`pkg/serviceaccount/legacy.go`).
fn kubernetes(claims: &Map<String, Value>) -> Kubernetes {
    let shown = |value: Option<&Value>| value.and_then(Value::as_str).map(redact::scrub);
    if let Some(bound) = claims.get("kubernetes.io") {
        let name = |object: &str| shown(bound.pointer(&format!("/{object}/name")));
        return Kubernetes {
            namespace: shown(bound.get("namespace")),
            service_account: name("serviceaccount"),
            pod: name("pod"),
            node: name("node"),
            secret: name("secret"),
            warn_after: bound.get("warnafter").and_then(Value::as_i64).map(Timestamp),
            legacy: false,
        };
    }
    let flat = |claim: &str| shown(claims.get(&format!("kubernetes.io/serviceaccount/{claim}")));
    let namespace = flat("namespace");
    Kubernetes {
        legacy: namespace.is_some(),
        namespace,
        service_account: flat("service-account.name"),
        secret: flat("secret.name"),
        ..Kubernetes::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(claims: &str) -> String {
        let part = |json: &str| URL_SAFE_NO_PAD.encode(json);
        format!("{}.{}.c2lnbmF0dXJl", part(r#"{"alg":"RS256","kid":"k1"}"#), part(claims))
    }

    #[test]
    fn claims_are_found_whatever_their_shape() {
        let one = decode(token(r#"{"aud":"sts.amazonaws.com","exp":1.9e9,"iss":"https://i","sub":"s"}"#).as_bytes());
        let one = one.unwrap();
        assert_eq!(one.audience, ["sts.amazonaws.com"]);
        assert_eq!(one.expires_at, Some(Timestamp(1_900_000_000)));
        assert_eq!((one.algorithm.as_deref(), one.key_id.as_deref()), (Some("RS256"), Some("k1")));
        let none = decode(token("{}").as_bytes()).unwrap();
        assert!(none.audience.is_empty() && none.expires_at.is_none() && !none.kubernetes.legacy);
    }

    #[test]
    fn each_kind_of_malformed_token_is_distinguished() {
        use Malformed::*;
        let good = token("{}");
        let huge = token(&"[".repeat(10_000));
        let cases: Vec<(Vec<u8>, Malformed)> = vec![
            (b"\xff\xfea\0".to_vec(), ByteOrderMark),
            (b"\xfe\xff\0a".to_vec(), ByteOrderMark),
            (b"\xef\xbb\xbftoken".to_vec(), Parts(1)),
            (b"\x80\x81".to_vec(), NotUtf8),
            (b" \r\n".to_vec(), Blank),
            (b"/var/run/secrets/eks.amazonaws.com/serviceaccount/token\n".to_vec(), IsAPath),
            (br"C:\var\run\token".to_vec(), IsAPath),
            (format!("{good}\n{good}\n").into_bytes(), SeveralLines { lines: 2 }),
            (b"e30.e30".to_vec(), Parts(2)),
            (format!("{good}.e30").into_bytes(), Parts(4)),
            (b"token".to_vec(), Parts(1)),
            (b"e+0.e30.c2ln".to_vec(), NotBase64Url { part: "header" }),
            (b"e30.%%.c2ln".to_vec(), NotBase64Url { part: "claims" }),
            (b"e30.e30.c2ln garbage".to_vec(), NotBase64Url { part: "signature" }),
            (b"e30.e30.".to_vec(), EmptySignature),
            (b"bm8.e30.c2ln".to_vec(), NotJson { part: "header" }),
            (huge.into_bytes(), NotJson { part: "claims" }),
            (token(r#"{"exp":"tomorrow"}"#).into_bytes(), WrongType { claim: "exp" }),
            (token(r#"{"aud":[1]}"#).into_bytes(), WrongType { claim: "aud" }),
            (token(r#"{"sub":{}}"#).into_bytes(), WrongType { claim: "sub" }),
        ];
        for (content, malformed) in cases {
            assert_eq!(decode(&content), Err(malformed), "{:?}", String::from_utf8_lossy(&content));
        }
        let mark = [b"\xef\xbb\xbf", good.as_bytes()].concat();
        for (content, padding) in [
            (good.as_bytes(), None),
            (format!("{good}\r\n").as_bytes(), Some(Padding::WhiteSpace)),
            (format!(" {good}").as_bytes(), Some(Padding::WhiteSpace)),
            (&mark, Some(Padding::ByteOrderMark)),
        ] {
            assert_eq!(decode(content).unwrap().padding, padding, "{:?}", String::from_utf8_lossy(content));
        }
    }
}
