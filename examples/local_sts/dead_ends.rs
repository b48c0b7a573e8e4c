//! Places on loopback at which no STS can be reached.

use nix::sys::socket::{self, AddressFamily, Backlog, SockFlag, SockType, SockaddrIn};
use std::io::{Read, Result, Write};
use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4, TcpListener, TcpStream};
use std::os::fd::AsRawFd;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

/// A port at which nothing listens.
pub fn closed_port() -> Result<SocketAddr> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()
}

/// A port at which packets vanish: its queue of connections is full and nobody takes one out, so the kernel drops
/// whatever else wants in.
pub fn black_hole() -> Result<SocketAddr> {
    black_hole_at(SocketAddrV4::new(Ipv4Addr::LOCALHOST, 0))
}

/// The same at an address of this machine.
pub fn black_hole_at(address: SocketAddrV4) -> Result<SocketAddr> {
    let socket = socket::socket(AddressFamily::Inet, SockType::Stream, SockFlag::SOCK_CLOEXEC, None)?;
    socket::bind(socket.as_raw_fd(), &SockaddrIn::from(address))?;
    socket::listen(&socket, Backlog::new(0)?)?;
    let listener = TcpListener::from(socket);
    let address = listener.local_addr()?;
    let first = TcpStream::connect(address)?;
    // Both must last: with them gone, the port would refuse.
    std::mem::forget((listener, first));
    Ok(address)
}

/// A port that accepts every connection and never says a word, not even in TLS.
pub fn mute() -> Result<SocketAddr> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    let address = listener.local_addr()?;
    thread::spawn(move || {
        let kept: Vec<_> = listener.incoming().collect();
        drop(kept);
    });
    Ok(address)
}

/// A port that greets like a mail server, whatever the client speaks.
pub fn other_protocol() -> Result<SocketAddr> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    let address = listener.local_addr()?;
    thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let _ = stream.write_all(b"220 mail.example.com ESMTP ready\r\n");
        }
    });
    Ok(address)
}

/// Keeps what clients send, up to their first pause, and answers it with plain text.
pub struct Recorder {
    pub address: SocketAddr,
    bytes: Arc<Mutex<Vec<u8>>>,
}

impl Recorder {
    pub fn bytes(&self) -> Vec<u8> {
        self.bytes.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

pub fn recorder() -> Result<Recorder> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    let recorder = Recorder { address: listener.local_addr()?, bytes: Arc::default() };
    let bytes = recorder.bytes.clone();
    thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let mut buffer = [0; 4096];
            let length = stream.read(&mut buffer).unwrap_or_default();
            bytes.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(&buffer[..length]);
            let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n");
        }
    });
    Ok(recorder)
}
