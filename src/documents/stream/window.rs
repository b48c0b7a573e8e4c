//! What was read of a text and not used yet.

use memchr::{memchr, memchr_iter};
use std::io::{self, Read};

/// How much is read at once.
pub(super) const CHUNK: usize = 64 << 10;

pub(super) struct Window<'r> {
    source: &'r mut dyn Read,
    bytes: Vec<u8>,
    /// How many of `bytes` are used.
    at: usize,
    /// How many lines end before what is left.
    pub lines: usize,
    ended: bool,
    fault: Option<io::Error>,
}

impl<'r> Window<'r> {
    pub fn new(source: &'r mut dyn Read) -> Self {
        Window { source, bytes: Vec::new(), at: 0, lines: 0, ended: false, fault: None }
    }

    /// # Errors
    /// What kept the text from being read to its end.
    pub fn end(self) -> io::Result<()> {
        self.fault.map_or(Ok(()), Err)
    }

    /// What is left, as far as it was read.
    pub fn rest(&self) -> &[u8] {
        &self.bytes[self.at..]
    }

    /// Reads on; false at the end.
    pub fn more(&mut self) -> bool {
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

    pub fn byte(&mut self, place: usize) -> Option<u8> {
        while self.rest().len() <= place {
            if !self.more() {
                return None;
            }
        }
        Some(self.bytes[self.at + place])
    }

    /// Where the line ends that `from` is in, behind its line feed; where the text ends, or a line is longer than `limit`,
    /// no further.
    pub fn end_of_line(&mut self, from: usize, limit: usize) -> usize {
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

    pub fn take(&mut self, length: usize) {
        let end = self.bytes.len().min(self.at + length);
        self.lines += memchr_iter(b'\n', &self.bytes[self.at..end]).count();
        self.at = end;
    }

    /// Takes blank lines. Blanks before the first word stay: in YAML they count.
    pub fn take_blank_lines(&mut self) {
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
