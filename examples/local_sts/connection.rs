//! A connection that a client made: plain or within TLS.

use nix::libc::linger;
use nix::sys::socket::{setsockopt, sockopt};
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use std::io::{Error, Read, Result, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::time::Duration;

/// A client that sends nothing for this long is let go.
const IDLE: Duration = Duration::from_secs(60);

pub enum Connection {
    Plain(TcpStream),
    Tls(Box<StreamOwned<ServerConnection, TcpStream>>),
}

impl Connection {
    /// The handshake happens with the first read.
    pub fn accept(stream: TcpStream, tls: Option<&Arc<ServerConfig>>) -> Result<Self> {
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(IDLE))?;
        stream.set_write_timeout(Some(IDLE))?;
        Ok(match tls {
            None => Self::Plain(stream),
            Some(config) => {
                let session = ServerConnection::new(config.clone()).map_err(Error::other)?;
                Self::Tls(Box::new(StreamOwned::new(session, stream)))
            }
        })
    }

    pub fn is_tls(&self) -> bool {
        matches!(self, Self::Tls(_))
    }

    /// Says goodbye in TLS; without that, a client takes the end for an attack.
    pub fn close(mut self) {
        if let Self::Tls(stream) = &mut self {
            stream.conn.send_close_notify();
            let _ = stream.flush();
        }
    }

    /// Ends with RST instead of FIN.
    pub fn reset(self) -> Result<()> {
        setsockopt(self.socket(), sockopt::Linger, &linger { l_onoff: 1, l_linger: 0 })?;
        Ok(())
    }

    fn socket(&self) -> &TcpStream {
        match self {
            Self::Plain(stream) => stream,
            Self::Tls(stream) => stream.get_ref(),
        }
    }
}

impl Read for Connection {
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize> {
        match self {
            Self::Plain(stream) => stream.read(buffer),
            Self::Tls(stream) => stream.read(buffer),
        }
    }
}

impl Write for Connection {
    fn write(&mut self, buffer: &[u8]) -> Result<usize> {
        match self {
            Self::Plain(stream) => stream.write(buffer),
            Self::Tls(stream) => stream.write(buffer),
        }
    }

    fn flush(&mut self) -> Result<()> {
        match self {
            Self::Plain(stream) => stream.flush(),
            Self::Tls(stream) => stream.flush(),
        }
    }
}
