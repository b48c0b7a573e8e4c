//! Whose identity is judged: this process, or another one under `/proc/PID`.
#![expect(clippy::disallowed_methods, reason = "this is where a process's environment and ids are read")]

pub(crate) mod proc;
pub(crate) mod process;

use crate::probe::evidence::{Environment, Identity, Mechanism, Target, environment};
use crate::text::redact;
use crate::text::secrets::Secrets;
use std::collections::HashMap;
use std::ffi::OsString;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// Raw environment variables. They hold keys, so there is no way to print or compare them.
#[derive(Clone, Default)]
pub struct Variables(HashMap<OsString, OsString>);

impl Variables {
    pub fn set(&mut self, name: &str, value: impl Into<OsString>) {
        self.0.insert(name.into(), value.into());
    }

    pub fn remove(&mut self, name: &str) {
        self.0.remove(std::ffi::OsStr::new(name));
    }

    /// `None` if not set, an error if not UTF-8.
    pub fn text(&self, name: &str) -> Option<Result<&str, ()>> {
        Some(self.0.get(std::ffi::OsStr::new(name))?.to_str().ok_or(()))
    }

    /// The value, if it is set, UTF-8 and not blank.
    pub fn filled(&self, name: &str) -> Option<&str> {
        self.text(name)?.ok().filter(|value| !value.trim().is_empty())
    }

    /// Registers the secrets that these variables hold: credentials, and tokens that are there by mistake.
    pub fn keep_secrets(&self, secrets: &Secrets) {
        for (name, value) in self.pairs() {
            if environment::CREDENTIALS.contains(&name) {
                secrets.keep(value);
            } else if environment::is_url(name) {
                secrets.keep_url(value);
            }
            redact::tokens(value).for_each(|token| secrets.keep(token));
        }
    }

    /// Whether both variables of a mechanism have a value.
    pub fn has_identity(&self) -> bool {
        Mechanism::all_variables().iter().any(|names| names.iter().all(|name| self.filled(name).is_some()))
    }

    /// Whether a variable of IRSA, of EKS Pod Identity or of a profile is set at all, empty ones included.
    pub fn has_some_identity(&self) -> bool {
        let profile = ["AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE", "AWS_PROFILE", "AWS_DEFAULT_PROFILE"];
        Mechanism::all_variables().into_iter().flatten().chain(profile).any(|name| self.text(name).is_some())
    }

    /// All variables that are UTF-8, as the SDK's loader takes them.
    pub fn pairs(&self) -> Vec<(&str, &str)> {
        self.0.iter().filter_map(|(name, value)| Some((name.to_str()?, value.to_str()?))).collect()
    }

    /// What may be shown of them.
    pub fn shown(&self) -> Environment {
        Environment::from_values(|name| {
            let value = self.text(name)?;
            Some(value.map(redact::scrub))
        })
    }
}

impl<N: Into<OsString>, V: Into<OsString>> FromIterator<(N, V)> for Variables {
    fn from_iter<I: IntoIterator<Item = (N, V)>>(pairs: I) -> Self {
        Self(pairs.into_iter().map(|(name, value)| (name.into(), value.into())).collect())
    }
}

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
            variables: std::env::vars_os().collect(),
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
