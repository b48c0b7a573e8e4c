//! One connection of a client: its requests, and an answer for each.

use super::route::{self, Pages, Request, Side, Source};
use http_body_util::Full;
use hyper::Version;
use hyper::body::{Bytes, Incoming};
use hyper::header::{ALLOW, CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HOST, HeaderValue};
use hyper::http::uri::Authority;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use std::convert::Infallible;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::task::yield_now;
use tokio::time::{Instant, sleep, timeout};

/// A client that sends its head more slowly than this is not one of ours.
const HEAD_TIMEOUT: Duration = Duration::from_secs(5);
/// Longest life of a connection. What a client has not sent or read by then is dropped.
const LIFE: Duration = Duration::from_secs(10);
/// For answers in flight when the server shuts down or the connection's life ends.
pub(super) const LAST_ANSWERS: Duration = Duration::from_millis(50);
/// The smallest buffer that hyper allows. The head of a request must fit, and so must what is buffered of an answer.
const BUFFER: usize = 8 * 1024;
const HEADERS: usize = 64;
/// Requests of one connection that are answered before other connections get their turn.
const TURN: u32 = 2;

/// One connection from its first byte to its end.
pub(super) async fn converse(
    stream: impl AsyncRead + AsyncWrite + Unpin,
    side: Side,
    pages: Source,
    answered: Arc<AtomicU32>,
) {
    let mut closing = pages.clone();
    let respond = service_fn(|request| {
        let answer = respond(side, &request, pages.borrow().as_deref());
        let is_turn_over = answered.fetch_add(1, Ordering::Relaxed) % TURN == TURN - 1;
        async move {
            // A client that sends many requests at once waits for other clients in between.
            if is_turn_over {
                yield_now().await;
            }
            Ok::<_, Infallible>(answer)
        }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIMEOUT)
        .max_buf_size(BUFFER)
        .max_headers(HEADERS)
        .serve_connection(TokioIo::new(stream), respond);
    let mut connection = pin!(connection);
    tokio::select! {
        // An error here is the client's, and nothing is logged per request.
        _ = connection.as_mut() => return,
        _ = sleep(LIFE) => {}
        _ = closing.wait_for(Option::is_none) => {}
    }
    connection.as_mut().graceful_shutdown();
    let _ = timeout(LAST_ANSWERS, connection).await;
}

fn respond(side: Side, request: &hyper::Request<Incoming>, pages: Option<&Pages>) -> hyper::Response<Full<Bytes>> {
    let mut hosts = request.headers().get_all(HOST).iter();
    let (named, more) = (hosts.next(), hosts.next());
    let named = match (named, more) {
        // RFC 9112, section 3.2: HTTP/1.1 names exactly one host.
        (_, Some(_)) => Err(()),
        (None, None) if request.version() >= Version::HTTP_11 => Err(()),
        (named, None) => Ok(named.and_then(|value| Authority::try_from(value.as_bytes()).ok())),
    };
    let answer = match (&named, pages) {
        (_, None) => route::closing(),
        (Err(()), _) => route::bad_request(),
        (Ok(named), Some(pages)) => {
            let host = request.uri().authority().or(named.as_ref()).and_then(host);
            let ask = Request { method: request.method(), path: request.uri().path(), host };
            route::answer(side, ask, pages, Instant::now())
        }
    };
    let mut response = hyper::Response::new(Full::new(answer.body));
    *response.status_mut() = answer.status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(answer.content_type));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert("x-content-type-options", HeaderValue::from_static("nosniff"));
    if answer.status == hyper::StatusCode::METHOD_NOT_ALLOWED {
        headers.insert(ALLOW, HeaderValue::from_static(route::METHODS));
    }
    if let Some(policy) = answer.policy.and_then(|policy| HeaderValue::try_from(policy).ok()) {
        headers.insert(CONTENT_SECURITY_POLICY, policy);
    }
    response
}

/// The host of an authority. `None` if it names a user: what follows the `@` is not the whole of what was requested.
fn host(authority: &Authority) -> Option<&str> {
    (!authority.as_str().contains('@')).then(|| authority.host())
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::diagnosis::history::Readiness;
    use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};
    use tokio::sync::watch;

    pub(crate) fn pages() -> Pages {
        let far = Instant::now() + Duration::from_secs(3600);
        let readiness = Readiness::Ready("ready: healthy".to_owned());
        Pages { readiness, stale_at: far, dead_at: far, metrics: Bytes::new(), report: None }
    }

    /// In memory and with a paused clock: nothing here depends on speed.
    #[tokio::test(start_paused = true)]
    async fn a_request_in_flight_gets_an_answer_when_the_server_shuts_down() {
        let (publish, source) = watch::channel(Some(Arc::new(pages())));
        let (mut client, server) = duplex(BUFFER);
        let conversation = tokio::spawn(converse(server, Side::Network, source, Arc::default()));
        client.write_all(b"GET /readyz HTTP/1.1\r\nHost: p").await.unwrap();
        for _ in 0..8 {
            yield_now().await;
        }
        publish.send_replace(None);
        yield_now().await;
        client.write_all(b"od\r\n\r\n").await.unwrap();
        let mut answer = String::new();
        client.read_to_string(&mut answer).await.unwrap();
        assert!(answer.starts_with("HTTP/1.1 503 "), "{answer}");
        assert!(answer.ends_with("not ready: the probe is shutting down\n"), "{answer}");
        conversation.await.unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn each_request_names_exactly_one_host() {
        let (_publish, source) = watch::channel(Some(Arc::new(pages())));
        for (side, request, status) in [
            (Side::Network, "GET /livez HTTP/1.1\r\nHost: pod\r\n", 200),
            (Side::Network, "GET /livez HTTP/1.1\r\nHost:\r\n", 200),
            (Side::Network, "GET /livez HTTP/1.0\r\n", 200),
            (Side::Network, "GET /livez HTTP/1.1\r\n", 400),
            (Side::Network, "GET http://pod/livez HTTP/1.1\r\n", 400),
            (Side::Network, "GET /livez HTTP/1.1\r\nHost: pod\r\nHost: pod\r\n", 400),
            (Side::Network, "GET /livez HTTP/1.0\r\nHost: pod\r\nhost: other\r\n", 400),
            (Side::Report, "GET /livez HTTP/1.1\r\nHost: localhost:8080\r\n", 200),
            (Side::Report, "GET /livez HTTP/1.1\r\n", 400),
            (Side::Report, "GET /livez HTTP/1.1\r\nHost: localhost\r\nHost: localhost\r\n", 400),
            (Side::Report, "GET /livez HTTP/1.0\r\n", 403),
            (Side::Report, "GET /livez HTTP/1.1\r\nHost:\r\n", 403),
            (Side::Report, "GET /livez HTTP/1.1\r\nHost: evil@localhost\r\n", 403),
            (Side::Report, "GET /livez HTTP/1.1\r\nHost: evil:8080@localhost\r\n", 403),
            (Side::Report, "GET /livez HTTP/1.1\r\nHost: localhost evil\r\n", 403),
            (Side::Report, "GET http://evil@localhost/livez HTTP/1.1\r\nHost: localhost\r\n", 403),
            (Side::Report, "GET http://evil.example/livez HTTP/1.1\r\nHost: localhost\r\n", 403),
            (Side::Report, "GET http://localhost/livez HTTP/1.1\r\nHost: localhost\r\n", 200),
        ] {
            let (mut client, server) = duplex(BUFFER);
            let conversation = tokio::spawn(converse(server, side, source.clone(), Arc::default()));
            client.write_all(format!("{request}Connection: close\r\n\r\n").as_bytes()).await.unwrap();
            let mut answer = String::new();
            client.read_to_string(&mut answer).await.unwrap();
            let said = answer.split(' ').nth(1).unwrap_or_default();
            assert_eq!(said, status.to_string(), "{side:?} {request:?}: {answer}");
            conversation.await.unwrap();
        }
    }
}
