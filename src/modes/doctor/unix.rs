//! What Unix and Windows do in different ways: commands that are killed with all that they started, and private files.

use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;
use std::fs::{DirBuilder, File, OpenOptions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;
use tokio::process::{ChildStdout, Command};

/// Gives the command a process group of its own.
pub(super) fn lead(command: &mut Command) {
    command.process_group(0);
}

/// The process group of a command, until it has ended: dropped before, it is killed with all the processes it started.
pub(super) struct Group(pub Option<u32>);

impl Group {
    pub(super) fn ended(&mut self) {
        self.0 = None;
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        if let Some(id) = self.0.and_then(|id| i32::try_from(id).ok()) {
            let _ = killpg(Pid::from_raw(id), Signal::SIGKILL);
        }
    }
}

/// The output of a command, for a thread that waits for it.
pub(super) fn file(stdout: ChildStdout) -> io::Result<File> {
    stdout.into_owned_fd().map(File::from)
}

/// Creates a directory for this user alone.
pub(super) fn private_directory(path: &Path) -> io::Result<()> {
    DirBuilder::new().mode(0o700).create(path)
}

/// Creates a file for this user alone.
pub(super) fn create(path: &Path) -> io::Result<File> {
    OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)
}
