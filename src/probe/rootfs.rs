//! Opens configured paths under a process's root directory, as that process sees them. An open never leaves that root
//! and never blocks. A FIFO, a socket, a device or a directory is an error.
#![cfg_attr(test, allow(clippy::disallowed_methods, reason = "these are files"))]

use nix::errno::Errno;
use nix::fcntl::{FcntlArg, OFlag, OpenHow, ResolveFlag, fcntl, openat2};
use nix::sys::stat::Mode;
use std::fs::{File, FileType, OpenOptions};
use std::io;
use std::os::unix::fs::{FileTypeExt, OpenOptionsExt};
use std::path::Path;

/// Opens a regular file for reading.
///
/// # Errors
/// The operating system's error, or the kind of file if it is not a regular one.
pub(crate) fn open_regular(root: &Path, path: &Path) -> io::Result<File> {
    open(root, path).and_then(regular).map_err(|error| no_file(error, root, path))
}

/// Opens a regular file of this process's own root for writing over what it holds.
///
/// # Errors
/// The operating system's error, or the kind of file if it is not a regular one.
pub(crate) fn replace_regular(path: &Path, create: bool) -> io::Result<File> {
    let mut options = OpenOptions::new();
    // A FIFO without a reader gives ENXIO. The file is truncated only once it is known to be a regular one.
    options.write(true).create(create).truncate(false).custom_flags((OFlag::O_NONBLOCK | OFlag::O_NOCTTY).bits());
    let opened = options.open(path).and_then(regular);
    let file = opened.map_err(|error| no_file(error, Path::new("/"), path))?;
    file.set_len(0)?;
    Ok(file)
}

/// The kernel does not open a socket, but the error should name it.
fn no_file(error: io::Error, root: &Path, path: &Path) -> io::Error {
    let kind = match error.raw_os_error().map(Errno::from_raw) {
        Some(Errno::ENXIO) if root == Path::new("/") => path.metadata().map(|metadata| metadata.file_type()),
        _ => return error,
    };
    kind.map_or(error, not_regular)
}

fn not_regular(kind: FileType) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, format!("is {}, not a regular file", named(kind)))
}

fn regular(file: File) -> io::Result<File> {
    match file.metadata()?.file_type() {
        kind if kind.is_file() => Ok(file),
        kind => Err(not_regular(kind)),
    }
}

fn named(kind: FileType) -> &'static str {
    if kind.is_dir() {
        "a directory"
    } else if kind.is_fifo() {
        "a FIFO"
    } else if kind.is_socket() {
        "a socket"
    } else {
        "a device"
    }
}

/// Opens `path` for reading. A FIFO is not waited for and no terminal taken; whether it is a regular file is the
/// caller's to see.
///
/// In another root the kernel itself resolves links as that root has them (`RESOLVE_IN_ROOT` of `openat2(2)`), so that
/// a link that changes meanwhile leads nowhere else either.
///
/// # Errors
/// The operating system's; `Unsupported` where it has no `openat2` and `root` is not this process's own.
pub(crate) fn open(root: &Path, path: &Path) -> io::Result<File> {
    open_with(root, path, OFlag::empty())
}

/// Opens a descriptor that the caller holds open for this program, to be read to its end.
///
/// # Errors
/// The operating system's.
pub(crate) fn open_handed_over(path: &Path) -> io::Result<File> {
    let file = open(Path::new("/"), path)?;
    // Opened without waiting; what its writer has not written yet is waited for.
    fcntl(&file, FcntlArg::F_SETFL(OFlag::empty()))?;
    Ok(file)
}

/// Opens a directory for reading.
pub(crate) fn open_directory(root: &Path, path: &Path) -> io::Result<File> {
    open_with(root, path, OFlag::O_DIRECTORY)
}

fn open_with(root: &Path, path: &Path, more: OFlag) -> io::Result<File> {
    let flags = OFlag::O_NONBLOCK | OFlag::O_NOCTTY | more;
    if root == Path::new("/") {
        return OpenOptions::new().read(true).custom_flags(flags.bits()).open(path);
    }
    let directory = OFlag::O_PATH | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC;
    let root = nix::fcntl::open(root, directory, Mode::empty())?;
    let how = OpenHow::new().flags(flags | OFlag::O_CLOEXEC).resolve(ResolveFlag::RESOLVE_IN_ROOT);
    match openat2(&root, path, how) {
        Ok(file) => Ok(File::from(file)),
        Err(Errno::ENOSYS) => Err(io::ErrorKind::Unsupported.into()),
        Err(error) => Err(error.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read;
    use std::os::unix::fs::symlink;

    #[test]
    fn links_stay_inside_the_root() {
        let world = tempfile::tempdir().unwrap();
        let root = world.path().join("root");
        std::fs::create_dir_all(root.join("etc/pki")).unwrap();
        std::fs::write(world.path().join("secret"), "outside").unwrap();
        std::fs::write(root.join("etc/pki/bundle"), "inside").unwrap();
        std::fs::write(root.join("secret"), "inside").unwrap();
        symlink("/etc/pki/bundle", root.join("etc/absolute")).unwrap();
        symlink("../../../../secret", root.join("etc/upwards")).unwrap();
        symlink(world.path().join("secret"), root.join("etc/out")).unwrap();
        let read = |path: &str| {
            let mut text = String::new();
            open_regular(&root, Path::new(path))?.read_to_string(&mut text)?;
            io::Result::Ok(text)
        };
        for path in ["/etc/absolute", "/etc/upwards", "/../secret", "/etc/pki/../../../secret"] {
            assert_eq!(read(path).unwrap(), "inside", "{path}");
        }
        assert_eq!(read("/etc/out").unwrap_err().kind(), io::ErrorKind::NotFound);
        assert!(open_directory(&root, Path::new("/secret")).is_err());
    }

    #[test]
    fn nothing_but_a_file_is_opened_for_either_purpose() {
        let world = tempfile::tempdir().unwrap();
        let at = |name: &str| world.path().join(name);
        nix::unistd::mkfifo(&at("fifo"), Mode::S_IRWXU).unwrap();
        // With a reader, the kernel lets a writer in at once.
        let _reader = open(Path::new("/"), &at("fifo")).unwrap();
        let _socket = std::os::unix::net::UnixListener::bind(at("socket")).unwrap();
        std::fs::write(at("file"), "before").unwrap();
        for (path, said) in [
            (at("fifo"), "a FIFO"),
            (at("socket"), "a socket"),
            ("/dev/zero".into(), "a device"),
            (world.path().into(), "directory"),
        ] {
            for error in [open_regular(Path::new("/"), &path).unwrap_err(), replace_regular(&path, true).unwrap_err()] {
                assert!(error.to_string().to_lowercase().contains(&said.to_lowercase()), "{path:?}: {error}");
            }
        }
        drop(replace_regular(&at("file"), false).unwrap());
        assert_eq!(std::fs::read_to_string(at("file")).unwrap(), "");
        assert_eq!(replace_regular(&at("none"), false).unwrap_err().kind(), io::ErrorKind::NotFound);
    }
}
