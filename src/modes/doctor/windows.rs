//! What Unix and Windows do in different ways. Windows has no process groups: a command that is given up is killed, but
//! not what it started itself, such as the credential plugin of a kubectl. Nor has it modes: who may read a file is
//! inherited from the directory that holds it.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io;
use std::path::Path;
use tokio::process::{ChildStdout, Command};

/// The command is killed where its [`tokio::process::Child`] is dropped before it has ended.
pub(super) fn lead(command: &mut Command) {
    command.kill_on_drop(true);
}

/// See [`lead`].
pub(super) struct Group(pub Option<u32>);

impl Group {
    pub(super) fn ended(&mut self) {
        self.0 = None;
    }
}

/// The output of a command, for a thread that waits for it.
pub(super) fn file(stdout: ChildStdout) -> io::Result<File> {
    stdout.into_owned_handle().map(File::from)
}

pub(super) fn private_directory(path: &Path) -> io::Result<()> {
    DirBuilder::new().create(path)
}

pub(super) fn create(path: &Path) -> io::Result<File> {
    OpenOptions::new().write(true).create_new(true).open(path)
}
