//! Finds the AWS SDKs in a root file system that may be anyone's, a hostile one too: it never follows a link, never
//! enters `/proc`, `/sys`, `/dev` or a mount that the caller names, opens regular files only, and keeps to its
//! [`Limits`].

#![allow(clippy::disallowed_methods, reason = "reading the application's files is what this module is for")]

mod binary;
mod jar;
mod manifest;
mod names;

use crate::probe::evidence::{Sdk, SdkKind, SdkScan};
use crate::probe::subject::Subject;
use crate::probe::subject::process::mounts_to_skip;
use crate::text::printable::printable;
use names::Clue;
use nix::dir::{Dir, Type};
use nix::errno::Errno;
use nix::fcntl::{OFlag, openat};
use nix::sys::stat::Mode;
use std::ffi::CStr;
use std::fs::File;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use tokio::task::JoinHandle;

/// What a scan may cost.
#[derive(Clone, Debug)]
pub struct Limits {
    pub time: Duration,
    /// Directory entries, and entries of archives.
    pub entries: u32,
    /// A larger file is not read from end to end. Of an archive only the directory is read, whatever its size.
    pub whole_file: u64,
    /// Mount points that are not entered, as seen from the root, such as those of network file systems.
    pub skip: Vec<Vec<u8>>,
}

impl Default for Limits {
    fn default() -> Self {
        Self { time: Duration::from_secs(2), entries: 200_000, whole_file: 256 << 20, skip: Vec::new() }
    }
}

/// Directories nested deeper are not entered: each level holds a file descriptor.
const MAX_DEPTH: usize = 40;
/// More parts of SDKs than this are not kept.
const MAX_MODULES: usize = 2_000;
/// Directly under the root, the places where applications are put come first.
const FIRST: [&[u8]; 7] = [b"app", b"srv", b"opt", b"var", b"home", b"root", b"usr"];

/// Scans a target's files while the caller does something else; nothing, where the subject is this process or may not
/// be inspected.
pub(super) fn scan_beside(subject: &Subject) -> Option<JoinHandle<Result<SdkScan, String>>> {
    let may_be_read = subject.target.as_ref()?.variables.access_barrier().is_none();
    let pid = subject.identity.pid;
    may_be_read.then(|| {
        tokio::task::spawn_blocking(move || {
            let proc = PathBuf::from(format!("/proc/{pid}"));
            let limits = Limits { skip: mounts_to_skip(pid), ..Limits::default() };
            scan(&proc.join("root"), Some(&proc.join("exe")), &limits)
        })
    })
}

/// Looks through `root` and at the program `exe`, which may be `/proc/PID/root` and `/proc/PID/exe`.
///
/// # Errors
/// The words of the operating system, if `root` itself cannot be opened.
pub fn scan(root: &Path, exe: Option<&Path>, limits: &Limits) -> Result<SdkScan, String> {
    let flags = OFlag::O_RDONLY | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC;
    let root = nix::fcntl::open(root, flags, Mode::empty()).map_err(|e| e.desc().to_owned())?;
    let budget = Budget { end: Instant::now() + limits.time, limits, entries: 0, cut_short: None };
    let mut scanner = Scanner { budget, modules: Vec::new(), unreadable: 0 };
    if let Some(program) = exe.and_then(|exe| File::open(exe).ok()) {
        scanner.modules.extend(binary::program(&program, &mut scanner.budget));
    }
    scanner.directory(root, &mut Vec::new(), 0);
    Ok(scanner.finish())
}

/// A part of an SDK, as a file or the name of one tells.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Module {
    kind: SdkKind,
    /// The part that web identity needs, rather than the one that stands for the SDK.
    sts: bool,
    version: Option<String>,
    path: String,
}

/// What is left of the [`Limits`].
struct Budget<'a> {
    end: Instant,
    limits: &'a Limits,
    entries: u32,
    /// The bound that was reached.
    cut_short: Option<&'static str>,
}

impl Budget<'_> {
    /// Counts one more entry; `false` if no more may be inspected.
    fn take_entry(&mut self) -> bool {
        if self.entries >= self.limits.entries {
            self.cut_short.get_or_insert("there are too many files");
            return false;
        }
        self.entries += 1;
        // Asking for the time costs more than most entries do.
        !self.entries.is_multiple_of(64) || self.has_time()
    }

    fn has_time(&mut self) -> bool {
        let in_time = Instant::now() < self.end;
        if !in_time {
            self.cut_short.get_or_insert("it took too long");
        }
        in_time
    }

    /// Whether a file of this size may be read from end to end.
    fn may_read(&mut self, bytes: u64) -> bool {
        let small = bytes <= self.limits.whole_file;
        if !small {
            self.cut_short.get_or_insert("a file is too large");
        }
        small && self.has_time()
    }

    fn is_spent(&mut self) -> bool {
        self.entries >= self.limits.entries || !self.has_time()
    }
}

struct Scanner<'a> {
    budget: Budget<'a>,
    modules: Vec<Module>,
    unreadable: u32,
}

impl Scanner<'_> {
    /// Everything in `dir`, files first, so that what lies shallow is found whatever lies deep.
    fn directory(&mut self, dir: OwnedFd, path: &mut Vec<u8>, depth: usize) {
        let Ok(mut dir) = Dir::from_fd(dir) else { return };
        let (mut files, mut directories) = (Vec::new(), Vec::new());
        for entry in dir.iter() {
            let Ok(entry) = entry else { break };
            let name = entry.file_name();
            if matches!(name.to_bytes(), b"." | b"..") {
                continue;
            }
            if !self.budget.take_entry() {
                break;
            }
            match entry.file_type() {
                Some(Type::File) => files.push(name.to_owned()),
                // Some file systems do not tell the type; opening it as a directory then does.
                Some(Type::Directory) | None => directories.push(name.to_owned()),
                Some(_) => {}
            }
        }
        for name in files {
            self.file(&dir, &name, path);
        }
        if depth == 0 {
            directories.retain(|name| !matches!(name.to_bytes(), b"proc" | b"sys" | b"dev"));
            directories
                .sort_by_key(|name| FIRST.iter().position(|first| *first == name.to_bytes()).unwrap_or(FIRST.len()));
        }
        for name in directories {
            if self.budget.is_spent() {
                return;
            }
            let length = path.len();
            path.push(b'/');
            path.extend(name.to_bytes());
            self.subdirectory(&dir, &name, path, depth + 1);
            path.truncate(length);
        }
    }

    fn subdirectory(&mut self, parent: &Dir, name: &CStr, path: &mut Vec<u8>, depth: usize) {
        if let Some(Clue::Module { kind, sts, version }) = names::clue(path, true) {
            self.keep(Module { kind, sts, version: Some(version), path: shown(path) });
        }
        if depth > MAX_DEPTH {
            self.budget.cut_short.get_or_insert("directories are nested too deeply");
            return;
        }
        if self.budget.limits.skip.contains(path) {
            return;
        }
        let flags = OFlag::O_RDONLY | OFlag::O_DIRECTORY | OFlag::O_NOFOLLOW | OFlag::O_NONBLOCK | OFlag::O_CLOEXEC;
        match openat(parent, name, flags, Mode::empty()) {
            Ok(dir) => self.directory(dir, path, depth),
            // A file whose type was not told, a link that came meanwhile, or gone.
            Err(Errno::ENOTDIR) => {
                let length = path.len() - name.to_bytes().len() - 1;
                self.file(parent, name, &path[..length]);
            }
            Err(Errno::ENOENT | Errno::ELOOP) => {}
            Err(_) => self.unreadable += 1,
        }
    }

    /// What a file's own name tells, and what its content tells where the name says that it is worth opening.
    fn file(&mut self, dir: &Dir, name: &CStr, parent: &[u8]) {
        let path = [parent, b"/", name.to_bytes()].concat();
        let Some(clue) = names::clue(&path, false) else { return };
        let path = shown(&path);
        if let Clue::Module { kind, sts, version } = clue {
            return self.keep(Module { kind, sts, version: Some(version), path });
        }
        let file = match open_regular(dir, name) {
            Ok(file) => file,
            Err(Errno::ENOENT | Errno::ELOOP) => return,
            Err(_) => {
                self.unreadable += 1;
                return;
            }
        };
        let found = match clue {
            Clue::Module { .. } => Vec::new(),
            Clue::Archive => jar::modules(file, &path, &mut self.budget),
            Clue::Package(kind) => manifest::package_json(file, kind, &path).into_iter().collect(),
            Clue::Composer => manifest::composer(file, &path),
            Clue::DotNet => manifest::deps_json(file, &path),
            Clue::CppLibrary => vec![binary::cpp_library(&file, path, &mut self.budget)],
        };
        for module in found {
            self.keep(module);
        }
    }

    fn keep(&mut self, module: Module) {
        if self.modules.len() < MAX_MODULES {
            self.modules.push(module);
        } else {
            self.budget.cut_short.get_or_insert("there are too many SDKs");
        }
    }

    /// Puts each SDK together with the knowledge whether its module for web identity was found anywhere.
    fn finish(mut self) -> SdkScan {
        self.modules.sort();
        self.modules.dedup_by(|a, b| (a.kind, a.sts, &a.version, &a.path) == (b.kind, b.sts, &b.version, &b.path));
        let cut_short = self.budget.cut_short;
        let has_sts_module = |kind: SdkKind| {
            kind.sts_module()?;
            let found = self.modules.iter().any(|module| module.kind == kind && module.sts);
            (found || cut_short.is_none()).then_some(found)
        };
        let sdk = |module: &Module| Sdk {
            kind: module.kind,
            version: module.version.clone(),
            path: module.path.clone(),
            has_sts_module: has_sts_module(module.kind),
        };
        SdkScan {
            sdks: self.modules.iter().filter(|module| !module.sts).map(sdk).collect(),
            entries: self.budget.entries,
            unreadable: self.unreadable,
            cut_short,
        }
    }
}

/// Opens `name` if it is a regular file. A FIFO is not waited for.
fn open_regular(dir: &Dir, name: &CStr) -> Result<File, Errno> {
    let flags = OFlag::O_RDONLY | OFlag::O_NOFOLLOW | OFlag::O_NONBLOCK | OFlag::O_NOCTTY | OFlag::O_CLOEXEC;
    let file = File::from(openat(dir, name, flags, Mode::empty())?);
    match file.metadata() {
        Ok(metadata) if metadata.is_file() => Ok(file),
        _ => Err(Errno::ENOENT),
    }
}

/// A path for people: what is not UTF-8 and what a terminal would obey is replaced.
fn shown(path: &[u8]) -> String {
    printable(&String::from_utf8_lossy(path))
}
