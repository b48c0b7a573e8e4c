//! Builds one connection: name, address, proxy, TLS.

use super::Shared;
use super::attempt::Attempt;
use super::broken::Broken;
use super::exchange::{self, Sender};
use super::tunnel::tunnel;
use crate::probe::collect::elapsed::milliseconds;
use crate::probe::collect::resolver::{self, Resolved};
use crate::probe::evidence::{AddressFault, Dial, Layer, ProxyFault, TcpFault, TlsFault, TlsSession};
use hyper::Uri;
use hyper::header::HeaderValue;
use hyper_util::client::proxy::matcher::Intercept;
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout_at};
use tokio_rustls::client::TlsStream;

/// `host:port`, with the scheme's port if none is named.
pub(super) fn authority(url: &Uri) -> String {
    format!("{}:{}", url.host().unwrap_or_default(), port(url))
}

fn port(url: &Uri) -> u16 {
    url.port_u16().unwrap_or(if url.scheme_str() == Some("https") { 443 } else { 80 })
}

/// Connects to the server of `url`, through a proxy where the variables say so.
///
/// # Errors
/// The log's dial tells the layer and the fault. Only faults that pass within a second are worth a retry at once.
pub(super) async fn dial(shared: &Shared, url: &Uri) -> Result<Sender, Broken> {
    let proxy = shared.proxies.intercept(url);
    let deadline = shared.connect_by;
    let stream = open(shared, url, proxy.as_ref(), deadline).await?;
    // Only the rare kind, TLS within TLS, pays for a stream of either kind.
    match &proxy {
        Some(proxy) if proxy.uri().scheme_str() == Some("https") => {
            let stream =
                shake_hands(shared, Peer::Proxy, proxy.uri().host().unwrap_or_default(), stream, deadline).await?;
            let stream: Box<dyn Stream> = Box::new(stream);
            converse(shared, url, Some(proxy.basic_auth()), stream, deadline).await
        }
        proxy => converse(shared, url, proxy.as_ref().map(Intercept::basic_auth), stream, deadline).await,
    }
}

/// What bytes go through.
pub(super) trait Stream: AsyncRead + AsyncWrite + Send + Unpin + 'static {}

impl<S: AsyncRead + AsyncWrite + Send + Unpin + 'static> Stream for S {}

/// Goes on from a connection to the server of `url`, or to a proxy, which may want credentials.
async fn converse(
    shared: &Shared,
    url: &Uri,
    proxy: Option<Option<&HeaderValue>>,
    mut stream: impl Stream,
    deadline: Instant,
) -> Result<Sender, Broken> {
    if url.scheme_str() != Some("https") {
        return exchange::handshake(stream, proxy.map(|credentials| credentials.cloned())).await;
    }
    if let Some(credentials) = proxy {
        tunnel(shared, &mut stream, &authority(url), credentials, deadline).await?;
    }
    let stream = shake_hands(shared, Peer::Server, url.host().unwrap_or_default(), stream, deadline).await?;
    exchange::handshake(stream, None).await
}

/// Connects to the server of `url` as far as TCP, or as far as the proxy's answer, and hangs up.
pub(super) async fn reach(shared: &Shared, url: &Uri, proxy: Option<&Intercept>, deadline: Instant) {
    // The log tells how it ended.
    drop(reach_end(shared, url, proxy, deadline).await);
}

async fn reach_end(shared: &Shared, url: &Uri, proxy: Option<&Intercept>, deadline: Instant) -> Result<(), Broken> {
    let mut stream = open(shared, url, proxy, deadline).await?;
    let Some(proxy) = proxy else { return Ok(()) };
    let server = authority(url);
    if proxy.uri().scheme_str() == Some("https") {
        let host = proxy.uri().host().unwrap_or_default();
        let mut stream = shake_hands(shared, Peer::Proxy, host, stream, deadline).await?;
        return tunnel(shared, &mut stream, &server, proxy.basic_auth(), deadline).await;
    }
    tunnel(shared, &mut stream, &server, proxy.basic_auth(), deadline).await
}

/// A TCP connection to the server of `url`, or to the proxy.
async fn open(shared: &Shared, url: &Uri, proxy: Option<&Intercept>, deadline: Instant) -> Result<TcpStream, Broken> {
    let peer = proxy.map_or(url, Intercept::uri);
    shared.log().dial = Some(Dial {
        host: url.host().unwrap_or_default().to_owned(),
        port: port(url),
        via: proxy.map(|proxy| authority(proxy.uri())),
        ..Dial::default()
    });
    if let Some(proxy) = proxy
        && !matches!(proxy.uri().scheme_str(), Some("http" | "https"))
    {
        let scheme = proxy.uri().scheme_str().unwrap_or_default();
        let fault = ProxyFault::Unsupported { scheme: scheme.to_owned() };
        shared.with_dial(|dial| dial.proxy = Some(Err(fault)));
        return Err(Broken::worth_retrying(false));
    }
    let addresses = resolve(shared, peer, deadline).await?;
    connect(shared, &addresses, deadline).await
}

async fn resolve(shared: &Shared, peer: &Uri, deadline: Instant) -> Result<Vec<SocketAddr>, Broken> {
    let mut attempt = Attempt::at(shared, Layer::Dns);
    let host = peer.host().unwrap_or_default().trim_start_matches('[').trim_end_matches(']');
    let Resolved { addresses, lookup } = resolver::resolve(host, &shared.root, &shared.variables, deadline).await;
    let troubles = lookup.as_ref().map(|lookup| lookup.troubles().join(", ")).filter(|troubles| !troubles.is_empty());
    let troubles = troubles.map(|troubles| format!(" (name server {troubles})")).unwrap_or_default();
    attempt.end(match &addresses {
        Ok(addresses) => Ok(format!("{host} is {}{troubles}", list(addresses.iter().take(4)))),
        Err(fault) => Err(format!("{host}: {fault}")),
    });
    shared.with_dial(|dial| {
        dial.dns = Some(addresses.clone());
        dial.lookup = lookup;
    });
    let port = port(peer);
    let addresses = addresses.map(|addresses| addresses.into_iter().map(|address| SocketAddr::new(address, port)));
    addresses.map(Iterator::collect).map_err(|_| Broken::worth_retrying(false))
}

/// Tries the addresses in the order of the resolver, each with its share of the time that is left.
async fn connect(shared: &Shared, addresses: &[SocketAddr], deadline: Instant) -> Result<TcpStream, Broken> {
    let mut attempt = Attempt::at(shared, Layer::Tcp);
    for (tried, address) in addresses.iter().enumerate() {
        let left = deadline.saturating_duration_since(Instant::now());
        let share = left / u32::try_from(addresses.len() - tried).unwrap_or(1);
        let started = Instant::now();
        attempt.address = Some(*address);
        let fault = match timeout_at(started + share, TcpStream::connect(address)).await {
            Ok(Ok(stream)) => {
                // Requests are small and sent whole: waiting for more to send only costs time.
                let _ = stream.set_nodelay(true);
                let tried = list(attempt.faults.iter().take(4));
                let after = if tried.is_empty() { String::new() } else { format!(" (before that, {tried})") };
                attempt.end(Ok(format!("{address}{after}")));
                shared.with_dial(|dial| dial.tcp = Some(Ok(*address)));
                return Ok(stream);
            }
            Ok(Err(error)) => TcpFault::of(&error),
            Err(_) => TcpFault::TimedOut { after_ms: milliseconds(started) },
        };
        attempt.faults.push(AddressFault { address: *address, fault });
    }
    let faults = std::mem::take(&mut attempt.faults);
    attempt.end(Err(list(faults.iter().take(4))));
    let passing = faults.iter().any(|fault| matches!(fault.fault, TcpFault::Refused | TcpFault::Reset));
    let has_other_family = lacks_only_this_family(&faults);
    shared.with_dial(|dial| {
        dial.tcp = Some(Err(faults));
        dial.has_other_family = has_other_family;
    });
    Err(Broken::worth_retrying(passing))
}

/// Whether all addresses are of one family, which has no route, and the other has one. Nothing is sent.
fn lacks_only_this_family(faults: &[AddressFault]) -> bool {
    let no_route = faults.iter().all(|fault| fault.fault == TcpFault::NoRoute);
    let ipv4 = faults.iter().filter(|fault| fault.address.is_ipv4()).count();
    // Documentation addresses stand for any on the internet (RFC 5737, RFC 3849).
    let somewhere: Option<IpAddr> = match ipv4 {
        0 => Some(Ipv4Addr::new(203, 0, 113, 1).into()),
        all if all == faults.len() => Some(Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1).into()),
        _ => None,
    };
    no_route && somewhere.is_some_and(resolver::order::has_route)
}

/// The peer of a TLS handshake.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Peer {
    Proxy,
    Server,
}

impl Peer {
    fn layer(self) -> Layer {
        match self {
            Self::Proxy => Layer::ProxyTls,
            Self::Server => Layer::Tls,
        }
    }

    fn note(self, dial: &mut Dial, result: Result<TlsSession, TlsFault>) {
        match self {
            Self::Proxy => dial.proxy_tls = Some(result),
            Self::Server => dial.tls = Some(result),
        }
    }
}

async fn shake_hands<S: Stream>(
    shared: &Shared,
    peer: Peer,
    host: &str,
    stream: S,
    deadline: Instant,
) -> Result<TlsStream<S>, Broken> {
    let mut attempt = Attempt::at(shared, peer.layer());
    let result = match shared.tls() {
        Ok(tls) => match timeout_at(deadline, tls.connect(host, stream)).await {
            Ok(result) => result,
            Err(_) => Err(TlsFault::TimedOut { after_ms: milliseconds(attempt.began) }),
        },
        Err(fault) => Err(fault),
    };
    let detail = match &result {
        Ok((_, session)) => {
            let issuer = session.issuer.as_deref().map(|issuer| format!(", issued by {issuer}"));
            Ok(format!("{}{}", session.protocol, issuer.unwrap_or_default()))
        }
        Err(fault) => Err(fault.to_string()),
    };
    attempt.end(detail);
    let (stream, seen) = match result {
        Ok((stream, session)) => (Ok(stream), Ok(session)),
        Err(fault) => (Err(Broken::worth_retrying(matches!(fault, TlsFault::Closed))), Err(fault)),
    };
    shared.with_dial(|dial| peer.note(dial, seen));
    stream
}

fn list(items: impl Iterator<Item = impl fmt::Display>) -> String {
    items.map(|item| item.to_string()).collect::<Vec<_>>().join(", ")
}
