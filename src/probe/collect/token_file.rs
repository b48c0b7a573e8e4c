//! Opens and reads the token file as an SDK does, but bounded and without ever waiting.

use super::rootfs;
use crate::probe::evidence::{PathStep, PathStepKind, TokenFile, TokenFileFault, TokenFileFaultKind};
use crate::probe::subject::Subject;
use std::collections::VecDeque;
use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::{ErrorKind, Read};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::{Path, PathBuf};

/// Larger files are not read. STS takes 20,000 characters (`WebIdentityToken` in its API reference).
pub const MAX_TOKEN_BYTES: u64 = 64 * 1024;

/// As many links as Linux follows (`path_resolution(7)`).
const MAX_LINKS: usize = 40;

/// A token's bytes. They cannot be printed, compared or copied.
pub struct RawToken(Vec<u8>);

impl RawToken {
    pub(super) fn new(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// As an SDK sends it, with its white space.
    pub(super) fn text(&self) -> String {
        String::from_utf8_lossy(&self.0).into_owned()
    }
}

/// Reads the file that `path` names for the subject, a relative one from its working directory.
///
/// # Errors
/// Says which entry of the way is missing or refused, or what the file is instead of a token file.
pub(super) fn read(subject: &Subject, path: &str) -> Result<(TokenFile, RawToken), TokenFileFault> {
    let absolute = subject.absolute(path).map_err(|error| {
        let directory = format!("/proc/{}/cwd", subject.identity.pid);
        TokenFileFault { path: path.to_owned(), walk: Vec::new(), kind: os_fault(&error, &directory) }
    })?;
    read_in(&subject.root, &absolute, path)
}

/// Reads `absolute` for a process whose root directory is `root`; `path` is what the variable says.
fn read_in(root: &Path, absolute: &Path, path: &str) -> Result<(TokenFile, RawToken), TokenFileFault> {
    let Walk { steps, end } = walk(root, absolute);
    // The walk explains; the kernel decides, given the same path with every slash and dot of it.
    let content = end.and_then(|()| open_and_read(root, absolute));
    match content {
        Ok(content) => Ok((
            TokenFile {
                path: path.to_owned(),
                opened: absolute.to_string_lossy().into_owned(),
                bytes: content.len() as u64,
                walk: steps,
            },
            RawToken::new(content),
        )),
        Err(kind) => Err(TokenFileFault { path: path.to_owned(), walk: steps, kind }),
    }
}

fn open_and_read(root: &Path, path: &Path) -> Result<Vec<u8>, TokenFileFaultKind> {
    let fault = |error| os_fault(&error, &path.to_string_lossy());
    // The walk saw a regular file, but it may have been swapped since: so no waiting for a FIFO's writer here.
    let file = rootfs::open(root, path).map_err(fault)?;
    let length = regular_file_length(&file)?;
    if length > MAX_TOKEN_BYTES {
        return Err(TokenFileFaultKind::TooLarge { bytes: length });
    }
    let mut content = Vec::new();
    file.take(MAX_TOKEN_BYTES + 1).read_to_end(&mut content).map_err(fault)?;
    match content.len() as u64 {
        0 => Err(TokenFileFaultKind::Empty),
        bytes if bytes > MAX_TOKEN_BYTES => Err(TokenFileFaultKind::TooLarge { bytes }),
        _ => Ok(content),
    }
}

fn regular_file_length(file: &File) -> Result<u64, TokenFileFaultKind> {
    let metadata = file.metadata().map_err(|e| TokenFileFaultKind::Io(e.to_string()))?;
    match not_a_file(kind_of(&metadata.file_type())) {
        Some(fault) => Err(fault),
        None => Ok(metadata.len()),
    }
}

fn os_fault(error: &std::io::Error, at: &str) -> TokenFileFaultKind {
    match error.kind() {
        ErrorKind::NotFound => TokenFileFaultKind::Missing { at: at.to_owned() },
        ErrorKind::NotADirectory => TokenFileFaultKind::NotADirectory { at: at.to_owned() },
        ErrorKind::PermissionDenied => TokenFileFaultKind::Denied { at: at.to_owned() },
        _ if error.raw_os_error() == Some(nix::errno::Errno::ELOOP as i32) => TokenFileFaultKind::LinkLoop,
        _ => TokenFileFaultKind::Io(error.to_string()),
    }
}

fn kind_of(file_type: &std::fs::FileType) -> PathStepKind {
    if file_type.is_symlink() {
        PathStepKind::Link
    } else if file_type.is_dir() {
        PathStepKind::Directory
    } else if file_type.is_fifo() {
        PathStepKind::Fifo
    } else if file_type.is_socket() {
        PathStepKind::Socket
    } else if file_type.is_file() {
        PathStepKind::File
    } else {
        PathStepKind::Device
    }
}

fn not_a_file(kind: PathStepKind) -> Option<TokenFileFaultKind> {
    match kind {
        PathStepKind::Directory => Some(TokenFileFaultKind::Directory),
        PathStepKind::Fifo => Some(TokenFileFaultKind::Fifo),
        PathStepKind::Socket => Some(TokenFileFaultKind::Socket),
        PathStepKind::Device => Some(TokenFileFaultKind::Device),
        PathStepKind::File | PathStepKind::Link => None,
    }
}

/// The directories and links that lead to a file, and the file, as far as they can be seen.
pub(super) fn steps(root: &Path, path: &Path) -> Vec<PathStep> {
    walk(root, path).steps
}

/// The way to a file, entry by entry.
struct Walk {
    steps: Vec<PathStep>,
    /// What ended the way before it came to a file.
    end: Result<(), TokenFileFaultKind>,
}

/// Follows `path` inside `root` as the kernel would for a process with that root: a link's absolute target starts at
/// `root` again, and `..` never leaves it.
fn walk(root: &Path, path: &Path) -> Walk {
    let mut steps = Vec::new();
    let end = follow(root, path, &mut steps);
    Walk { steps, end }
}

fn follow(root: &Path, path: &Path, steps: &mut Vec<PathStep>) -> Result<(), TokenFileFaultKind> {
    let mut left: VecDeque<OsString> = names(path);
    let mut inside = PathBuf::from("/");
    let mut links = 0;
    while let Some(name) = left.pop_front() {
        if let Some(step) =
            steps.last().filter(|step| !matches!(step.kind, PathStepKind::Directory | PathStepKind::Link))
        {
            return Err(TokenFileFaultKind::NotADirectory { at: step.path.clone() });
        }
        match name.as_bytes() {
            b"." => continue,
            b".." => {
                inside.pop();
                continue;
            }
            _ => {}
        }
        let parent = inside.clone();
        inside.push(&name);
        let shown = inside.to_string_lossy().into_owned();
        let real = below(root, &inside);
        let metadata = real.symlink_metadata().map_err(|error| match error.kind() {
            // To inspect an entry takes search permission on the directory that holds it.
            ErrorKind::PermissionDenied => TokenFileFaultKind::Denied { at: parent.to_string_lossy().into_owned() },
            _ => os_fault(&error, &shown),
        })?;
        let kind = kind_of(&metadata.file_type());
        let target = if kind == PathStepKind::Link { real.read_link().ok() } else { None };
        steps.push(PathStep {
            path: shown,
            kind,
            mode: metadata.mode() & 0o7777,
            uid: metadata.uid(),
            gid: metadata.gid(),
            target: target.as_ref().map(|target| target.to_string_lossy().into_owned()),
        });
        if let Some(target) = target {
            links += 1;
            if links > MAX_LINKS {
                return Err(TokenFileFaultKind::LinkLoop);
            }
            inside = if target.is_absolute() { PathBuf::from("/") } else { parent };
            for name in names(&target).into_iter().rev() {
                left.push_front(name);
            }
        }
    }
    steps.last().and_then(|step| not_a_file(step.kind)).map_or(Ok(()), Err)
}

/// The names between slashes. What ends in a slash names a directory, as if a dot stood behind it
/// (`path_resolution(7)`); [`Path::components`] drops both.
fn names(path: &Path) -> VecDeque<OsString> {
    let path = path.as_os_str().as_bytes();
    let names = path.split(|byte| *byte == b'/').filter(|name| !name.is_empty());
    let end = path.ends_with(b"/").then_some(b".".as_slice());
    names.chain(end).map(|name| OsStr::from_bytes(name).to_owned()).collect()
}

fn below(root: &Path, inside: &Path) -> PathBuf {
    root.join(inside.strip_prefix("/").unwrap_or(inside))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;
    use tempfile::TempDir;

    fn read(root: &Path, path: &str) -> Result<(TokenFile, RawToken), TokenFileFault> {
        read_in(root, Path::new(path), path)
    }

    fn fault(root: &TempDir, path: &str) -> TokenFileFaultKind {
        match read(root.path(), path) {
            Ok((file, _)) => panic!("{path} was read: {file:?}"),
            Err(fault) => fault.kind,
        }
    }

    /// A projected volume as the kubelet makes it.
    fn projected() -> TempDir {
        let root = tempfile::tempdir().unwrap();
        let volume = root.path().join("var/run/token");
        std::fs::create_dir_all(volume.join("..2026_11_22")).unwrap();
        std::fs::write(volume.join("..2026_11_22/token"), "a.b.c").unwrap();
        symlink("..2026_11_22", volume.join("..data")).unwrap();
        symlink("..data/token", volume.join("token")).unwrap();
        root
    }

    #[test]
    fn a_projected_token_is_read_through_its_symbolic_links() {
        let root = projected();
        let (file, token) = read(root.path(), "/var/run/token/token").ok().unwrap();
        assert_eq!(token.bytes(), b"a.b.c");
        let shown: Vec<_> = file.walk.iter().map(|step| step.path.as_str()).collect();
        let expected = [
            "/var",
            "/var/run",
            "/var/run/token",
            "/var/run/token/token",
            "/var/run/token/..data",
            "/var/run/token/..2026_11_22",
            "/var/run/token/..2026_11_22/token",
        ];
        assert_eq!(shown, expected);
        assert_eq!(file.file().unwrap().kind, PathStepKind::File);
    }

    #[test]
    fn anything_that_is_not_a_token_file_is_distinguished_without_waiting() {
        use TokenFileFaultKind::*;
        let root = projected();
        let at = |name: &str| root.path().join(name);
        symlink("/loop", at("loop")).unwrap();
        symlink("empty/", at("slash")).unwrap();
        symlink("/../../outside", at("out")).unwrap();
        nix::unistd::mkfifo(&at("fifo"), nix::sys::stat::Mode::S_IRWXU).unwrap();
        let _socket = std::os::unix::net::UnixListener::bind(at("socket")).unwrap();
        std::fs::write(at("empty"), "").unwrap();
        std::fs::write(at("large"), vec![b'x'; MAX_TOKEN_BYTES as usize + 1]).unwrap();
        File::create(at("sparse")).unwrap().set_len(10 << 30).unwrap();
        std::fs::remove_file(at("var/run/token/..2026_11_22/token")).unwrap();
        for (path, kind) in [
            ("/nowhere/token", Missing { at: "/nowhere".into() }),
            ("/var/run/token/token", Missing { at: "/var/run/token/..2026_11_22/token".into() }),
            ("/empty/token", NotADirectory { at: "/empty".into() }),
            ("/empty/", NotADirectory { at: "/empty".into() }),
            ("/empty/.", NotADirectory { at: "/empty".into() }),
            ("/empty/../empty", NotADirectory { at: "/empty".into() }),
            ("/slash", NotADirectory { at: "/empty".into() }),
            ("/var/run/token/", Directory),
            ("/out", Missing { at: "/outside".into() }),
            ("/loop", LinkLoop),
            ("/var/run/token", Directory),
            ("/fifo", Fifo),
            ("/socket", Socket),
            ("/empty", Empty),
            ("/large", TooLarge { bytes: MAX_TOKEN_BYTES + 1 }),
            ("/sparse", TooLarge { bytes: 10 << 30 }),
        ] {
            assert_eq!(fault(&root, path), kind, "{path}");
        }
        assert!(matches!(read(Path::new("/"), "/dev/zero"), Err(TokenFileFault { kind: Device, .. })));
    }
}
