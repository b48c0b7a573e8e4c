//! The text that is left, and where the next document begins.

use super::piece::{Lists, MAX_BYTES, Piece};
use super::window::Window;

/// How errors of kubectl and aws (versions 1 and 2) begin.
pub(super) const ERRORS: [&str; 3] =
    ["An error occurred (", "aws: [ERROR]: An error occurred (", "Error from server ("];

/// How warnings of kubectl begin.
pub(super) const WARNING: &str = "Warning: ";

pub(super) const NOT_UTF8: &str = "is not UTF-8 text";

pub(super) struct Stream<'s> {
    pub window: Window<'s>,
    pub lists: Lists,
    pub put: &'s mut dyn FnMut(Piece),
    /// The part of a broken JSON object that was already consumed.
    pub before: Vec<u8>,
}

impl Stream<'_> {
    pub(super) fn put(&mut self, piece: Piece) {
        (self.put)(piece);
    }

    pub(super) fn too_large(&mut self, lines_before: usize) {
        let (line, limit) = (lines_before + 1, MAX_BYTES >> 20);
        self.put(Piece::Fault(format!("contains a document larger than {limit} MiB in line {line}: it was left out")));
    }

    /// Where the next document begins, and whether this one is within the size limit.
    pub(super) fn end_of_block(&mut self) -> (usize, bool) {
        let mut end = self.window.end_of_line(0, MAX_BYTES);
        let mut boundary = Boundary::after(&self.window.rest()[..end]);
        while end <= MAX_BYTES {
            let line_end = self.window.end_of_line(end, MAX_BYTES);
            let line = &self.window.rest()[end..line_end];
            if line.is_empty() || boundary.is_crossed_by(line) {
                return (end, true);
            }
            end = line_end;
        }
        (end, false)
    }

    /// Skips so many bytes, then to the next document.
    pub(super) fn skip_to_boundary(&mut self, length: usize) {
        self.window.take(length);
        let mut boundary = Boundary::after(&[]);
        loop {
            let end = self.window.end_of_line(0, MAX_BYTES);
            if end == 0 || boundary.is_crossed_by(&self.window.rest()[..end]) {
                return;
            }
            self.window.take(end);
        }
    }
}

/// Whether, after the first line of a document, a line begins another one.
pub(super) struct Boundary {
    has_version: bool,
    /// The document is an error or warning of one line.
    is_message: bool,
}

impl Boundary {
    pub(super) fn after(first: &[u8]) -> Boundary {
        let first = first.trim_ascii_start();
        Boundary { has_version: first.starts_with(b"apiVersion:"), is_message: is_message(first) }
    }

    pub(super) fn is_crossed_by(&mut self, line: &[u8]) -> bool {
        let version = line.starts_with(b"apiVersion:");
        // Several commands write one after the other, without `---`.
        let again = version && self.has_version;
        self.has_version |= version;
        line.starts_with(b"{")
            || line.trim_ascii_end() == b"---"
            || line.starts_with(b"--- ")
            || is_message(line)
            || again
            || self.is_message && !line.trim_ascii().is_empty()
    }
}

fn is_message(line: &[u8]) -> bool {
    ERRORS.iter().chain([&WARNING]).any(|words| line.starts_with(words.as_bytes()))
}

/// A fault with the line in which the document begins.
pub(super) fn placed(why: String, lines: usize) -> String {
    match lines {
        0 => why,
        _ => format!("{why}, counted from line {}", lines + 1),
    }
}
