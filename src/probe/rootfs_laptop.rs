//! [`crate::probe::rootfs`] outside Linux, where only the user's own paths are opened: no other root, and no `openat2`.
#![allow(clippy::disallowed_methods, reason = "this is where files are opened")]

use std::fs::{self, File};
use std::io;
use std::path::Path;

/// Opens a regular file for reading.
///
/// # Errors
/// The operating system's error, or that it is not a regular file.
pub(crate) fn open_regular(_: &Path, path: &Path) -> io::Result<File> {
    // Before it is opened: an open of a FIFO waits for its writer.
    match fs::metadata(path)?.is_file() {
        true => File::open(path),
        false => Err(io::Error::new(io::ErrorKind::InvalidInput, "is not a regular file")),
    }
}

/// Opens a descriptor that the caller holds open for this program.
///
/// # Errors
/// The operating system's.
pub(crate) fn open_handed_over(path: &Path) -> io::Result<File> {
    File::open(path)
}
