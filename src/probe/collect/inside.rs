//! Opens files as a process sees them whose root directory is another, without ever leaving that root.

use nix::errno::Errno;
use nix::fcntl::{OFlag, OpenHow, ResolveFlag, openat2};
use nix::sys::stat::Mode;
use std::fs::File;
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

/// Opens `path` for reading. A FIFO is not waited for and no terminal taken; whether it is a regular file is the
/// caller's to see.
///
/// In another root the kernel itself resolves links as that root has them (`RESOLVE_IN_ROOT` of `openat2(2)`), so that
/// a link that changes meanwhile leads nowhere else either.
///
/// # Errors
/// The operating system's; `Unsupported` where it has no `openat2` and `root` is not this process's own.
pub fn open(root: &Path, path: &Path) -> io::Result<File> {
    open_with(root, path, OFlag::empty())
}

/// The same for a directory.
pub fn open_directory(root: &Path, path: &Path) -> io::Result<File> {
    open_with(root, path, OFlag::O_DIRECTORY)
}

fn open_with(root: &Path, path: &Path, more: OFlag) -> io::Result<File> {
    let flags = OFlag::O_NONBLOCK | OFlag::O_NOCTTY | more;
    if root == Path::new("/") {
        return std::fs::OpenOptions::new().read(true).custom_flags(flags.bits()).open(path);
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
            open(&root, Path::new(path))?.read_to_string(&mut text)?;
            io::Result::Ok(text)
        };
        for path in ["/etc/absolute", "/etc/upwards", "/../secret", "/etc/pki/../../../secret"] {
            assert_eq!(read(path).unwrap(), "inside", "{path}");
        }
        assert_eq!(read("/etc/out").unwrap_err().kind(), io::ErrorKind::NotFound);
        assert!(open_directory(&root, Path::new("/secret")).is_err());
    }
}
