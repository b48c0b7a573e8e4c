//! Opens and reads the token file as an SDK does, but bounded and without ever waiting.

use super::{RawToken, inside};
use crate::evidence::{PathStep, PathStepKind, TokenFile, TokenFileFault, TokenFileFaultKind};
use std::collections::VecDeque;
use std::ffi::OsString;
use std::fs::File;
use std::io::{ErrorKind, Read};
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::{Component, Path, PathBuf};

/// Larger files are not read. STS takes 20,000 characters (`WebIdentityToken` in its API reference).
pub const MAX_TOKEN_BYTES: u64 = 64 * 1024;

/// As many links as Linux follows (`path_resolution(7)`).
const MAX_LINKS: usize = 40;

/// Reads the file that `path` names for a process whose root directory is `root`.
///
/// # Errors
/// Says which entry of the way is missing or refused, or what the file is instead of a token file.
pub fn read(root: &Path, path: &str) -> Result<(TokenFile, RawToken), TokenFileFault> {
    let fault = |walk, kind| TokenFileFault { path: path.to_owned(), walk, kind };
    if !path.starts_with('/') {
        return Err(fault(Vec::new(), TokenFileFaultKind::NotAbsolute));
    }
    let Walk { steps, end } = walk(root, Path::new(path));
    let found = match end {
        Ok(found) => found,
        Err(kind) => return Err(fault(steps, kind)),
    };
    match open_and_read(root, &found, path) {
        Ok(content) => {
            Ok((TokenFile { path: path.to_owned(), bytes: content.len() as u64, walk: steps }, RawToken::new(content)))
        }
        Err(kind) => Err(fault(steps, kind)),
    }
}

fn open_and_read(root: &Path, found: &Path, path: &str) -> Result<Vec<u8>, TokenFileFaultKind> {
    // The walk saw a regular file, but it may have been swapped since: so no waiting for a FIFO's writer here.
    let file = inside::open(root, found).map_err(|e| os_fault(&e, path))?;
    let length = regular_file_length(&file)?;
    if length > MAX_TOKEN_BYTES {
        return Err(TokenFileFaultKind::TooLarge { bytes: length });
    }
    let mut content = Vec::new();
    file.take(MAX_TOKEN_BYTES + 1).read_to_end(&mut content).map_err(|e| os_fault(&e, path))?;
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
        ErrorKind::NotFound | ErrorKind::NotADirectory => TokenFileFaultKind::Missing { at: at.to_owned() },
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

/// The way to a file, entry by entry.
struct Walk {
    steps: Vec<PathStep>,
    /// Where the file is below the root, links resolved; or what ended the way.
    end: Result<PathBuf, TokenFileFaultKind>,
}

/// Follows `path` inside `root` as the kernel would for a process with that root: a link's absolute target starts at
/// `root` again, and `..` never leaves it.
fn walk(root: &Path, path: &Path) -> Walk {
    let mut steps = Vec::new();
    let end = follow(root, path, &mut steps);
    Walk { steps, end }
}

fn follow(root: &Path, path: &Path, steps: &mut Vec<PathStep>) -> Result<PathBuf, TokenFileFaultKind> {
    let mut left: VecDeque<OsString> = names(path);
    let mut inside = PathBuf::from("/");
    let mut links = 0;
    while let Some(name) = left.pop_front() {
        if name == ".." {
            inside.pop();
            continue;
        }
        let parent = inside.clone();
        inside.push(&name);
        let shown = inside.to_string_lossy().into_owned();
        let real = below(root, &inside);
        let metadata = real.symlink_metadata().map_err(|error| match error.kind() {
            // To look at an entry takes search permission on the directory that holds it.
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
    match steps.last().and_then(|step| not_a_file(step.kind)) {
        Some(fault) => Err(fault),
        None => Ok(inside),
    }
}

fn names(path: &Path) -> VecDeque<OsString> {
    path.components()
        .filter_map(|component| match component {
            Component::Normal(name) => Some(name.to_owned()),
            Component::ParentDir => Some("..".into()),
            Component::RootDir | Component::CurDir | Component::Prefix(_) => None,
        })
        .collect()
}

fn below(root: &Path, inside: &Path) -> PathBuf {
    root.join(inside.strip_prefix("/").unwrap_or(inside))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;
    use tempfile::TempDir;

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
    fn a_projected_token_is_read_and_its_way_remembered() {
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
    fn whatever_is_no_token_file_is_told_apart_without_waiting() {
        use TokenFileFaultKind::*;
        let root = projected();
        let at = |name: &str| root.path().join(name);
        symlink("/loop", at("loop")).unwrap();
        symlink("/../../outside", at("out")).unwrap();
        nix::unistd::mkfifo(&at("fifo"), nix::sys::stat::Mode::S_IRWXU).unwrap();
        let _socket = std::os::unix::net::UnixListener::bind(at("socket")).unwrap();
        std::fs::write(at("empty"), "").unwrap();
        std::fs::write(at("large"), vec![b'x'; MAX_TOKEN_BYTES as usize + 1]).unwrap();
        File::create(at("sparse")).unwrap().set_len(10 << 30).unwrap();
        std::fs::remove_file(at("var/run/token/..2026_11_22/token")).unwrap();
        for (path, kind) in [
            ("token", NotAbsolute),
            (r"C:\var\run\secrets\token", NotAbsolute),
            ("/nowhere/token", Missing { at: "/nowhere".into() }),
            ("/var/run/token/token", Missing { at: "/var/run/token/..2026_11_22/token".into() }),
            ("/empty/token", Missing { at: "/empty/token".into() }),
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
