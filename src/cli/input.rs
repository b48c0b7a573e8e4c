//! Documents that users name on the command line.

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
    let shown = path.to_string_lossy();
    let fault = |error: std::io::Error| format!("cannot read {shown}: {error}");
    let mut bytes = Vec::new();
    let source: &mut dyn Read =
        if path == "-" { &mut std::io::stdin().lock() } else { &mut File::open(path).map_err(fault)? };
    source.take(MAX_BYTES + 1).read_to_end(&mut bytes).map_err(fault)?;
    if bytes.len() as u64 > MAX_BYTES {
        return Err(format!("{shown} is larger than {} MiB", MAX_BYTES >> 20));
    }
    String::from_utf8(bytes).map_err(|_| format!("{shown} is not UTF-8 text"))
}
