//! Places on loopback at which no STS can be reached.

use std::io::{Result, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::thread;

/// A port at which nothing listens.
pub fn closed_port() -> Result<SocketAddr> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()
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
