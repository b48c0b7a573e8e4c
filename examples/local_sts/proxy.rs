//! A stand-in for an HTTP proxy. It can lead any host name to loopback, so that clients call STS by its real name.

use super::request::Request;
use rustls::ServerConfig;
use std::collections::HashMap;
use std::io::{self, Read, Result, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;
use tokio_rustls::TlsAcceptor;

/// What the proxy does with a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Manner {
    Allow,
    /// Allows who sends this as `Proxy-Authorization`, and answers 407 to anyone else.
    AllowWith(&'static str),
    /// Answers this status, such as 403, or 407 with a challenge.
    Refuse(u16),
    Hang,
    /// Answers no HTTP.
    Garbage,
    Close,
}

#[derive(Clone)]
pub struct Proxy(Arc<State>);

struct State {
    manner: Manner,
    /// `host:port` as clients ask for it, and where that really is; `*:443` stands for every other host.
    routes: HashMap<String, SocketAddr>,
    asked: Mutex<Vec<String>>,
}

impl Proxy {
    pub fn new(manner: Manner, routes: &[(&str, SocketAddr)]) -> Self {
        let routes = routes.iter().map(|(name, address)| ((*name).to_owned(), *address)).collect();
        Self(Arc::new(State { manner, routes, asked: Mutex::default() }))
    }

    /// Listens at a free port of loopback for as long as the process lives.
    pub fn listen(&self) -> Result<SocketAddr> {
        self.listen_at((Ipv4Addr::LOCALHOST, 0).into())
    }

    /// The same at an address of one's choice.
    pub fn listen_at(&self, address: SocketAddr) -> Result<SocketAddr> {
        let listener = TcpListener::bind(address)?;
        let address = listener.local_addr()?;
        let proxy = self.clone();
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let proxy = proxy.clone();
                let _ = thread::Builder::new().spawn(move || proxy.serve(client));
            }
        });
        Ok(address)
    }

    /// Listens with TLS of the proxy's own, for as long as the process lives.
    pub fn listen_with_tls(&self, tls: Arc<ServerConfig>) -> Result<SocketAddr> {
        let plain = self.listen()?;
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let address = listener.local_addr()?;
        listener.set_nonblocking(true)?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        thread::spawn(move || runtime.block_on(take_off_tls(listener, tls, plain)));
        Ok(address)
    }

    /// The `host:port` of every connection that was asked for.
    pub fn asked(&self) -> Vec<String> {
        self.0.asked.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn serve(&self, mut client: TcpStream) -> Result<()> {
        client.set_nodelay(true)?;
        client.set_read_timeout(Some(Duration::from_secs(60)))?;
        let mut behind = Vec::new();
        let Some(request) = Request::read(&mut client, &mut behind)? else { return Ok(()) };
        let server = destination(&request);
        self.0.asked.lock().unwrap_or_else(PoisonError::into_inner).push(server.clone());
        match self.0.manner {
            Manner::AllowWith(password) if request.header("proxy-authorization") != Some(password) => {
                refuse(&mut client, 407)
            }
            Manner::Allow | Manner::AllowWith(_) => self.join(client, &server, &request, &behind),
            Manner::Refuse(status) => refuse(&mut client, status),
            Manner::Hang => {
                thread::sleep(Duration::from_secs(120));
                Ok(())
            }
            Manner::Garbage => client.write_all(b"220 mail.example.com ESMTP ready\r\n"),
            Manner::Close => Ok(()),
        }
    }

    fn join(&self, mut client: TcpStream, server: &str, request: &Request, behind: &[u8]) -> Result<()> {
        let any = format!("*:{}", server.rsplit_once(':').map_or("", |(_, port)| port));
        let route = self.0.routes.get(server).or_else(|| self.0.routes.get(&any));
        let Some(Ok(mut server)) = route.map(TcpStream::connect) else { return refuse(&mut client, 502) };
        server.set_nodelay(true)?;
        match request.method.as_str() {
            "CONNECT" => client.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n")?,
            _ => server.write_all(&request.to_bytes())?,
        }
        server.write_all(behind)?;
        let (from_client, to_server) = (client.try_clone()?, server.try_clone()?);
        thread::spawn(move || copy(from_client, to_server));
        copy(server, client)
    }
}

async fn take_off_tls(listener: TcpListener, tls: Arc<ServerConfig>, plain: SocketAddr) -> Result<()> {
    let listener = tokio::net::TcpListener::from_std(listener)?;
    let acceptor = TlsAcceptor::from(tls);
    loop {
        let (client, _) = listener.accept().await?;
        let acceptor = acceptor.clone();
        tokio::spawn(async move {
            let mut client = acceptor.accept(client).await?;
            let mut proxy = tokio::net::TcpStream::connect(plain).await?;
            tokio::io::copy_bidirectional(&mut client, &mut proxy).await
        });
    }
}

/// The `host:port` that the client wants: named by CONNECT, else by the `Host` header.
fn destination(request: &Request) -> String {
    match (request.method.as_str(), request.header("host").unwrap_or_default()) {
        ("CONNECT", _) => request.target.clone(),
        (_, host) if host.contains(':') => host.to_owned(),
        (_, host) => format!("{host}:80"),
    }
}

fn refuse(client: &mut TcpStream, status: u16) -> Result<()> {
    let challenge = if status == 407 { "Proxy-Authenticate: Basic realm=\"proxy\"\r\n" } else { "" };
    let body = "<html><body>Access denied by policy</body></html>";
    let length = body.len();
    write!(
        client,
        "HTTP/1.1 {status} Refused\r\nServer: squid/5.7\r\n{challenge}Content-Type: text/html\r\n\
         Content-Length: {length}\r\n\r\n{body}"
    )
}

/// Carries bytes until one side ends, and then says so to the other.
fn copy(mut from: impl Read, mut to: TcpStream) -> Result<()> {
    let _ = io::copy(&mut from, &mut to);
    to.shutdown(Shutdown::Write)
}
