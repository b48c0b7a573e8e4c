//! Runs the built program as a container lives: started, talked to, told to end.

use crate::stage::Raised;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

/// Only a safety net: every wait is for an event.
const NET: Duration = Duration::from_secs(30);

/// A running program that logs JSON lines.
pub struct Running {
    child: Child,
    lines: Receiver<Value>,
}

impl Running {
    pub fn start(command: &mut Command, arguments: &[&str]) -> Self {
        let command = command.args(arguments).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("the program starts");
        let (sender, lines) = channel();
        let stderr = BufReader::new(child.stderr.take().expect("standard error"));
        std::thread::spawn(move || {
            for line in stderr.lines().map_while(Result::ok) {
                let value = serde_json::from_str(&line).unwrap_or(Value::String(line));
                if sender.send(value).is_err() {
                    break;
                }
            }
        });
        Self { child, lines }
    }

    /// Waits for a log line whose message begins so.
    pub fn line(&self, message: &str) -> Value {
        let mut seen = Vec::new();
        loop {
            let Ok(line) = self.lines.recv_timeout(NET) else { panic!("no line {message:?} after {seen:#?}") };
            if line["msg"].as_str().is_some_and(|said| said.starts_with(message)) {
                return line;
            }
            seen.push(line);
        }
    }

    pub fn pid(&self) -> Pid {
        Pid::from_raw(self.child.id().try_into().expect("a pid"))
    }

    pub fn signal(&self, signal: Signal) {
        kill(self.pid(), signal).expect("the program still runs");
    }

    /// Waits for the end; the exit code and standard output.
    pub fn end(mut self) -> (Option<i32>, String) {
        let mut said = String::new();
        self.child.stdout.take().expect("standard output").read_to_string(&mut said).expect("UTF-8");
        (self.child.wait().expect("an end").code(), said)
    }
}

impl Drop for Running {
    /// A test that failed leaves nothing behind.
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A running `serve` on free ports of loopback.
pub struct Sidecar {
    pub running: Running,
    pub network: String,
    pub report: String,
}

impl Sidecar {
    pub fn start(raised: &mut Raised, arguments: &[&str]) -> Self {
        let listen = ["serve", "--listen", "127.0.0.1:0", "--report-listen", "127.0.0.1:0"];
        let running = Running::start(&mut raised.command, &[&listen, arguments].concat());
        let address = || running.line("listening")["address"].as_str().expect("an address").to_owned();
        let (network, report) = (address(), address());
        Self { running, network, report }
    }

    /// Status and body of a page for the network.
    pub fn get(&self, path: &str) -> (u16, String) {
        let answer = exchange(&self.network, &format!("GET {path} HTTP/1.1\r\nHost: pod\r\nConnection: close\r\n\r\n"));
        let (head, body) = answer.split_once("\r\n\r\n").unwrap_or_else(|| panic!("no answer: {answer:?}"));
        (head[9..12].parse().expect("a status"), body.to_owned())
    }

    /// The value of a metric without labels.
    pub fn metric(&self, name: &str) -> f64 {
        let (_, page) = self.get("/metrics");
        let value = page.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        value.and_then(|value| value.parse().ok()).unwrap_or_else(|| panic!("no {name} in\n{page}"))
    }

    pub fn terminate(self) -> (Option<i32>, String) {
        self.running.signal(Signal::SIGTERM);
        self.running.end()
    }
}

/// Sends `request` and reads to the end.
pub fn exchange(address: &str, request: &str) -> String {
    let mut stream = TcpStream::connect(address).expect("a connection");
    stream.set_read_timeout(Some(NET)).expect("a time-out");
    stream.write_all(request.as_bytes()).expect("to send");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("an answer");
    answer
}

/// The processes that it started, or inherited, and has not reaped.
pub fn children(pid: Pid) -> Vec<Pid> {
    let pids = std::fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).expect("a process");
    pids.split_whitespace().map(|pid| Pid::from_raw(pid.parse().expect("a pid"))).collect()
}

/// Runs to the end.
pub fn run(raised: &mut Raised, arguments: &[&str]) -> (Option<i32>, String, String) {
    let Output { status, stdout, stderr } = raised.command.args(arguments).output().expect("the program runs");
    (status.code(), String::from_utf8(stdout).expect("UTF-8"), String::from_utf8(stderr).expect("UTF-8"))
}

/// Puts another token in the place of the old one, as the kubelet does: a new directory, and `..data` swapped for a
/// link to it.
pub fn rotate(token_file: &str, content: &str) {
    let volume = Path::new(token_file).parent().expect("a directory");
    let name = Path::new(token_file).file_name().expect("a name");
    let written = tempfile::Builder::new().prefix("..2026_11_22_").tempdir_in(volume).expect("a directory").keep();
    std::fs::write(written.join(name), content).expect("to write");
    symlink(written.file_name().expect("a name"), volume.join("..data_tmp")).expect("a link");
    std::fs::rename(volume.join("..data_tmp"), volume.join("..data")).expect("the swap");
}
