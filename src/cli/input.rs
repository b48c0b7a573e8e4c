//! Documents that users name on the command line.

use std::borrow::Cow;
use std::ffi::OsStr;
use std::fs::File;
use std::io::Read;

/// Everything a cluster says of its pods fits; an endless pipe does not.
const MAX_BYTES: u64 = 64 << 20;

/// The text of a file, or of standard input for `-`.
///
/// # Errors
/// A sentence for the user.
pub fn read(path: &OsStr) -> Result<String, String> {
    let shown = name(path);
    let fault = |error: std::io::Error| format!("cannot read {shown}: {error}");
    let mut bytes = Vec::new();
    let source: &mut dyn Read =
        if path == "-" { &mut std::io::stdin().lock() } else { &mut File::open(path).map_err(fault)? };
    source.take(MAX_BYTES + 1).read_to_end(&mut bytes).map_err(fault)?;
    if bytes.len() as u64 > MAX_BYTES {
        return Err(format!("{shown} is larger than {} MiB", MAX_BYTES >> 20));
    }
    text(bytes).ok_or_else(|| format!("{shown} is not UTF-8 text"))
}

/// What a file is called in sentences.
pub fn name(path: &OsStr) -> Cow<'_, str> {
    if path == "-" { "standard input".into() } else { path.to_string_lossy() }
}

/// UTF-8, or UTF-16 as PowerShell writes what it redirects into a file.
fn text(bytes: Vec<u8>) -> Option<String> {
    let wide =
        |order: fn([u8; 2]) -> u16| -> Vec<u16> { bytes[2..].as_chunks().0.iter().map(|pair| order(*pair)).collect() };
    match bytes.get(..2) {
        Some([0xff, 0xfe]) => String::from_utf16(&wide(u16::from_le_bytes)).ok(),
        Some([0xfe, 0xff]) => String::from_utf16(&wide(u16::from_be_bytes)).ok(),
        _ => String::from_utf8(bytes).ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_of_either_width_is_read() {
        for bytes in [&b"{\xc3\xbc"[..], b"\xff\xfe{\0\xfc\0", b"\xfe\xff\0{\0\xfc"] {
            assert_eq!(text(bytes.to_vec()).as_deref(), Some("{\u{fc}"));
        }
        assert_eq!(text(b"\xff".to_vec()), None);
        assert_eq!(text(b"\xff\xfe\0\xd8".to_vec()), None);
    }
}
