//! How a name was looked up: what the resolver is configured to do, and what each name server did.

use super::TcpFault;
use std::fmt;
use std::net::{IpAddr, SocketAddr};

/// `/etc/resolv.conf`, as far as it decides a lookup (`resolv.conf(5)`).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Resolver {
    /// There is no such file, so that the C library asks this very host.
    pub is_missing: bool,
    /// In the order in which they are asked.
    pub servers: Vec<SocketAddr>,
    pub search: Vec<String>,
    /// A name with fewer dots than this is tried under every search domain first.
    pub ndots: u32,
    /// How long the C library waits for one server.
    pub timeout_seconds: u32,
    /// How often it asks each.
    pub attempts: u32,
    /// Only TCP is used (`use-vc`).
    pub tcp_only: bool,
    /// IPv6 addresses are not asked for (`no-aaaa`).
    pub no_aaaa: bool,
}

/// One lookup.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lookup {
    pub resolver: Resolver,
    /// The names that were asked for, in order: the host under search domains, and without one.
    pub names: Vec<String>,
    /// The search domain under which the name was found.
    pub found_under: Option<String>,
    /// In the order of the configuration; those that were not asked are left out.
    pub servers: Vec<NameServer>,
    pub took_ms: u64,
}

/// What one name server did during a lookup.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NameServer {
    pub address: IpAddr,
    /// How many queries it answered in a way that counts.
    pub answered: u32,
    /// Of the slowest of these.
    pub slowest_ms: u64,
    /// What it did wrong about IPv4 addresses, and about IPv6 addresses; each kind once.
    pub faults: Vec<ServerFault>,
    pub ipv6_faults: Vec<ServerFault>,
}

/// What is wrong with a name server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ServerFault {
    Silent,
    /// Nothing listens on its port 53, or something on the way rejects (ICMP port unreachable).
    Closed,
    /// There is no route to it, or something on the way says that it cannot be reached.
    NoRoute,
    /// REFUSED: a policy of the server, or a server that is not for this network.
    Refuses,
    /// SERVFAIL or another error, as when it cannot reach the servers behind it.
    Fails,
    /// It cut an answer off, and did not take the connection over which the whole answer is sent.
    NoTcp(TcpFault),
}

/// Why a lookup gave no address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DnsFault {
    /// The name server says that there is no such name (NXDOMAIN).
    NoSuchName,
    /// The name exists, but without an address.
    NoAddress,
    /// The name server would not answer (REFUSED).
    Refused {
        server: IpAddr,
    },
    /// The name server answered that it failed (SERVFAIL).
    ServerFailed {
        server: IpAddr,
    },
    /// The answer was cut off, and the whole answer cannot be had over TCP.
    CutOff {
        server: IpAddr,
        tcp: TcpFault,
    },
    /// Port 53 of every name server is closed; the network said so at once.
    Closed,
    /// There is no route to any name server.
    NoRoute,
    /// There is no `/etc/resolv.conf`, and no name server on this very host.
    NoConfiguration,
    TimedOut {
        after_ms: u64,
    },
    /// What was to be looked up is no name.
    NotAName,
}

impl NameServer {
    /// What it did wrong about IPv6 addresses only.
    pub fn only_ipv6_faults(&self) -> impl Iterator<Item = ServerFault> {
        self.ipv6_faults.iter().copied().filter(|fault| !self.faults.contains(fault))
    }

    /// What it did wrong, as clauses that begin with its address.
    pub fn troubles(&self) -> impl Iterator<Item = String> {
        let of_all = self.faults.iter().map(|fault| format!("{} {fault}", self.address));
        let of_ipv6 = self.only_ipv6_faults();
        of_all.chain(of_ipv6.map(|fault| format!("{} {fault} (queries for IPv6 addresses, AAAA)", self.address)))
    }
}

impl Lookup {
    /// Some server answered some name: a lookup that ran out of time was slow, not without answers.
    pub fn is_answered(&self) -> bool {
        self.servers.iter().any(|server| server.answered > 0)
    }

    /// What the name servers did wrong.
    pub fn troubles(&self) -> Vec<String> {
        self.servers.iter().flat_map(NameServer::troubles).collect()
    }
}

impl fmt::Display for ServerFault {
    /// A clause that follows the server.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Silent => f.write_str("did not answer in time"),
            Self::Closed => f.write_str("rejects packets to port 53"),
            Self::NoRoute => f.write_str("has no route from here"),
            Self::Refuses => f.write_str("answered REFUSED"),
            Self::Fails => f.write_str("answered with a failure (SERVFAIL)"),
            Self::NoTcp(tcp) => write!(f, "truncated its answer, and TCP port 53 {tcp}"),
        }
    }
}

impl fmt::Display for DnsFault {
    /// A clause that follows the name and a colon.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoSuchName => f.write_str("no such name (NXDOMAIN)"),
            Self::NoAddress => f.write_str("the name exists, but has neither an IPv4 nor an IPv6 address"),
            Self::Refused { server } => write!(f, "the name server {server} refuses to answer (REFUSED)"),
            Self::ServerFailed { server } => write!(f, "the name server {server} answers that it failed (SERVFAIL)"),
            Self::CutOff { server, tcp } => {
                write!(f, "the answer of the name server {server} is truncated, and its TCP port 53 {tcp}")
            }
            Self::Closed => f.write_str("port 53 of every name server is closed"),
            Self::NoRoute => f.write_str("there is no route to any name server"),
            Self::NoConfiguration => f.write_str("there is no /etc/resolv.conf, and no name server on this host"),
            Self::TimedOut { after_ms } => write!(f, "no name server answered within {after_ms} ms"),
            Self::NotAName => f.write_str("not a host name"),
        }
    }
}
