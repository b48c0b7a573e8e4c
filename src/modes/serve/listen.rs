//! The addresses on which `serve` listens.
#![allow(clippy::disallowed_methods, reason = "binding a socket is this module's business")]

use std::fmt;
use std::io::{Error, ErrorKind};
use std::net::{Ipv4Addr, SocketAddr};
use std::os::fd::AsRawFd;
use std::os::unix::fs::FileTypeExt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use nix::errno::Errno;
use nix::sys::socket::{self, AddressFamily, SockFlag, SockType, UnixAddr, setsockopt, sockopt};
use tokio::net::{TcpListener, TcpSocket, UnixListener};

/// Connections that the kernel holds until they are accepted; as many as it allows by default (`net.core.somaxconn`). When
/// they are full, a prober's first packet is dropped and sent again after a second: too late for it.
const BACKLOG: u32 = 4096;

/// `HOST:PORT` (addresses, no names) or `unix:/path`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Address {
    Tcp(SocketAddr),
    Unix(PathBuf),
}

/// A socket that clients can connect to.
#[derive(Debug)]
pub(crate) enum Listener {
    Tcp(TcpListener),
    Unix(UnixListener),
}

impl Address {
    /// Listens. `[::]` accepts IPv4 too, and becomes `0.0.0.0` where there is no IPv6. The error is a whole sentence.
    pub(crate) fn listen(&self) -> Result<Listener, String> {
        match self {
            Self::Tcp(address) => listen_tcp(*address).map(Listener::Tcp),
            Self::Unix(path) => listen_unix(path).map(Listener::Unix),
        }
        .map_err(|error| match error.kind() {
            ErrorKind::AddrInUse => format!("cannot listen on {self}: another process in this pod listens there"),
            ErrorKind::AddrNotAvailable => format!("cannot listen on {self}: this pod does not have that address"),
            ErrorKind::PermissionDenied => format!("cannot listen on {self}: permission denied"),
            _ => format!("cannot listen on {self}: {error}"),
        })
    }
}

impl Listener {
    /// The address as bound: with the port that the kernel chose for port 0.
    pub(crate) fn address(&self) -> Option<Address> {
        match self {
            Self::Tcp(listener) => listener.local_addr().ok().map(Address::Tcp),
            Self::Unix(listener) => listener.local_addr().ok()?.as_pathname().map(|path| Address::Unix(path.into())),
        }
    }
}

fn listen_tcp(address: SocketAddr) -> Result<TcpListener, Error> {
    let bind = |address: SocketAddr| {
        let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
        // A restarted container finds its predecessor's connections in TIME_WAIT.
        socket.set_reuseaddr(true)?;
        if address.is_ipv6() && address.ip().is_unspecified() {
            setsockopt(&socket, sockopt::Ipv6V6Only, &false)?;
        }
        socket.bind(address)?;
        socket.listen(BACKLOG)
    };
    bind(address).or_else(|error| {
        let no_ipv6 = error.kind() != ErrorKind::AddrInUse && error.kind() != ErrorKind::PermissionDenied;
        if address.is_ipv6() && address.ip().is_unspecified() && no_ipv6 {
            bind(SocketAddr::from((Ipv4Addr::UNSPECIFIED, address.port())))
        } else {
            Err(error)
        }
    })
}

/// A socket file outlives its process (as in an `emptyDir` when the container is restarted). If nothing listens on it, it is
/// replaced. Any other file is left alone.
fn listen_unix(path: &Path) -> Result<UnixListener, Error> {
    UnixListener::bind(path).or_else(|error| {
        let is_socket = path.symlink_metadata().is_ok_and(|metadata| metadata.file_type().is_socket());
        if error.kind() != ErrorKind::AddrInUse || !is_socket || !is_refused(path)? {
            return Err(error);
        }
        std::fs::remove_file(path)?;
        UnixListener::bind(path)
    })
}

/// Whether nothing listens on a socket. Without waiting: a full queue means that something listens.
fn is_refused(path: &Path) -> Result<bool, Error> {
    let flags = SockFlag::SOCK_NONBLOCK | SockFlag::SOCK_CLOEXEC;
    let socket = socket::socket(AddressFamily::Unix, SockType::Stream, flags, None)?;
    Ok(socket::connect(socket.as_raw_fd(), &UnixAddr::new(path)?) == Err(Errno::ECONNREFUSED))
}

impl FromStr for Address {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.strip_prefix("unix:") {
            Some(path) if path.starts_with('/') => Ok(Self::Unix(path.into())),
            Some(_) => Err("the path of a unix socket must be absolute, as in unix:/run/irsa-probe.sock".into()),
            // `:8080`, as Go programs take it.
            None if text.starts_with(':') => format!("[::]{text}").parse(),
            None => text
                .parse()
                .map(Self::Tcp)
                .map_err(|_| "expected ADDRESS:PORT as in [::]:8080 or 127.0.0.1:8080, or unix:/path".into()),
        }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp(address) => address.fmt(f),
            Self::Unix(path) => write!(f, "unix:{}", path.display()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read_and_shown() {
        for (text, shown) in [
            ("[::]:8080", Ok("[::]:8080")),
            (":8080", Ok("[::]:8080")),
            ("127.0.0.1:0", Ok("127.0.0.1:0")),
            ("unix:/run/p.sock", Ok("unix:/run/p.sock")),
            ("unix:p.sock", Err("must be absolute")),
            ("localhost:8080", Err("expected ADDRESS:PORT")),
            ("8080", Err("expected ADDRESS:PORT")),
        ] {
            match (text.parse::<Address>(), shown) {
                (Ok(address), Ok(shown)) => assert_eq!(address.to_string(), shown),
                (Err(error), Err(part)) => assert!(error.contains(part), "{text}: {error}"),
                (got, wanted) => panic!("{text}: {got:?}, not {wanted:?}"),
            }
        }
    }

    #[tokio::test]
    async fn the_default_listens_on_both_families_and_a_port_in_use_is_reported() {
        let listener = "[::]:0".parse::<Address>().unwrap().listen().unwrap();
        let Some(Address::Tcp(bound)) = listener.address() else { panic!("no address") };
        assert!(std::net::TcpStream::connect(("127.0.0.1", bound.port())).is_ok());
        let error = Address::Tcp(bound).listen().unwrap_err();
        assert_eq!(error, format!("cannot listen on {bound}: another process in this pod listens there"));
    }

    #[tokio::test]
    async fn a_socket_file_left_behind_is_replaced_and_one_in_use_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let address = Address::Unix(folder.path().join("p.sock"));
        let listener = address.listen().unwrap();
        assert!(address.listen().unwrap_err().contains("another process in this pod listens there"));
        drop(listener);
        assert!(address.listen().is_ok());
    }

    #[tokio::test]
    async fn neither_a_busy_listener_is_waited_for_nor_another_file_removed() {
        let folder = tempfile::tempdir().unwrap();
        let busy = folder.path().join("busy.sock");
        let listener = std::os::unix::net::UnixListener::bind(&busy).unwrap();
        socket::listen(&listener, socket::Backlog::new(0).unwrap()).unwrap();
        // One connection fills the queue: whoever connects now would wait.
        let _queued = std::os::unix::net::UnixStream::connect(&busy).unwrap();
        std::fs::write(folder.path().join("file"), "kept").unwrap();
        nix::unistd::mkfifo(&folder.path().join("fifo"), nix::sys::stat::Mode::S_IRWXU).unwrap();
        for name in ["busy.sock", "file", "fifo"] {
            let path = folder.path().join(name);
            let error = Address::Unix(path.clone()).listen().unwrap_err();
            assert!(error.contains("another process in this pod listens there"), "{name}: {error}");
            assert!(path.exists(), "{name}");
        }
    }
}
