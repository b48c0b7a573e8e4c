//! One HTTP/1.1 request, read whole.

use std::io::{Error, ErrorKind, Read, Result};

const MAX_HEAD: usize = 64 * 1024;
const MAX_BODY: usize = 1024 * 1024;

pub struct Request {
    pub method: String,
    pub target: String,
    /// Names in lower case, in the order in which they came.
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Request {
    /// The next request of a connection; `None` if the peer is done. `buffer` keeps what came behind it.
    pub fn read(stream: &mut impl Read, buffer: &mut Vec<u8>) -> Result<Option<Self>> {
        let (mut request, head_length) = loop {
            if let Some(parsed) = Self::parse_head(buffer)? {
                break parsed;
            }
            if buffer.len() > MAX_HEAD {
                return Err(Error::new(ErrorKind::InvalidData, "the request's head is too long"));
            }
            if !read_more(stream, buffer)? {
                return match buffer.is_empty() {
                    true => Ok(None),
                    false => Err(ErrorKind::UnexpectedEof.into()),
                };
            }
        };
        let body_length = request.header("content-length").map_or(Ok(0), str::parse::<usize>).map_err(Error::other)?;
        if body_length > MAX_BODY {
            return Err(Error::new(ErrorKind::InvalidData, "the request's body is too long"));
        }
        let end = head_length + body_length;
        while buffer.len() < end {
            if !read_more(stream, buffer)? {
                return Err(ErrorKind::UnexpectedEof.into());
            }
        }
        request.body = buffer[head_length..end].to_vec();
        buffer.drain(..end);
        Ok(Some(request))
    }

    /// The head and its length, if the buffer holds all of it.
    fn parse_head(buffer: &[u8]) -> Result<Option<(Self, usize)>> {
        let mut headers = [httparse::EMPTY_HEADER; 64];
        let mut parsed = httparse::Request::new(&mut headers);
        let httparse::Status::Complete(length) = parsed.parse(buffer).map_err(Error::other)? else {
            return Ok(None);
        };
        let text = |value: &[u8]| String::from_utf8_lossy(value).into_owned();
        let request = Self {
            method: parsed.method.unwrap_or_default().to_owned(),
            target: without_authority(parsed.method, parsed.path.unwrap_or_default()),
            headers: parsed.headers.iter().map(|h| (h.name.to_ascii_lowercase(), text(h.value))).collect(),
            body: Vec::new(),
        };
        Ok(Some((request, length)))
    }

    /// The request as a client sends it to a server.
    pub fn to_bytes(&self) -> Vec<u8> {
        let headers: String = self.headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
        [format!("{} {} HTTP/1.1\r\n{headers}\r\n", self.method, self.target).as_bytes(), &self.body].concat()
    }

    /// The first header of this name, given in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// A field of a form in the body.
    pub fn field(&self, name: &str) -> Option<String> {
        form_urlencoded::parse(&self.body).find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
    }
}

/// `http://host/path` becomes `/path`: what a client sends to a proxy means the same to a server.
fn without_authority(method: Option<&str>, target: &str) -> String {
    match target.strip_prefix("http://") {
        Some(rest) if method != Some("CONNECT") => rest.find('/').map_or("/", |at| &rest[at..]).to_owned(),
        _ => target.to_owned(),
    }
}

fn read_more(stream: &mut impl Read, buffer: &mut Vec<u8>) -> Result<bool> {
    let mut chunk = [0; 8192];
    let read = stream.read(&mut chunk)?;
    buffer.extend_from_slice(&chunk[..read]);
    Ok(read > 0)
}
