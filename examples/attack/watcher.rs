//! Asks as the kubelet does, and reads from `/proc` what it costs to answer.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// The default of a probe's `timeoutSeconds`.
const TIMEOUT: Duration = Duration::from_secs(1);
const BETWEEN: Duration = Duration::from_millis(20);

#[derive(Clone, Copy, Debug, Default)]
pub struct Seen {
    pub asked: u32,
    pub answered: u32,
    pub slowest: Duration,
    /// `VmHWM` of `/proc/PID/status`.
    pub peak_kib: u64,
    pub threads: u64,
    pub descriptors: usize,
}

pub struct Watch {
    stop: Arc<AtomicBool>,
    thread: JoinHandle<Seen>,
}

impl Watch {
    pub fn start(address: SocketAddr, pid: u32) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = stop.clone();
        let thread = std::thread::spawn(move || {
            let mut seen = Seen::default();
            while !stopped.load(Ordering::Relaxed) {
                seen.asked += 1;
                if let Some(took) = ask(address) {
                    seen.answered += 1;
                    seen.slowest = seen.slowest.max(took);
                }
                seen.inspect(pid);
                std::thread::sleep(BETWEEN);
            }
            seen
        });
        Self { stop, thread }
    }

    pub fn stop(self) -> Seen {
        self.stop.store(true, Ordering::Relaxed);
        self.thread.join().unwrap_or_default()
    }
}

impl Seen {
    fn inspect(&mut self, pid: u32) {
        let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
        let number = |name: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name))?;
            line.split_whitespace().next()?.parse::<u64>().ok()
        };
        self.peak_kib = self.peak_kib.max(number("VmHWM:").unwrap_or_default());
        self.threads = self.threads.max(number("Threads:").unwrap_or_default());
        let descriptors = std::fs::read_dir(format!("/proc/{pid}/fd")).map(Iterator::count).unwrap_or_default();
        self.descriptors = self.descriptors.max(descriptors);
    }
}

/// One probe with a connection of its own; how long it took, if a 200 came in time.
pub fn ask(address: SocketAddr) -> Option<Duration> {
    let began = Instant::now();
    let mut stream = TcpStream::connect_timeout(&address, TIMEOUT).ok()?;
    stream.set_read_timeout(Some(TIMEOUT)).ok()?;
    let request = "GET /livez HTTP/1.1\r\nHost: pod\r\nUser-Agent: kube-probe/1.36\r\nConnection: close\r\n\r\n";
    stream.write_all(request.as_bytes()).ok()?;
    let mut answer = [0; 12];
    stream.read_exact(&mut answer).ok()?;
    let took = began.elapsed();
    (answer == *b"HTTP/1.1 200" && took < TIMEOUT).then_some(took)
}
