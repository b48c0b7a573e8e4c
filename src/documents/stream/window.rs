//! The part of a text that was read and not used yet.

use memchr::{memchr, memchr_iter};
use std::io::{self, Read};

/// The size of one read in bytes.
pub(super) const CHUNK: usize = 64 << 10;

pub(super) struct Window<'r> {
    source: &'r mut dyn Read,
    bytes: Vec<u8>,
    /// The number of `bytes` that are used.
    at: usize,
    /// The number of lines before the rest.
    pub lines: usize,
    ended: bool,
    fault: Option<io::Error>,
}

impl<'r> Window<'r> {
    pub(super) fn new(source: &'r mut dyn Read) -> Self {
        Window { source, bytes: Vec::new(), at: 0, lines: 0, ended: false, fault: None }
    }

    /// # Errors
    /// The text could not be read to its end.
    pub(super) fn end(self) -> io::Result<()> {
        self.fault.map_or(Ok(()), Err)
    }

    /// The part that was read and not used.
    pub(super) fn rest(&self) -> &[u8] {
        &self.bytes[self.at..]
    }

    /// Reads more. Returns false at the end.
    pub(super) fn more(&mut self) -> bool {
        // Each byte is moved no more than once for each byte that is used.
        if self.at > CHUNK && self.at > self.bytes.len() / 2 {
            self.bytes.drain(..self.at);
            self.at = 0;
        }
        if !self.ended {
            let before = self.bytes.len();
            let read = self.source.take(CHUNK as u64).read_to_end(&mut self.bytes);
            self.fault = read.err();
            self.ended = self.fault.is_some() || self.bytes.len() == before;
        }
        !self.ended
    }

    pub(super) fn byte(&mut self, place: usize) -> Option<u8> {
        while self.rest().len() <= place {
            if !self.more() {
                return None;
            }
        }
        Some(self.bytes[self.at + place])
    }

    /// The end of the line that contains `from`, after its line feed. At most the end of the text, or `limit` bytes and one
    /// read.
    pub(super) fn end_of_line(&mut self, from: usize, limit: usize) -> usize {
        let mut searched = from;
        loop {
            let rest = self.rest();
            let end = rest.len();
            match rest.get(searched..).and_then(|rest| memchr(b'\n', rest)) {
                Some(length) => return searched + length + 1,
                None if end >= from + limit || !self.more() => return end,
                None => searched = end,
            }
        }
    }

    pub(super) fn take(&mut self, length: usize) {
        let end = self.bytes.len().min(self.at + length);
        self.lines += memchr_iter(b'\n', &self.bytes[self.at..end]).count();
        self.at = end;
    }

    /// Skips blank lines. Leading blanks of the first word remain, because YAML needs them.
    pub(super) fn take_blank_lines(&mut self) {
        let mut place = 0;
        while let Some(byte) = self.byte(place).filter(u8::is_ascii_whitespace) {
            place += 1;
            if byte == b'\n' || place > CHUNK {
                self.take(place);
                place = 0;
            }
        }
        if self.rest().len() == place {
            self.take(place);
        }
    }
}
