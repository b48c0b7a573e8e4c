//! The HTTP server of `serve`: hyper with a bound on everything that a client can make grow or wait.

use super::conversation::{LAST_ANSWERS, converse};
use super::listen::Listener;
use super::route::{Side, Source};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use std::collections::VecDeque;
use std::io::ErrorKind;
use std::os::fd::AsFd;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::task::{AbortHandle, JoinSet, yield_now};
use tokio::time::{Instant, sleep, sleep_until, timeout};

/// A connection without a request is not closed in favour of another before then: a prober may wait for a processor
/// between connecting and its request.
const TIME_TO_REQUEST: Duration = Duration::from_millis(5);
/// When the kernel has no descriptor left, accepting again at once would spin.
const ACCEPT_PAUSE: Duration = Duration::from_millis(20);

/// Answers on `listener` until `source` is `None`, then lets answers in flight finish. With more than `limit` connections,
/// one is closed in favour of the newest, which may be a prober: the oldest that has had an answer, else the oldest.
pub(super) async fn serve(listener: Listener, side: Side, limit: usize, mut source: Source) {
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
            // Accepted connections are answered before newer ones can close them.
            if accepted.is_multiple_of(limit.div_ceil(3)) {
                yield_now().await;
            }
        }
    }
    drop(listener);
    let _ = timeout(LAST_ANSWERS, async { while open.tasks.join_next().await.is_some() {} }).await;
}

/// How many connections leave enough file descriptors for the runs.
pub(super) fn descriptors_to_spare() -> usize {
    let (soft, _) = nix::sys::resource::getrlimit(nix::sys::resource::Resource::RLIMIT_NOFILE).unwrap_or((64, 64));
    usize::try_from(soft / 4).unwrap_or(usize::MAX).max(4)
}

async fn accept(listener: &Listener, side: Side, open: &mut Open, pages: &Source) {
    let error = match listener {
        Listener::Tcp(listener) => match listener.accept().await {
            // In a flood, clients that have hung up meanwhile cost no time.
            Ok((stream, _)) if matches!(stream.take_error(), Ok(Some(_))) => return,
            Ok((stream, _)) => {
                // One small answer per request: there is nothing to collect into one packet.
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
    // No wait for a client that hung up before it was accepted. Anything else (EMFILE, ENFILE, ENOBUFS, ENOMEM) ends when
    // something is freed, so close a connection.
    if !matches!(error.kind(), ErrorKind::ConnectionAborted | ErrorKind::ConnectionReset) {
        if is_waited_for(listener) {
            open.close_oldest();
        }
        sleep(ACCEPT_PAUSE).await;
    }
}

/// Whether a client waits to be accepted. Linux looks for a descriptor before it looks for a client, so that EMFILE says
/// nothing about that; closing a connection for nobody would close the one that was just accepted.
fn is_waited_for(listener: &Listener) -> bool {
    let descriptor = match listener {
        Listener::Tcp(listener) => listener.as_fd(),
        Listener::Unix(listener) => listener.as_fd(),
    };
    poll(&mut [PollFd::new(descriptor, PollFlags::POLLIN)], PollTimeout::ZERO).is_ok_and(|ready| ready > 0)
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
            match (answered, self.oldest_first.front().map(|oldest| oldest.since + TIME_TO_REQUEST)) {
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

#[cfg(test)]
mod tests {
    use super::super::conversation::tests::pages;
    use super::*;
    use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};
    use tokio::sync::watch;

    /// The clock is paused while any task can run.
    #[tokio::test(start_paused = true)]
    async fn a_connection_that_had_no_time_for_its_request_is_not_closed() {
        let (_publish, source) = watch::channel(Some(Arc::new(pages())));
        let mut open = Open { tasks: JoinSet::new(), oldest_first: VecDeque::new(), limit: 2 };
        let began = Instant::now();
        let (mut prober, server) = duplex(8 * 1024);
        open.add(server, Side::Network, source.clone()).await;
        let (mut silent, server) = duplex(8 * 1024);
        open.add(server, Side::Network, source.clone()).await;
        let request = async {
            prober.write_all(b"GET /livez HTTP/1.1\r\nHost: pod\r\nConnection: close\r\n\r\n").await.unwrap();
            let mut answer = String::new();
            prober.read_to_string(&mut answer).await.unwrap();
            assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
        };
        let (_third, server) = duplex(8 * 1024);
        tokio::join!(request, open.add(server, Side::Network, source.clone()));
        assert_eq!(began.elapsed(), TIME_TO_REQUEST, "the third waited");
        // No requests: the oldest is closed once it has had its time.
        let (_fourth, server) = duplex(8 * 1024);
        open.add(server, Side::Network, source).await;
        assert_eq!(silent.read(&mut [0]).await.unwrap(), 0);
    }
}
