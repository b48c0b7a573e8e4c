//! Documents that users name on the command line.

use crate::modes::doctor::QUESTION;
use crate::probe::rootfs;
use std::borrow::Cow;
use std::ffi::{OsStr, OsString};
use std::io::{self, Read};
use std::path::Path;

/// What a command reads whole: a policy or a pod is far smaller.
const MAX_BYTES: u64 = 8 << 20;

/// The text of a file, or of standard input for `-`.
///
/// # Errors
/// A sentence for the user.
pub(super) fn read(path: &OsStr) -> Result<String, String> {
    let shown = name(path);
    let mut bytes = Vec::new();
    open(path)?.take(MAX_BYTES + 1).read_to_end(&mut bytes).map_err(|error| cannot_read(path, &error))?;
    if bytes.len() as u64 > MAX_BYTES {
        return Err(format!("{shown} is larger than {} MiB", MAX_BYTES >> 20));
    }
    String::from_utf8(bytes).map_err(|_| format!("{shown} is not UTF-8 text"))
}

/// Opens a file, or standard input for `-`. What it reads is UTF-8 also where PowerShell has written UTF-16.
///
/// # Errors
/// A sentence for the user.
pub(super) fn open(path: &OsStr) -> Result<Box<dyn Read>, String> {
    let source = if path == "-" { Ok(Box::new(io::stdin().lock()) as Box<dyn Read>) } else { file(Path::new(path)) };
    source.and_then(narrow).map_err(|error| cannot_read(path, &error))
}

/// How long a file is; nothing where only reading it shows that.
pub(super) fn length(path: &OsStr) -> u64 {
    std::fs::metadata(path).map_or(0, |metadata| metadata.len())
}

/// The files that `doctor --save` wrote into a directory, in the order of their names, or the file itself.
///
/// # Errors
/// A sentence for the user.
pub(super) fn files(path: &OsStr) -> Result<Vec<OsString>, String> {
    if path == "-" || !Path::new(path).join(QUESTION).is_file() {
        return Ok(vec![path.to_owned()]);
    }
    let entries = std::fs::read_dir(path).and_then(Iterator::collect::<io::Result<Vec<_>>>);
    let entries = entries.map_err(|error| cannot_read(path, &error))?;
    let mut files: Vec<OsString> = entries.into_iter().map(|entry| entry.path().into_os_string()).collect();
    files.sort();
    Ok(files)
}

pub(super) fn cannot_read(path: &OsStr, error: &io::Error) -> String {
    format!("cannot read {}: {error}", name(path))
}

/// What a file is called in sentences.
pub(super) fn name(path: &OsStr) -> Cow<'_, str> {
    if path == "-" { "standard input".into() } else { path.to_string_lossy() }
}

fn file(path: &Path) -> io::Result<Box<dyn Read>> {
    let file = match is_handed_over(path) {
        true => rootfs::open_handed_over(path),
        false => rootfs::open_regular(Path::new("/"), path),
    };
    Ok(Box::new(file?))
}

/// A descriptor that the caller holds open for this program, as a shell does for `<(kubectl get pods -o json)`. It is
/// read to its end as standard input is.
fn is_handed_over(path: &Path) -> bool {
    path == Path::new("/dev/stdin") || path.parent() == Some(Path::new("/dev/fd"))
}

/// UTF-16 begins with a mark, which also tells the order of its bytes.
fn narrow(mut source: Box<dyn Read>) -> io::Result<Box<dyn Read>> {
    let mut mark = Vec::new();
    source.by_ref().take(2).read_to_end(&mut mark)?;
    let order = match mark[..] {
        [0xff, 0xfe] => u16::from_le_bytes,
        [0xfe, 0xff] => u16::from_be_bytes,
        _ => return Ok(Box::new(io::Cursor::new(mark).chain(source))),
    };
    Ok(Box::new(Wide { source, order, raw: Vec::new(), text: Vec::new(), at: 0 }))
}

/// UTF-16 as UTF-8.
struct Wide {
    source: Box<dyn Read>,
    order: fn([u8; 2]) -> u16,
    /// What is not decoded yet.
    raw: Vec<u8>,
    text: Vec<u8>,
    /// How much of `text` was read.
    at: usize,
}

impl Wide {
    /// Decodes what comes next, all but the first half of a pair; false at the end.
    fn decode(&mut self) -> io::Result<bool> {
        let fault = || io::Error::new(io::ErrorKind::InvalidData, "is neither UTF-8 nor UTF-16 text");
        let ended = self.source.by_ref().take(16 << 10).read_to_end(&mut self.raw)? == 0;
        let units: Vec<u16> = self.raw.as_chunks().0.iter().map(|pair| (self.order)(*pair)).collect();
        let half = units.last().is_some_and(|unit| (0xd800..0xdc00).contains(unit));
        let whole = units.len() - usize::from(half && !ended);
        let text = String::from_utf16(&units[..whole]).map_err(|_| fault())?;
        self.raw.drain(..whole * 2);
        if ended && !self.raw.is_empty() {
            return Err(fault());
        }
        (self.text, self.at) = (text.into_bytes(), 0);
        Ok(!ended)
    }
}

impl Read for Wide {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.at == self.text.len() && self.decode()? {}
        let read = (&self.text[self.at..]).read(buffer)?;
        self.at += read;
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(bytes: &[u8]) -> io::Result<String> {
        io::read_to_string(narrow(Box::new(io::Cursor::new(bytes.to_vec())))?)
    }

    #[test]
    fn text_of_either_width_is_read() {
        for bytes in [&b"{\xc3\xbc"[..], b"\xff\xfe{\0\xfc\0", b"\xfe\xff\0{\0\xfc"] {
            assert_eq!(text(bytes).unwrap(), "{\u{fc}");
        }
        let long = "\u{fc}\u{1f600}x".repeat(20_000);
        let wide: Vec<u8> = "\u{feff}".encode_utf16().chain(long.encode_utf16()).flat_map(u16::to_le_bytes).collect();
        assert_eq!(text(&wide).unwrap(), long);
        for bytes in [&b"\xff"[..], b"\xff\xfe\0\xd8", b"\xff\xfe{\0x"] {
            assert!(text(bytes).is_err(), "{bytes:?}");
        }
    }
}
