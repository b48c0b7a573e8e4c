//! One request and its answer over an open connection.

use super::broken::Broken;
use super::{MAX_ANSWER_BYTES, Shared};
use crate::probe::evidence::HttpFault;
use crate::text::secrets::Secrets;
use crate::text::timestamp::Timestamp;
use aws_smithy_types::DateTime;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::date_time::Format;
use http_body_util::BodyExt;
use hyper::body::{Bytes, Incoming};
use hyper::client::conn::http1::{Builder, SendRequest};
use hyper::header::{self, HeaderMap, HeaderName, HeaderValue};
use hyper::{Request, Response, Uri};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};

/// Headers of an answer beyond this are refused.
const MAX_HEAD_BYTES: usize = 64 * 1024;

/// An open HTTP/1.1 connection.
pub(super) struct Sender {
    connection: SendRequest<SdkBody>,
    /// Set for plain HTTP through a proxy, which wants the whole URL; with the credentials that the proxy wants.
    proxied: Option<Option<HeaderValue>>,
}

impl Sender {
    pub(super) fn is_ready(&self) -> bool {
        self.connection.is_ready()
    }
}

/// What came back, whatever it was. Its body may hold credentials: there is no way to print it.
pub(crate) struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: Bytes,
    /// The body broke off or went on beyond the limit.
    pub end: End,
    /// Our clock when the headers came.
    pub received_at: Timestamp,
    /// Of the run that it came in.
    pub secrets: Secrets,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    Whole,
    CutOff,
    TooLong,
}

impl Answer {
    /// A header's text, cut to a line's length.
    pub(crate) fn header(&self, name: &str) -> Option<String> {
        let value = self.headers.get(name)?.to_str().ok()?;
        Some(self.secrets.foreign(value, 120))
    }

    /// The server's clock (`Date`, RFC 9110, section 6.6.1).
    pub(crate) fn date(&self) -> Option<Timestamp> {
        let text = self.headers.get(header::DATE)?.to_str().ok()?;
        DateTime::from_str(text, Format::HttpDate).ok().map(|date| Timestamp(date.secs()))
    }
}

pub(super) async fn handshake(
    stream: impl AsyncRead + AsyncWrite + Send + Unpin + 'static,
    proxied: Option<Option<HeaderValue>>,
) -> Result<Sender, Broken> {
    let mut builder = Builder::new();
    builder.max_buf_size(MAX_HEAD_BYTES);
    let (sender, connection) =
        builder.handshake(TokioIo::new(stream)).await.map_err(|_| Broken::worth_retrying(true))?;
    // Ends with the sender. Its error reaches the sender too.
    tokio::spawn(async move { drop(connection.await) });
    Ok(Sender { connection: sender, proxied })
}

pub(super) async fn exchange(
    shared: &Shared,
    sender: &mut Sender,
    mut request: Request<SdkBody>,
) -> Result<Response<SdkBody>, HttpFault> {
    address(&mut request, sender.proxied.as_ref())?;
    let response = sender.connection.send_request(request).await.map_err(|error| fault(&error))?;
    let received_at = now();
    let (head, body) = response.into_parts();
    let (body, end) = read(body).await;
    shared.log().answer = Some(Answer {
        status: head.status.as_u16(),
        headers: head.headers.clone(),
        body: body.clone(),
        end,
        received_at,
        secrets: shared.secrets.clone(),
    });
    match end {
        End::Whole => Ok(Response::from_parts(head, SdkBody::from(body))),
        End::CutOff => Err(HttpFault::Closed),
        End::TooLong => Err(HttpFault::Malformed(format!("an answer of more than {} KiB", MAX_ANSWER_BYTES >> 10))),
    }
}

/// Puts the host where HTTP/1.1 wants it; the SDK leaves that to its client.
fn address(request: &mut Request<SdkBody>, proxied: Option<&Option<HeaderValue>>) -> Result<(), HttpFault> {
    let url = request.uri().clone();
    let malformed = |what: &str| HttpFault::Malformed(format!("the endpoint's {what} cannot be sent"));
    // RFC 9110, section 4.2.4: user and password of a URL are not sent.
    let authority = authority(&url);
    let host = HeaderValue::from_str(&authority).map_err(|_| malformed("host"))?;
    request.headers_mut().entry(header::HOST).or_insert(host);
    match proxied {
        Some(credentials) => {
            let path = url.path_and_query().map_or("/", |path| path.as_str());
            let scheme = url.scheme_str().unwrap_or("http");
            let absolute = Uri::builder().scheme(scheme).authority(authority).path_and_query(path).build();
            *request.uri_mut() = absolute.map_err(|_| malformed("URL"))?;
            if let Some(value) = credentials {
                request.headers_mut().insert(header::PROXY_AUTHORIZATION, value.clone());
            }
        }
        None => {
            let path = url.path_and_query().map_or("/", |path| path.as_str());
            *request.uri_mut() = path.parse::<Uri>().map_err(|_| malformed("path"))?;
        }
    }
    // The connection carries what is asked for and nothing else.
    request.headers_mut().remove(HeaderName::from_static("expect"));
    Ok(())
}

/// `host:port`, without the port where it is the scheme's own, as SDKs sign it.
fn authority(url: &Uri) -> String {
    let host = url.host().unwrap_or_default();
    let own = if url.scheme_str() == Some("https") { 443 } else { 80 };
    url.port_u16().filter(|port| *port != own).map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
}

async fn read(mut body: Incoming) -> (Bytes, End) {
    let mut bytes = Vec::new();
    while let Some(frame) = body.frame().await {
        let Ok(frame) = frame else {
            return (bytes.into(), End::CutOff);
        };
        if let Some(data) = frame.data_ref() {
            if bytes.len() + data.len() > MAX_ANSWER_BYTES {
                return (bytes.into(), End::TooLong);
            }
            bytes.extend_from_slice(data);
        }
    }
    (bytes.into(), End::Whole)
}

fn fault(error: &hyper::Error) -> HttpFault {
    if error.is_parse() || error.is_parse_too_large() {
        HttpFault::Malformed(error.to_string())
    } else {
        HttpFault::Closed
    }
}

#[expect(clippy::disallowed_methods, reason = "an answer's age is judged against the clock at its arrival")]
fn now() -> Timestamp {
    let elapsed = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    Timestamp(elapsed.as_secs().try_into().unwrap_or(i64::MAX))
}
