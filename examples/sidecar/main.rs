//! `cargo run --release --example sidecar`: what `irsa-probe serve` costs when it idles, how fast it answers beside a bare
//! hyper server, and how fast it ends. STS is a stand-in on loopback.

#![allow(clippy::disallowed_methods, dead_code, reason = "a clock and /proc; not all of the demo's stage is used here")]

#[path = "../local_sts/mod.rs"]
mod local_sts;
#[path = "../demo/stage.rs"]
mod stage;

use clap::Parser;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use stage::Stage;
use std::io::{BufRead, BufReader, Error, Lines, Read, Result, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, Command, Stdio};
use std::time::{Duration, Instant};

/// Measures the sidecar
#[derive(Parser)]
struct Arguments {
    /// The program, by default the one that was built beside this
    #[arg(long)]
    probe: Option<PathBuf>,
    /// For how long wake-ups are counted
    #[arg(long, default_value_t = 60)]
    idle_seconds: u64,
    /// Serves as the bare hyper server that is compared with
    #[arg(long, hide = true)]
    bare: bool,
}

const RUNS: u32 = 10;
const CLIENTS: usize = 8;
const REQUESTS: usize = 5_000;
const ENDS: usize = 20;

fn main() -> Result<()> {
    let arguments = Arguments::parse();
    if arguments.bare {
        return bare();
    }
    let own = std::env::current_exe()?;
    let beside = own.parent().and_then(|examples| examples.parent()).map(|folder| folder.join("irsa-probe"));
    let probe = arguments.probe.or(beside).ok_or_else(|| Error::other("no probe; see --probe"))?;
    println!("| figure | measured |\n| --- | --- |");

    let mut server = Server::probe(&probe)?;
    server.wait_for("healthy")?;
    for _ in 1..RUNS {
        server.signal(Signal::SIGHUP)?;
        server.wait_for("healthy")?;
    }
    println!("| idle, after {RUNS} runs over https: PSS | {:.1} MiB |", server.pss_kib()? as f64 / 1024.0);
    println!("| threads | {} |", server.status("Threads:")?);
    let before = server.wake_ups()?;
    std::thread::sleep(Duration::from_secs(arguments.idle_seconds));
    println!("| wake-ups in {} s | {} |", arguments.idle_seconds, server.wake_ups()? - before);

    let mut plain = Server::start(Command::new(&own).arg("--bare"))?;
    for keep_alive in [true, false] {
        // In turns, so that what else the machine does falls on both.
        let mut best = [(0.0, Duration::MAX), (0.0, Duration::MAX)];
        for _ in 0..3 {
            for (address, best) in [&server.address, &plain.address].into_iter().zip(&mut best) {
                let (rate, p99) = pace(address, keep_alive)?;
                *best = (f64::max(best.0, rate), best.1.min(p99));
            }
        }
        let how = if keep_alive { "kept connections" } else { "a connection for each request" };
        for (name, (rate, p99)) in ["/readyz", "bare hyper"].into_iter().zip(best) {
            let p99 = p99.as_secs_f64() * 1e6;
            println!("| {name}, {CLIENTS} clients, {how} | {rate:.0} requests/s, p99 {p99:.0} us |");
        }
    }
    plain.child.kill()?;

    let mut slowest = Duration::ZERO;
    drop(server);
    for _ in 0..ENDS {
        slowest = slowest.max(end_with_clients(&probe)?);
    }
    println!(
        "| SIGTERM to exit, 20 clients connected, the slowest of {ENDS} | {:.1} ms |",
        slowest.as_secs_f64() * 1e3
    );
    Ok(())
}

fn end_with_clients(probe: &Path) -> Result<Duration> {
    let mut server = Server::probe(probe)?;
    server.wait_for("healthy")?;
    let clients: Result<Vec<_>> = (0..20).map(|_| TcpStream::connect(&server.address)).collect();
    let mut clients = clients?;
    for client in clients.iter_mut().step_by(2) {
        request(client, true)?;
    }
    let began = Instant::now();
    server.signal(Signal::SIGTERM)?;
    server.child.wait()?;
    Ok(began.elapsed())
}

/// A program that says on standard error where it listens.
struct Server {
    child: Child,
    address: String,
    lines: Lines<BufReader<ChildStderr>>,
    /// What it talks to.
    _raised: Option<stage::Raised>,
}

impl Server {
    fn probe(probe: &Path) -> Result<Self> {
        let mut raised = Stage::healthy()?.raise(probe)?;
        raised.command.args(["serve", "--listen", "127.0.0.1:0", "--report-listen", "none"]);
        let mut server = Self::start(&mut raised.command)?;
        server._raised = Some(raised);
        Ok(server)
    }

    fn start(command: &mut Command) -> Result<Self> {
        let mut child = command.stderr(Stdio::piped()).spawn()?;
        let stderr = child.stderr.take().ok_or_else(|| Error::other("no standard error"))?;
        let mut server = Self { child, address: String::new(), lines: BufReader::new(stderr).lines(), _raised: None };
        let line = server.wait_for("listening")?;
        server.address = line["address"].as_str().ok_or_else(|| Error::other("no address"))?.to_owned();
        Ok(server)
    }

    fn wait_for(&mut self, message: &str) -> Result<serde_json::Value> {
        for line in self.lines.by_ref() {
            let line: serde_json::Value = serde_json::from_str(&line?)?;
            if line["msg"] == message {
                return Ok(line);
            }
        }
        Err(Error::other(format!("it ended before it said {message:?}")))
    }

    fn signal(&self, signal: Signal) -> Result<()> {
        Ok(kill(Pid::from_raw(self.child.id() as i32), signal)?)
    }

    fn proc(&self, file: &str) -> Result<String> {
        std::fs::read_to_string(format!("/proc/{}/{file}", self.child.id()))
    }

    fn number(text: &str, name: &str) -> Result<u64> {
        let line = text.lines().find_map(|line| line.strip_prefix(name));
        let word = line.and_then(|line| line.split_whitespace().next());
        word.and_then(|word| word.parse().ok()).ok_or_else(|| Error::other(format!("no {name}")))
    }

    fn status(&self, name: &str) -> Result<u64> {
        Self::number(&self.proc("status")?, name)
    }

    fn pss_kib(&self) -> Result<u64> {
        Self::number(&self.proc("smaps_rollup")?, "Pss:")
    }

    /// How often it gave up the processor by itself, which it does each time after it woke.
    fn wake_ups(&self) -> Result<u64> {
        self.status("voluntary_ctxt_switches:")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Requests per second of all clients, and the 99th percentile of one request.
fn pace(address: &str, keep_alive: bool) -> Result<(f64, Duration)> {
    let began = Instant::now();
    let clients: Vec<_> = (0..CLIENTS)
        .map(|_| {
            let address = address.to_owned();
            std::thread::spawn(move || client(&address, keep_alive))
        })
        .collect();
    let mut times = Vec::new();
    for client in clients {
        times.extend(client.join().map_err(|_| Error::other("a client panicked"))??);
    }
    let rate = times.len() as f64 / began.elapsed().as_secs_f64();
    times.sort();
    Ok((rate, times[times.len() * 99 / 100]))
}

fn client(address: &str, keep_alive: bool) -> Result<Vec<Duration>> {
    let requests = if keep_alive { REQUESTS } else { REQUESTS / 5 };
    let mut times = Vec::with_capacity(requests);
    let mut kept = None;
    for _ in 0..requests {
        let began = Instant::now();
        let mut stream = match kept.take() {
            Some(stream) => stream,
            None => TcpStream::connect(address)?,
        };
        request(&mut stream, keep_alive)?;
        times.push(began.elapsed());
        kept = keep_alive.then_some(stream);
    }
    Ok(times)
}

fn request(stream: &mut TcpStream, keep_alive: bool) -> Result<()> {
    let connection = if keep_alive { "keep-alive" } else { "close" };
    stream.write_all(format!("GET /readyz HTTP/1.1\r\nHost: a\r\nConnection: {connection}\r\n\r\n").as_bytes())?;
    let mut answer = [0; 1024];
    if stream.read(&mut answer)? == 0 {
        return Err(Error::other("closed without an answer"));
    }
    Ok(())
}

/// hyper with nothing around it, on one thread as well.
fn bare() -> Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
        eprintln!("{{\"msg\":\"listening\",\"address\":\"{}\"}}", listener.local_addr()?);
        loop {
            let (stream, _) = listener.accept().await?;
            stream.set_nodelay(true)?;
            tokio::spawn(async move {
                let answer = service_fn(|_| async {
                    Ok::<_, std::convert::Infallible>(hyper::Response::new("ready: healthy\n".to_owned()))
                });
                // A client that breaks off is its own affair.
                let _ = hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), answer).await;
            });
        }
    })
}
