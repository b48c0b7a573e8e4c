//! Where JSON values end.

use super::piece::MAX_BYTES;
use super::window::Window;
use memchr::memchr3;

/// The depth that serde_json parses.
const MAX_DEPTH: usize = 128;

/// Why a value was not read.
pub(super) enum Cut {
    /// It is not JSON, or cut off.
    Broken,
    /// It is JSON with a duplicate key or too many values, and ends there.
    Refused(usize),
    TooLarge,
}

impl Window<'_> {
    /// The next place that is not white space.
    pub(super) fn space(&mut self, mut place: usize) -> usize {
        while place <= MAX_BYTES && self.byte(place).is_some_and(|byte| byte.is_ascii_whitespace()) {
            place += 1;
        }
        place
    }

    pub(super) fn take_space(&mut self) {
        loop {
            let length = self.space(0);
            self.take(length);
            if length == 0 {
                return;
            }
        }
    }

    /// Where the value at `from` ends, by its brackets and quotes.
    pub(super) fn end_of_value(&mut self, from: usize) -> Result<usize, Cut> {
        let mut place = from;
        let mut depth = 0_usize;
        loop {
            match self.byte(place) {
                None => return Err(Cut::Broken),
                Some(b'"') => place = self.end_of_string(place + 1)?,
                Some(b'{' | b'[') => {
                    depth += 1;
                    place += 1;
                }
                Some(b'}' | b']') if depth > 0 => {
                    depth -= 1;
                    place += 1;
                }
                Some(_) if depth == 0 => return self.end_of_word(place),
                Some(_) => place += 1,
            }
            if depth == 0 {
                return Ok(place);
            }
            if depth > MAX_DEPTH {
                return Err(Cut::Broken);
            }
            if place > MAX_BYTES {
                return Err(Cut::TooLarge);
            }
        }
    }

    /// A JSON string has no line feed.
    fn end_of_string(&mut self, from: usize) -> Result<usize, Cut> {
        let mut place = from;
        loop {
            // Fills the window.
            if self.byte(place).is_none() {
                return Err(Cut::Broken);
            }
            let rest = self.rest();
            match memchr3(b'"', b'\\', b'\n', &rest[place..]) {
                None => place = rest.len(),
                Some(length) => match rest[place + length] {
                    b'"' => return Ok(place + length + 1),
                    b'\\' => place += length + 2,
                    _ => return Err(Cut::Broken),
                },
            }
            if place > MAX_BYTES {
                return Err(Cut::TooLarge);
            }
        }
    }

    /// A number, `true`, `false` or `null`.
    fn end_of_word(&mut self, from: usize) -> Result<usize, Cut> {
        let mut place = from;
        while let Some(byte) = self.byte(place)
            && !matches!(byte, b',' | b']' | b'}' | b':' | b'"' | b'{' | b'[')
            && !byte.is_ascii_whitespace()
        {
            place += 1;
            if place > MAX_BYTES {
                return Err(Cut::TooLarge);
            }
        }
        if place > from { Ok(place) } else { Err(Cut::Broken) }
    }
}
