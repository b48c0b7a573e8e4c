//! Fetches what the token's issuer publishes, as STS does (OpenID Connect Discovery 1.0, section 4). The token is not
//! sent; it is only verified here.

use super::transport::Transport;
use super::{IssuerCheck, RawToken, elapsed, signature};
use crate::probe::evidence::{
    CallFault, Dial, Evidence, Issuer, IssuerFault, IssuerFaultKind, Seen, Session, Step, StepStatus, Token,
};
use crate::text::redact;
use aws_smithy_types::body::SdkBody;
use hyper::Request;
use serde_json::Value;
use std::time::Duration;
use tokio::time::{Instant, timeout_at};

/// About STS's own time-out (AWS re:Post, "InvalidIdentityToken").
pub(super) const TIMEOUT: Duration = Duration::from_secs(5);
const MAX_KEY_IDS: usize = 10;

/// STS itself proves the issuer's keys by taking the token, so they are fetched only where it did not.
pub(super) async fn ask(
    evidence: &mut Evidence,
    transport: &Transport,
    raw: Option<&RawToken>,
    when: IssuerCheck,
    deadline: Instant,
) {
    let (Some(token), Some(raw)) = (evidence.token.seen(), raw) else {
        evidence.issuer = Seen::not_checked(evidence.why_no_token().to_owned());
        return;
    };
    let Some(issuer) = token.issuer.as_deref() else {
        evidence.issuer = Seen::not_checked("the token names no issuer");
        return;
    };
    if let Some(why) = why_not_ask_issuer(&evidence.session, when) {
        evidence.issuer = Seen::not_checked(why);
        return;
    }
    let began = Instant::now();
    let found = collect(issuer, token, raw, transport, deadline).await;
    let (status, detail) = match &found {
        Ok(found) => {
            let thumbprint = found.thumbprint.as_ref().map(|print| format!(", top certificate SHA-1 {print}"));
            let detail = format!("{} keys, {}{}", found.key_ids.len(), found.signature, thumbprint.unwrap_or_default());
            (StepStatus::Ok, detail)
        }
        Err(fault) => (StepStatus::Failed, fault.to_string()),
    };
    evidence.steps.push(Step { name: "issuer", status, duration_ms: elapsed::milliseconds(began), detail });
    evidence.issuer = found.into();
}

fn why_not_ask_issuer(session: &Seen<Session, CallFault>, when: IssuerCheck) -> Option<&'static str> {
    match (when, session) {
        (IssuerCheck::Always, _) => None,
        (IssuerCheck::Never, _) => Some("the issuer was not asked for its keys (--issuer-check)"),
        (IssuerCheck::Auto, Seen::Seen(_)) => Some("STS accepted the token, so it has the issuer's keys"),
        (IssuerCheck::Auto, Seen::Failed(CallFault::Refused(refusal))) => {
            let is_in_doubt = ["InvalidIdentityToken", "IDPCommunicationError"].contains(&refusal.code.as_str());
            (!is_in_doubt).then_some("STS refused the call for a reason that is not the issuer's keys")
        }
        (IssuerCheck::Auto, _) => Some("STS did not judge the token"),
    }
}

/// Looks up the keys of `token`'s issuer and verifies the token's signature by them.
///
/// # Errors
/// Names the URL that failed, and how.
async fn collect(
    issuer: &str,
    token: &Token,
    raw: &RawToken,
    transport: &Transport,
    deadline: Instant,
) -> Result<Issuer, IssuerFault> {
    let deadline = deadline.min(Instant::now() + TIMEOUT);
    // "Any terminating / must be removed" before the path is put behind.
    let url = format!("{}/.well-known/openid-configuration", issuer.trim_end_matches('/'));
    let (discovery, dial) = fetch(&url, transport, deadline).await?;
    let shown = |text: &str| shown(text, transport);
    let fault = |url: &str, kind| IssuerFault { url: shown(url), kind };
    let text = |name: &str| discovery.get(name).and_then(Value::as_str);
    match text("issuer") {
        Some(named) if named == issuer => {}
        Some(other) => return Err(fault(&url, IssuerFaultKind::OtherIssuer(shown(other)))),
        None => return Err(fault(&url, IssuerFaultKind::NotTheDocument("no issuer in its JSON"))),
    }
    let Some(jwks_uri) = text("jwks_uri") else {
        return Err(fault(&url, IssuerFaultKind::NotTheDocument("no jwks_uri in its JSON")));
    };
    let (set, _) = fetch(jwks_uri, transport, deadline).await?;
    let Some(keys) = signature::keys(&set) else {
        return Err(fault(jwks_uri, IssuerFaultKind::NotTheDocument("JSON that is no key set")));
    };
    Ok(Issuer {
        url: shown(issuer),
        // With a proxy in between, the name that was looked up is the proxy's.
        addresses: dial.dns.filter(|_| dial.via.is_none()).and_then(Result::ok).unwrap_or_default(),
        jwks_uri: shown(jwks_uri),
        key_ids: keys.iter().filter_map(|key| key.id.as_deref()).map(shown).take(MAX_KEY_IDS).collect(),
        signature: signature::verify(raw, token.key_id.as_deref(), token.algorithm.as_deref(), &keys),
        thumbprint: dial.tls.and_then(Result::ok).and_then(|session| session.top_thumbprint),
    })
}

/// A JSON document and the connection that delivered it.
async fn fetch(url: &str, transport: &Transport, deadline: Instant) -> Result<(Value, Dial), IssuerFault> {
    let fault = |kind| IssuerFault { url: shown(url, transport), kind };
    let request = Request::get(url).header("accept", "application/json").body(SdkBody::empty());
    let request = match request {
        Ok(request) if request.uri().scheme_str() == Some("https") => request,
        _ => return Err(fault(IssuerFaultKind::NotHttps)),
    };
    let answer = timeout_at(deadline, transport.send(request)).await;
    let dial = transport.take_log().dial.unwrap_or_default();
    match answer {
        Err(_) => Err(fault(IssuerFaultKind::TimedOut)),
        Ok(Err(_)) => Err(fault(IssuerFaultKind::NoAnswer(Box::new(dial)))),
        Ok(Ok(response)) if !response.status().is_success() => {
            Err(fault(IssuerFaultKind::Status(response.status().as_u16())))
        }
        Ok(Ok(response)) => match serde_json::from_slice(response.body().bytes().unwrap_or_default()) {
            Ok(document) => Ok((document, dial)),
            Err(_) => Err(fault(IssuerFaultKind::NotTheDocument("something that is no JSON"))),
        },
    }
}

/// A URL or a key's name that others wrote, cut to a line's length.
fn shown(text: &str, transport: &Transport) -> String {
    redact::url(&transport.secrets().foreign(text, 300))
}
