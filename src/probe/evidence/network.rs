//! The connection from this process to a server, layer by layer.

use super::dns::{DnsFault, Lookup};
use super::tls::{TlsFault, TlsSession};
use std::fmt;
use std::io::ErrorKind;
use std::net::{IpAddr, SocketAddr};

/// The layers of one connection, in the order in which they are built.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Layer {
    Dns,
    Tcp,
    /// TLS with a proxy whose own URL is https.
    ProxyTls,
    Proxy,
    Tls,
    Http,
}

impl Layer {
    /// The step's name in reports.
    pub fn name(self) -> &'static str {
        match self {
            Layer::Dns => "dns",
            Layer::Tcp => "tcp",
            Layer::ProxyTls => "proxy-tls",
            Layer::Proxy => "proxy",
            Layer::Tls => "tls",
            Layer::Http => "http",
        }
    }

    /// What happens at this layer, as a clause.
    pub fn deed(self) -> &'static str {
        match self {
            Layer::Dns => "the name was looked up",
            Layer::Tcp => "the connection was made",
            Layer::ProxyTls => "the TLS handshake with the proxy went on",
            Layer::Proxy => "the proxy was asked for a connection",
            Layer::Tls => "the TLS handshake went on",
            Layer::Http => "the answer was awaited",
        }
    }
}

/// One step of a run on the network.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    pub name: &'static str,
    pub status: StepStatus,
    pub duration_ms: u64,
    /// The result: an address, a protocol, a fault in words; for a skipped step, why.
    pub detail: String,
}

impl Step {
    /// A step that was not taken, and why.
    pub fn skipped(name: &'static str, why: String) -> Self {
        Self { name, status: StepStatus::Skipped, duration_ms: 0, detail: why }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StepStatus {
    Ok,
    Failed,
    Skipped,
}

/// One attempt to build a connection. A layer that was not reached, or that this connection does not have, is `None`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Dial {
    /// The server that is meant, not the proxy.
    pub host: String,
    pub port: u16,
    /// `host:port` of the proxy in between.
    pub via: Option<String>,
    /// The name that was looked up (the proxy's if there is one) and its addresses.
    pub dns: Option<Result<Vec<IpAddr>, DnsFault>>,
    /// The peer, or what each address answered.
    pub tcp: Option<Result<SocketAddr, Vec<AddressFault>>>,
    /// There is no route to these addresses, while there is one for the other family's.
    pub has_other_family: bool,
    /// With a proxy whose own URL is https.
    pub proxy_tls: Option<Result<TlsSession, TlsFault>>,
    /// The status of the answer to CONNECT.
    pub proxy: Option<Result<u16, ProxyFault>>,
    pub tls: Option<Result<TlsSession, TlsFault>>,
    /// How the exchange itself broke off.
    pub http: Option<HttpFault>,
    /// How the name servers were asked; nobody asks them for an address or for a name in `/etc/hosts`.
    pub lookup: Option<Lookup>,
}

impl Dial {
    /// The layer that failed.
    pub fn failed_at(&self) -> Option<Layer> {
        if matches!(self.dns, Some(Err(_))) {
            Some(Layer::Dns)
        } else if matches!(self.tcp, Some(Err(_))) {
            Some(Layer::Tcp)
        } else if matches!(self.proxy_tls, Some(Err(_))) {
            Some(Layer::ProxyTls)
        } else if matches!(self.proxy, Some(Err(_))) {
            Some(Layer::Proxy)
        } else if matches!(self.tls, Some(Err(_))) {
            Some(Layer::Tls)
        } else {
            self.http.as_ref().map(|_| Layer::Http)
        }
    }

    /// The fault of that layer, as a clause.
    pub fn fault(&self) -> Option<String> {
        if let Some(Err(fault)) = &self.dns {
            Some(format!("{}: {fault}", self.via.as_ref().unwrap_or(&self.host)))
        } else if let Some(Err(faults)) = &self.tcp {
            let listed: Vec<String> = faults.iter().take(4).map(AddressFault::to_string).collect();
            Some(listed.join(", "))
        } else if let Some(Err(fault)) = &self.proxy_tls {
            Some(format!("TLS with the proxy {}: {fault}", self.via.as_deref().unwrap_or_default()))
        } else if let Some(Err(fault)) = &self.proxy {
            Some(format!("the proxy {}: {fault}", self.via.as_deref().unwrap_or_default()))
        } else if let Some(Err(fault)) = &self.tls {
            Some(fault.to_string())
        } else {
            self.http.as_ref().map(HttpFault::to_string)
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TcpFault {
    Refused,
    Reset,
    TimedOut {
        after_ms: u64,
    },
    /// The kernel has no route, as with an address family that this pod does not have.
    NoRoute,
    /// A router says that the address is unreachable (ICMP), or a rule of this host forbids it.
    Rejected,
    /// Any other error number of the operating system.
    Os(i32),
}

impl TcpFault {
    /// What the operating system says of a connection that failed.
    pub fn of(error: &std::io::Error) -> TcpFault {
        match error.kind() {
            ErrorKind::ConnectionRefused => TcpFault::Refused,
            ErrorKind::ConnectionReset => TcpFault::Reset,
            ErrorKind::TimedOut => TcpFault::TimedOut { after_ms: 0 },
            ErrorKind::NetworkUnreachable | ErrorKind::AddrNotAvailable => TcpFault::NoRoute,
            ErrorKind::HostUnreachable | ErrorKind::PermissionDenied => TcpFault::Rejected,
            _ => TcpFault::Os(error.raw_os_error().unwrap_or_default()),
        }
    }
}

/// The result of connecting to one address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AddressFault {
    pub address: SocketAddr,
    pub fault: TcpFault,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ProxyFault {
    /// A protocol (SOCKS) that the probe does not support, though an SDK may.
    Unsupported {
        scheme: String,
    },
    /// The answer to CONNECT was not 2xx.
    Refused {
        status: u16,
    },
    /// The proxy closed the connection, or its answer is not HTTP.
    Broken(String),
    TimedOut {
        after_ms: u64,
    },
}

/// Why an open connection gave no answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HttpFault {
    /// Closed or reset before or within the answer.
    Closed,
    /// Not HTTP, or HTTP that no client accepts; the library's words.
    Malformed(String),
    TimedOut {
        after_ms: u64,
    },
}

impl fmt::Display for AddressFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.address, self.fault)
    }
}

impl fmt::Display for TcpFault {
    /// A clause that follows the address.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused => f.write_str("refused the connection"),
            Self::Reset => f.write_str("reset the connection"),
            Self::TimedOut { after_ms } => write!(f, "did not answer within {after_ms} ms"),
            Self::NoRoute => f.write_str("has no route from here"),
            Self::Rejected => f.write_str("was rejected as unreachable"),
            Self::Os(number) => write!(f, "failed with errno {number}"),
        }
    }
}

impl fmt::Display for ProxyFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unsupported { scheme } => write!(f, "{scheme} proxies are not supported by this probe"),
            Self::Refused { status } => write!(f, "refused with status {status}"),
            Self::Broken(why) => f.write_str(why),
            Self::TimedOut { after_ms } => write!(f, "no answer within {after_ms} ms"),
        }
    }
}

impl fmt::Display for HttpFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Closed => f.write_str("the connection was closed before the answer was whole"),
            Self::Malformed(words) => f.write_str(words),
            Self::TimedOut { after_ms } => write!(f, "no answer within {after_ms} ms"),
        }
    }
}
