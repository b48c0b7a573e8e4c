//! The program under attack, with little memory.

use std::fs;
use std::io::{BufRead, BufReader, Error, Result};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

const MEMORY: u64 = 64 * 1024 * 1024;
const CGROUP: &str = "/sys/fs/cgroup/irsa-probe-attack";

pub struct Victim {
    child: Child,
    pub address: SocketAddr,
    /// Where there is a cgroup that bounds it.
    cgroup: Option<PathBuf>,
}

impl Victim {
    /// Starts `serve` with at most so many file descriptors, and waits until it listens.
    pub fn start(probe: &Path, descriptors: u64) -> Result<Self> {
        let limits = format!("ulimit -n {descriptors} && ulimit -d {} && exec \"$0\" \"$@\"", MEMORY / 1024);
        let mut child = Command::new("sh")
            .args(["-c", &limits])
            .arg(probe)
            // Nothing is configured, so no look ever calls anybody.
            .args(["serve", "--listen", "127.0.0.1:0", "--report-listen", "none", "--log-format", "json"])
            .env_clear()
            .stderr(Stdio::piped())
            .spawn()?;
        let stderr = child.stderr.take().ok_or_else(|| Error::other("no standard error"))?;
        let mut lines = BufReader::new(stderr).lines();
        let address = lines
            .by_ref()
            .map_while(Result::ok)
            .find_map(|line| serde_json::from_str::<serde_json::Value>(&line).ok()?["address"].as_str()?.parse().ok())
            .ok_or_else(|| Error::other("it did not say where it listens"))?;
        // The rest is read so that it can be written.
        std::thread::spawn(move || lines.for_each(drop));
        let cgroup = confine(child.id()).ok();
        Ok(Self { child, address, cgroup })
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    pub fn bound(&self) -> &'static str {
        match self.cgroup {
            Some(_) => "Bound: a cgroup of 64 MiB without swap, and RLIMIT_DATA of 64 MiB.",
            None => "Bound: RLIMIT_DATA of 64 MiB (no cgroup could be made here).",
        }
    }
}

/// Puts the process into a cgroup of its own (version 2, as root).
fn confine(pid: u32) -> Result<PathBuf> {
    let group = PathBuf::from(format!("{CGROUP}-{pid}"));
    fs::create_dir(&group)?;
    let bounded = fs::write(group.join("memory.max"), MEMORY.to_string())
        .and_then(|()| fs::write(group.join("memory.swap.max"), "0"))
        .and_then(|()| fs::write(group.join("cgroup.procs"), pid.to_string()));
    match bounded {
        Ok(()) => Ok(group),
        Err(error) => {
            let _ = fs::remove_dir(&group);
            Err(error)
        }
    }
}

impl Drop for Victim {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        if let Some(group) = &self.cgroup {
            let _ = fs::remove_dir(group);
        }
    }
}
