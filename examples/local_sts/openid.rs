//! The issuer's two documents, as the API server writes them.

use super::answer::Answer;
use super::request::Request;
use super::world::World;
use serde_json::json;

/// Answers a GET for the discovery document or the keys of one of the world's issuers. The issuer is found by its path,
/// and, where the request says for which host it is, by that.
pub fn answer(world: &World, request: &Request) -> Answer {
    let path = request.target.split('?').next().unwrap_or_default();
    let found = world.issuers.iter().find_map(|issuer| {
        let jwks = issuer.jwks.as_ref()?;
        let below = issuer.url.split_once("://")?.1;
        let root = below.find('/').map_or("", |at| &below[at..]);
        match path.strip_prefix(root)? {
            "/.well-known/openid-configuration" => {
                let document = json!({
                    "issuer": issuer.url,
                    "jwks_uri": format!("{}/keys", issuer.url),
                    "response_types_supported": ["id_token"],
                    "subject_types_supported": ["public"],
                    "id_token_signing_alg_values_supported": ["RS256"],
                });
                Some(Answer::new(200, "application/json", document.to_string()))
            }
            "/keys" | "/openid/v1/jwks" => Some(Answer::new(200, "application/jwk-set+json", jwks.to_json())),
            _ => None,
        }
    });
    found.map_or_else(
        || Answer::new(404, "text/plain", "404 page not found\n"),
        |answer| answer.header("Cache-Control", "public, max-age=3600"),
    )
}
