//! A tunnel through a proxy (CONNECT).

use super::Shared;
use super::attempt::Attempt;
use super::broken::Broken;
use crate::probe::collect::elapsed::milliseconds;
use crate::probe::evidence::{Layer, ProxyFault};
use hyper::header::HeaderValue;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::time::{Instant, timeout_at};

/// The answer to CONNECT: a status line and few headers.
const MAX_PROXY_ANSWER_BYTES: usize = 8 * 1024;

/// Asks the proxy for a tunnel (RFC 9110, section 9.3.6).
pub(super) async fn tunnel(
    shared: &Shared,
    stream: &mut (impl AsyncRead + AsyncWrite + Unpin),
    server: &str,
    authorization: Option<&HeaderValue>,
    deadline: Instant,
) -> Result<(), Broken> {
    let mut attempt = Attempt::at(shared, Layer::Proxy);
    let result = match timeout_at(deadline, ask_for_tunnel(stream, server, authorization)).await {
        Ok(Ok(status @ 200..=299)) => Ok(status),
        Ok(Ok(status)) => Err(ProxyFault::Refused { status }),
        Ok(Err(why)) => Err(ProxyFault::Broken(why)),
        Err(_) => Err(ProxyFault::TimedOut { after_ms: milliseconds(attempt.began) }),
    };
    let detail = match &result {
        Ok(status) => Ok(format!("CONNECT {server}: {status}")),
        Err(fault) => Err(format!("CONNECT {server}: {fault}")),
    };
    attempt.end(detail);
    let broken = result.as_ref().err().map(|_| Broken::worth_retrying(false));
    shared.with_dial(|dial| dial.proxy = Some(result));
    broken.map_or(Ok(()), Err)
}

async fn ask_for_tunnel(
    stream: &mut (impl AsyncRead + AsyncWrite + Unpin),
    server: &str,
    authorization: Option<&HeaderValue>,
) -> Result<u16, String> {
    let mut request = format!("CONNECT {server} HTTP/1.1\r\nHost: {server}\r\n").into_bytes();
    if let Some(value) = authorization {
        request.extend([b"Proxy-Authorization: ", value.as_bytes(), b"\r\n"].concat());
    }
    request.extend(b"\r\n");
    stream.write_all(&request).await.map_err(|error| error.kind().to_string())?;
    stream.flush().await.map_err(|error| error.kind().to_string())?;
    // Byte by byte: what follows the empty line is already the server's.
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        if head.len() >= MAX_PROXY_ANSWER_BYTES {
            return Err("its answer does not end".to_owned());
        }
        match stream.read_u8().await {
            Ok(byte) => head.push(byte),
            Err(_) if head.is_empty() => return Err("it closed without an answer".to_owned()),
            Err(_) => return Err("it closed within its answer".to_owned()),
        }
    }
    let line = String::from_utf8_lossy(&head);
    let status = line.strip_prefix("HTTP/1.").and_then(|rest| rest.get(2..5)).and_then(|code| code.parse().ok());
    status.ok_or_else(|| "its answer is not HTTP".to_owned())
}
