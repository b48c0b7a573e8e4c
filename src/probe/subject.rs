//! Whose identity is judged: this process, or another one under `/proc/PID`.
#![expect(clippy::disallowed_methods, reason = "this is where a process's ids are read")]

pub(crate) mod proc;
pub(crate) mod process;

pub use super::variables::Variables;
use crate::probe::evidence::{Identity, Target};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// A process: its variables, its identity and its files.
pub struct Subject {
    pub variables: Variables,
    pub identity: Identity,
    /// The directory under which the subject's paths are looked up: `/`, unless it lives in another mount namespace.
    pub root: PathBuf,
    /// More about it, if it is not this process.
    pub target: Option<Target>,
}

impl Subject {
    /// The process that runs this code.
    pub fn this_process() -> Subject {
        let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
        Subject {
            variables: Variables::of_this_process(),
            identity: Identity {
                pid: std::process::id(),
                uid: nix::unistd::geteuid().as_raw(),
                gid: nix::unistd::getegid().as_raw(),
                groups: nix::unistd::getgroups()
                    .map(|groups| groups.into_iter().map(nix::unistd::Gid::as_raw).collect())
                    .unwrap_or_default(),
                capabilities: effective_capabilities(&status),
            },
            root: PathBuf::from("/"),
            target: None,
        }
    }

    /// `path` as the subject's SDK opens it: a relative one from its working directory.
    ///
    /// # Errors
    /// The working directory cannot be seen.
    pub fn absolute(&self, path: impl AsRef<Path>) -> io::Result<PathBuf> {
        let path = path.as_ref();
        if path.is_absolute() { Ok(path.to_owned()) } else { Ok(self.working_directory()?.join(path)) }
    }

    /// As the subject names it, from its own root.
    fn working_directory(&self) -> io::Result<PathBuf> {
        if self.root == Path::new("/") {
            return std::env::current_dir();
        }
        let [link, root] = ["cwd", "root"].map(|name| PathBuf::from(format!("/proc/{}/{name}", self.identity.pid)));
        // The kernel names both from the root of their mount namespace, which after a chroot is not the process's own.
        let named = link.read_link()?;
        let outside = || io::Error::other("the working directory is not below the root directory");
        let inside = named.strip_prefix(root.read_link()?).map_err(|_| outside())?;
        let id = |path: &Path| path.metadata().map(|metadata| (metadata.dev(), metadata.ino()));
        match id(&link)? == id(&self.root.join(inside))? {
            true => Ok(Path::new("/").join(inside)),
            false => Err(outside()),
        }
    }
}

/// `CapEff` of a `/proc/PID/status` text (`proc_pid_status(5)`).
fn effective_capabilities(status: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix("CapEff:"))?;
    u64::from_str_radix(line.trim(), 16).ok()
}
