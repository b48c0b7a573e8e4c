//! The HTTP server of `serve`: hyper with a bound on everything that a client can make grow or wait.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::io::ErrorKind;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use http_body_util::Full;
use hyper::Version;
use hyper::body::{Bytes, Incoming};
use hyper::header::{ALLOW, CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HOST, HeaderValue};
use hyper::http::uri::Authority;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::watch;
use tokio::task::{AbortHandle, JoinSet, yield_now};
use tokio::time::{Instant, sleep, sleep_until, timeout};

use super::listen::Listener;
use super::route::{self, Pages, Request, Side};

/// A client that sends its head more slowly than this is not one of ours.
const HEAD_TIMEOUT: Duration = Duration::from_secs(5);
/// However busy, a connection ends then: what a client does not read or finish is not kept for longer.
const LIFE: Duration = Duration::from_secs(10);
/// For answers in flight once the server, or the connection's life, ends.
const LAST_WORDS: Duration = Duration::from_millis(50);
/// hyper's least. The head of a request must fit, and so must what is buffered of an answer.
const BUFFER: usize = 8 * 1024;
const HEADERS: usize = 64;
/// Requests of one connection that are answered before the others have their turn.
const TURN: u32 = 2;
/// A connection that has asked nothing yet is not closed in favour of another before then: a prober that has to wait for
/// a processor between connecting and asking is not to lose its place to a crowd.
const TIME_TO_ASK: Duration = Duration::from_millis(5);
/// When the kernel has no descriptor left, asking again at once would spin.
const ACCEPT_PAUSE: Duration = Duration::from_millis(20);

/// What one server answers with. `None` asks it to close.
pub type Source = watch::Receiver<Option<Arc<Pages>>>;

/// Answers on `listener` until `source` says to close, then lets answers in flight finish. With more than `limit`
/// connections one is closed in favour of the newest, so that a prober always gets in: the oldest that has had an answer,
/// else the oldest.
pub async fn serve(listener: Listener, side: Side, limit: usize, mut source: Source) {
    let mut open = Open { tasks: JoinSet::new(), oldest_first: VecDeque::new(), limit };
    let pages = source.clone();
    {
        let mut closing = pin!(source.wait_for(Option::is_none));
        let mut accepted = 0_usize;
        loop {
            tokio::select! {
                biased;
                _ = &mut closing => break,
                _ = accept(&listener, side, &mut open, &pages) => accepted = accepted.wrapping_add(1),
            }
            // Those that came in are answered before the next ones can drive them out.
            if accepted.is_multiple_of(limit.div_ceil(3)) {
                yield_now().await;
            }
        }
    }
    drop(listener);
    let _ = timeout(LAST_WORDS, async { while open.tasks.join_next().await.is_some() {} }).await;
}

/// How many connections leave enough file descriptors for the runs themselves.
pub fn descriptors_to_spare() -> usize {
    let (soft, _) = nix::sys::resource::getrlimit(nix::sys::resource::Resource::RLIMIT_NOFILE).unwrap_or((64, 64));
    usize::try_from(soft / 4).unwrap_or(usize::MAX).max(4)
}

async fn accept(listener: &Listener, side: Side, open: &mut Open, pages: &Source) {
    let error = match listener {
        Listener::Tcp(listener) => match listener.accept().await {
            // Who has hung up while he waited costs no more: in a flood the others are reached the sooner.
            Ok((stream, _)) if matches!(stream.take_error(), Ok(Some(_))) => return,
            Ok((stream, _)) => {
                // One small answer per request: there is nothing to wait for and put with it.
                let _ = stream.set_nodelay(true);
                return open.add(stream, side, pages.clone()).await;
            }
            Err(error) => error,
        },
        Listener::Unix(listener) => match listener.accept().await {
            Ok((stream, _)) => return open.add(stream, side, pages.clone()).await,
            Err(error) => error,
        },
    };
    // A client that was gone before it was accepted is no reason to wait. Anything else (EMFILE, ENFILE, ENOBUFS,
    // ENOMEM) passes when something is freed, so free something of our own.
    if !matches!(error.kind(), ErrorKind::ConnectionAborted | ErrorKind::ConnectionReset) {
        open.close_oldest();
        sleep(ACCEPT_PAUSE).await;
    }
}

/// The connections of one listener.
struct Open {
    tasks: JoinSet<()>,
    oldest_first: VecDeque<Connection>,
    limit: usize,
}

struct Connection {
    task: AbortHandle,
    since: Instant,
    answered: Arc<AtomicU32>,
}

impl Open {
    async fn add(&mut self, stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static, side: Side, pages: Source) {
        while self.tasks.try_join_next().is_some() {}
        self.make_room().await;
        let answered = Arc::default();
        let task = self.tasks.spawn(converse(stream, side, pages, Arc::clone(&answered)));
        self.oldest_first.push_back(Connection { task, since: Instant::now(), answered });
    }

    async fn make_room(&mut self) {
        self.oldest_first.retain(|one| !one.task.is_finished());
        while self.oldest_first.len() >= self.limit {
            let answered = self.oldest_first.iter().position(|one| one.answered.load(Ordering::Relaxed) > 0);
            match (answered, self.oldest_first.front().map(|oldest| oldest.since + TIME_TO_ASK)) {
                (Some(at), _) => drop(self.oldest_first.remove(at).map(|one| one.task.abort())),
                (None, Some(due)) if due > Instant::now() => sleep_until(due).await,
                (None, _) => self.close_oldest(),
            }
        }
    }

    fn close_oldest(&mut self) {
        if let Some(oldest) = self.oldest_first.pop_front() {
            oldest.task.abort();
        }
    }
}

/// One connection from its first byte to its end.
async fn converse(stream: impl AsyncRead + AsyncWrite + Unpin, side: Side, pages: Source, answered: Arc<AtomicU32>) {
    let mut closing = pages.clone();
    let respond = service_fn(|request| {
        let answer = respond(side, &request, pages.borrow().as_deref());
        let his_turn_is_over = answered.fetch_add(1, Ordering::Relaxed) % TURN == TURN - 1;
        async move {
            // Who sends many requests at once waits for the others between them.
            if his_turn_is_over {
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
        // A fault of this connection is the client's, and nothing is logged per request.
        _ = connection.as_mut() => return,
        _ = sleep(LIFE) => {}
        _ = closing.wait_for(Option::is_none) => {}
    }
    connection.as_mut().graceful_shutdown();
    let _ = timeout(LAST_WORDS, connection).await;
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

/// The host of an authority; none where it names a user: what follows the `@` is not all that a client was asked for.
fn host(authority: &Authority) -> Option<&str> {
    (!authority.as_str().contains('@')).then(|| authority.host())
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};

    fn pages() -> Pages {
        let far = Instant::now() + Duration::from_secs(3600);
        let readiness = route::Readiness::Ready("ready: healthy".to_owned());
        Pages { readiness, stale_at: far, dead_at: far, metrics: Bytes::new(), report: None }
    }

    /// In memory and with a clock that stands still while anything can go on: nothing here is a matter of speed.
    #[tokio::test(start_paused = true)]
    async fn a_request_under_way_when_the_server_ends_is_told_so() {
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

    /// The clock moves only while everybody waits, so a crowd that comes at once comes within no time.
    #[tokio::test(start_paused = true)]
    async fn a_crowd_takes_nobodys_place_who_has_had_no_time_to_ask() {
        let (_publish, source) = watch::channel(Some(Arc::new(pages())));
        let mut open = Open { tasks: JoinSet::new(), oldest_first: VecDeque::new(), limit: 2 };
        let began = Instant::now();
        let (mut prober, server) = duplex(BUFFER);
        open.add(server, Side::Network, source.clone()).await;
        let (mut silent, server) = duplex(BUFFER);
        open.add(server, Side::Network, source.clone()).await;
        let ask = async {
            prober.write_all(b"GET /livez HTTP/1.1\r\nHost: pod\r\nConnection: close\r\n\r\n").await.unwrap();
            let mut answer = String::new();
            prober.read_to_string(&mut answer).await.unwrap();
            assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
        };
        let (_third, server) = duplex(BUFFER);
        tokio::join!(ask, open.add(server, Side::Network, source.clone()));
        assert_eq!(began.elapsed(), TIME_TO_ASK, "the third waited");
        // Nobody asks: who came first goes first, once it has had its time.
        let (_fourth, server) = duplex(BUFFER);
        open.add(server, Side::Network, source).await;
        assert_eq!(silent.read(&mut [0]).await.unwrap(), 0);
    }
}
