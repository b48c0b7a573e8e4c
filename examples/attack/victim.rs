//! The program under attack, with little memory.

use std::fs::{self, File};
use std::io::{BufRead, BufReader, Error, Result, Write};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

const MEMORY: u64 = 64 * 1024 * 1024;

pub struct Victim {
    child: Child,
    pub address: SocketAddr,
    /// What bounds it, where one could be made; dropped when the child has ended.
    cgroup: Option<Cgroup>,
}

struct Cgroup(PathBuf);

impl Victim {
    /// Starts `serve` with at most so many file descriptors, and waits until it listens.
    pub fn start(probe: &Path, descriptors: u64) -> Result<Self> {
        let cgroup = Cgroup::new().ok();
        // It joins before it becomes the program: what a process has taken stays with the group where it took it.
        let join = cgroup.as_ref().map(|group| format!("echo $$ >{}/cgroup.procs && ", group.0.display()));
        let join = join.unwrap_or_default();
        let limits = format!("{join}ulimit -n {descriptors} && ulimit -d {} && exec \"$0\" \"$@\"", MEMORY / 1024);
        let mut child = Command::new("sh")
            .args(["-c", &limits])
            .arg(probe)
            // Nothing is configured, so no run ever calls anybody.
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

impl Cgroup {
    /// A cgroup beneath version 2's root, or beneath our own of version 1 (as root).
    fn new() -> Result<Self> {
        let own = fs::read_to_string("/proc/self/cgroup")?;
        let (parent, limits) = match own.lines().find_map(|line| line.split_once(":memory:")) {
            Some((_, path)) => (
                format!("/sys/fs/cgroup/memory{path}"),
                [("memory.limit_in_bytes", MEMORY), ("memory.memsw.limit_in_bytes", MEMORY)],
            ),
            None => ("/sys/fs/cgroup".to_owned(), [("memory.max", MEMORY), ("memory.swap.max", 0)]),
        };
        let group = Self(PathBuf::from(format!("{parent}/irsa-probe-attack-{}", std::process::id())));
        fs::create_dir(&group.0)?;
        for (name, bytes) in limits {
            // fs::write would make a file of that name where there is no cgroup at all.
            File::options().write(true).open(group.0.join(name))?.write_all(bytes.to_string().as_bytes())?;
        }
        Ok(group)
    }
}

impl Drop for Cgroup {
    fn drop(&mut self) {
        let _ = fs::remove_dir(&self.0);
    }
}

impl Drop for Victim {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
