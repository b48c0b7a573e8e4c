//! A client that knows nothing: it writes what it is told and reads until the server is done or silent.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

/// Bytes of an answer that are kept; an endless one is cut here.
const MOST: usize = 1024 * 1024;

/// Sends `request` as it stands and gives back all that comes, even if it breaks off.
pub fn exchange(server: SocketAddr, request: &str) -> String {
    let mut stream = TcpStream::connect(server).expect("connect");
    stream.set_read_timeout(Some(Duration::from_secs(10))).expect("a timeout");
    stream.write_all(request.as_bytes()).expect("send");
    let mut answer = Vec::new();
    let mut chunk = [0; 8192];
    while answer.len() < MOST {
        match stream.read(&mut chunk) {
            Ok(0) | Err(_) => break,
            Ok(n) => answer.extend_from_slice(&chunk[..n]),
        }
    }
    String::from_utf8_lossy(&answer).into_owned()
}

/// A POST of a form; the server is asked to close behind its answer.
pub fn post(server: SocketAddr, headers: &[(String, String)], body: &str) -> String {
    let headers: String = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    let length = body.len();
    exchange(
        server,
        &format!(
            "POST / HTTP/1.1\r\nHost: {server}\r\nContent-Type: application/x-www-form-urlencoded\r\n\
             Content-Length: {length}\r\nConnection: close\r\n{headers}\r\n{body}"
        ),
    )
}

pub fn get(server: SocketAddr, path: &str) -> String {
    exchange(server, &format!("GET {path} HTTP/1.1\r\nHost: {server}\r\nConnection: close\r\n\r\n"))
}

pub fn status(answer: &str) -> Option<u16> {
    answer.strip_prefix("HTTP/1.1 ")?.get(..3)?.parse().ok()
}

/// What stands in the first XML element of this name.
pub fn element<'a>(answer: &'a str, name: &str) -> Option<&'a str> {
    let (_, rest) = answer.split_once(&format!("<{name}>"))?;
    Some(rest.split_once(&format!("</{name}>"))?.0)
}
