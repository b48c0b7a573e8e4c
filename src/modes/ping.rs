//! The client side of `serve` for exec probes: an image `FROM scratch` has neither shell nor curl.

use std::path::PathBuf;
use std::time::Duration;

use http_body_util::{BodyExt, Empty, Limited};
use hyper::body::Bytes;
use hyper::client::conn::http1;
use hyper::header::{CONNECTION, HOST};
use hyper::{Request, StatusCode, Uri};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpStream, UnixStream};
use tokio::time::timeout;

use crate::modes::serve::Address;
use crate::text::redact;

/// The default of a probe's `timeoutSeconds`.
const TIMEOUT: Duration = Duration::from_secs(1);
/// Of the answer, of which only the first line is used.
const MAX_BYTES: usize = 4 * 1024;

/// The server to query.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Target {
    /// `authority` is `host:port`.
    Tcp {
        authority: String,
        path: String,
    },
    Unix {
        socket: PathBuf,
        path: String,
    },
}

/// The outcome, with the line that was answered or the reason why there is none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Pong {
    Yes(String),
    No(String),
    Unreachable(String),
}

impl Pong {
    pub(crate) fn exit_code(&self) -> u8 {
        match self {
            Self::Yes(_) => 0,
            Self::No(_) => 1,
            Self::Unreachable(_) => 3,
        }
    }

    pub(crate) fn line(&self) -> &str {
        match self {
            Self::Yes(line) | Self::No(line) | Self::Unreachable(line) => line,
        }
    }
}

impl Target {
    /// The page of a server that listens on `address`, which is where `[::]` and `0.0.0.0` are loopback.
    pub(crate) fn of(address: &Address, live: bool) -> Self {
        let path = page(live).to_owned();
        match address {
            Address::Unix(socket) => Self::Unix { socket: socket.clone(), path },
            Address::Tcp(address) if address.ip().is_unspecified() => {
                Self::Tcp { authority: format!("127.0.0.1:{}", address.port()), path }
            }
            Address::Tcp(address) => Self::Tcp { authority: address.to_string(), path },
        }
    }

    /// `http://HOST[:PORT][/PATH]`, `HOST:PORT` or `unix:/path`. A path that the URL names goes before `live`.
    pub(crate) fn parse(url: &str, live: bool) -> Result<Self, String> {
        if let Ok(address) = url.parse::<Address>() {
            return Ok(Self::of(&address, live));
        }
        let with_scheme = if url.contains("://") { url.to_owned() } else { format!("http://{url}") };
        let uri: Uri = with_scheme.parse().map_err(|error| format!("{} is not a URL: {error}", redact::url(url)))?;
        match (uri.scheme_str(), uri.authority()) {
            (Some("http"), Some(authority)) => Ok(Self::Tcp {
                authority: format!("{}:{}", authority.host(), authority.port_u16().unwrap_or(80)),
                path: match uri.path() {
                    "" | "/" => page(live).to_owned(),
                    path => path.to_owned(),
                },
            }),
            _ => Err(format!("{} is neither http://HOST:PORT nor unix:/path", redact::url(url))),
        }
    }
}

fn page(live: bool) -> &'static str {
    if live { "/livez" } else { "/readyz" }
}

/// Queries it once.
pub(crate) async fn ping(target: &Target) -> Pong {
    let answer = match target {
        Target::Tcp { authority, path } => {
            let query = async { query(TcpStream::connect(authority).await.map_err(words)?, authority, path).await };
            timeout(TIMEOUT, query).await
        }
        Target::Unix { socket, path } => {
            let query = async { query(UnixStream::connect(socket).await.map_err(words)?, "localhost", path).await };
            timeout(TIMEOUT, query).await
        }
    };
    match answer {
        Ok(Ok((StatusCode::OK, line))) => Pong::Yes(line),
        Ok(Ok((StatusCode::SERVICE_UNAVAILABLE, line))) => Pong::No(line),
        Ok(Ok((status, _))) => Pong::Unreachable(format!("unreachable: {target} answered {status}")),
        Ok(Err(why)) => Pong::Unreachable(format!("unreachable: {target}: {why}")),
        Err(_) => Pong::Unreachable(format!("unreachable: {target}: no answer within {} s", TIMEOUT.as_secs())),
    }
}

async fn query(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    host: &str,
    path: &str,
) -> Result<(StatusCode, String), String> {
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(words)?;
    let request =
        Request::get(path).header(HOST, host).header(CONNECTION, "close").body(Empty::<Bytes>::new()).map_err(words)?;
    let exchange = async {
        let response = sender.send_request(request).await.map_err(words)?;
        let status = response.status();
        let body = Limited::new(response.into_body(), MAX_BYTES).collect().await.map_err(words)?.to_bytes();
        let text = String::from_utf8_lossy(&body);
        Ok((status, text.lines().next().unwrap_or_default().to_owned()))
    };
    // The connection is driven beside the exchange, and outlives neither.
    tokio::select! {
        biased;
        answer = exchange => answer,
        Err(error) = connection => Err(words(error)),
    }
}

fn words(error: impl std::fmt::Display) -> String {
    error.to_string()
}

impl std::fmt::Display for Target {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Tcp { authority, path } => write!(f, "http://{authority}{path}"),
            Self::Unix { socket, path } => write!(f, "unix:{} {path}", socket.display()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_are_read() {
        for (text, live, shown) in [
            ("http://127.0.0.1:8080", false, Ok("http://127.0.0.1:8080/readyz")),
            ("http://127.0.0.1:8080/", true, Ok("http://127.0.0.1:8080/livez")),
            ("http://[::1]:8080/healthz", true, Ok("http://[::1]:8080/healthz")),
            ("localhost:9000", false, Ok("http://localhost:9000/readyz")),
            ("127.0.0.1:9000", false, Ok("http://127.0.0.1:9000/readyz")),
            ("[::]:8080", true, Ok("http://127.0.0.1:8080/livez")),
            ("unix:/run/p.sock", false, Ok("unix:/run/p.sock /readyz")),
            ("https://127.0.0.1:8080", false, Err("neither http://")),
            ("http://", false, Err("is not a URL")),
        ] {
            match (Target::parse(text, live), shown) {
                (Ok(target), Ok(shown)) => assert_eq!(target.to_string(), shown, "{text}"),
                (Err(error), Err(part)) => assert!(error.contains(part), "{text}: {error}"),
                (got, wanted) => panic!("{text}: {got:?}, not {wanted:?}"),
            }
        }
    }

    #[tokio::test]
    async fn a_missing_server_is_unreachable() {
        let folder = tempfile::tempdir().unwrap();
        let target = Target::Unix { socket: folder.path().join("none.sock"), path: "/readyz".into() };
        let pong = ping(&target).await;
        assert_eq!(pong.exit_code(), 3, "{pong:?}");
        assert!(pong.line().starts_with("unreachable: unix:/"), "{pong:?}");
    }
}
