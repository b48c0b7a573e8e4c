//! Whether the node's instance metadata can be reached from this container, and with it the node's role. The role's
//! credentials are not fetched.

use super::transport::Transport;
use crate::probe::evidence::{Imds, Seen};
use crate::probe::subject::Subject;
use crate::text::secrets::Secrets;
use aws_smithy_types::body::SdkBody;
use hyper::header::HeaderValue;
use hyper::{Method, Request, Uri};
use serde_json::Value;
use std::time::Duration;
use tokio::time::{Instant, timeout_at};

/// The hypervisor of the node answers within milliseconds or not at all.
pub(super) const TIMEOUT: Duration = Duration::from_secs(1);
const LINK_LOCAL: &str = "http://169.254.169.254";
const ROLES: &str = "/latest/meta-data/iam/security-credentials/";
const DOCUMENT: &str = "/latest/dynamic/instance-identity/document";

/// Asks as SDKs do, with a session token (IMDSv2), and at the same time without one (IMDSv1): a hop limit keeps pods
/// from the former only (EC2 user guide, "Use the Instance Metadata Service").
pub(super) async fn collect(subject: &Subject, secrets: &Secrets) -> Seen<Imds, String> {
    let disabled = subject.variables.filled("AWS_EC2_METADATA_DISABLED");
    if disabled.is_some_and(|value| value.trim().eq_ignore_ascii_case("true")) {
        return Seen::not_checked("AWS_EC2_METADATA_DISABLED keeps SDKs from instance metadata");
    }
    let base = subject.variables.filled("AWS_EC2_METADATA_SERVICE_ENDPOINT").unwrap_or(LINK_LOCAL);
    let base = base.trim_end_matches('/');
    let deadline = Instant::now() + TIMEOUT;
    let straight = || Transport::without_proxy(subject, secrets, deadline);
    let (second, first) = (straight(), straight());
    let (second, first) =
        tokio::join!(timeout_at(deadline, version_2(base, &second)), timeout_at(deadline, version_1(base, &first)));
    let (second, first) = (second.ok().flatten(), first.ok().flatten());
    let version_1 = first.is_some();
    match second.or(first) {
        Some(found) => Seen::Seen(Imds { version_1, ..found }),
        None => Seen::Failed("instance metadata does not answer here".to_owned()),
    }
}

async fn version_2(base: &str, transport: &Transport) -> Option<Imds> {
    let request = Request::put(format!("{base}/latest/api/token")).header("x-aws-ec2-metadata-token-ttl-seconds", "60");
    let token = send(transport, request.body(SdkBody::empty()).ok()?).await?;
    let token = HeaderValue::from_bytes(token.trim_ascii()).ok()?;
    find(base, transport, Some(&token)).await
}

async fn version_1(base: &str, transport: &Transport) -> Option<Imds> {
    find(base, transport, None).await
}

async fn find(base: &str, transport: &Transport, token: Option<&HeaderValue>) -> Option<Imds> {
    let get = async |path: &str| {
        let mut request = Request::new(SdkBody::empty());
        *request.method_mut() = Method::GET;
        *request.uri_mut() = format!("{base}{path}").parse::<Uri>().ok()?;
        if let Some(token) = token {
            request.headers_mut().insert("x-aws-ec2-metadata-token", token.clone());
        }
        send(transport, request).await
    };
    let document: Value = serde_json::from_slice(&get(DOCUMENT).await?).ok()?;
    let shown = |text: &str| transport.secrets().foreign(text, 128);
    let text = |name: &str| document.get(name).and_then(Value::as_str).map(shown);
    // Not found where the node has no role.
    let roles = get(ROLES).await.unwrap_or_default();
    let role = String::from_utf8_lossy(&roles).lines().next().map(shown).filter(|name| !name.is_empty());
    Some(Imds {
        role,
        account: text("accountId"),
        region: text("region"),
        instance: text("instanceId"),
        version_1: false,
    })
}

/// The body of a successful answer.
async fn send(transport: &Transport, request: Request<SdkBody>) -> Option<Vec<u8>> {
    let response = transport.send(request).await.ok()?;
    response.status().is_success().then(|| response.body().bytes().unwrap_or_default().to_vec())
}
