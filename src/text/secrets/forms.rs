//! The encodings in which a text may hold a secret. Each is undone, and every byte that comes out still knows which part
//! of the text stands for it.

use super::{SHORTEST, Whose, is_special};
use crate::text::printable::is_unprintable;
use std::ops::Range;

/// A text in one of its readings. White space and what cannot be printed are left out: they may split a secret.
#[derive(Default)]
pub(super) struct Stream {
    pub(super) bytes: Vec<u8>,
    spans: Vec<(u32, u32)>,
}

/// What an escape stands for.
enum Piece {
    Char(char),
    /// A part of a character, as URL-encoding has it.
    Byte(u8),
}

/// An escape at the beginning of these bytes, and its length.
type Escape = fn(&[u8]) -> Option<(Piece, usize)>;

impl Stream {
    /// The text without a change.
    pub(super) fn plain(text: &str) -> Stream {
        Stream::read(text, |_| None)
    }

    /// The strings of a JSON text: an escape is one byte, so what is left after hiding is still JSON.
    pub(super) fn json(text: &str) -> Stream {
        Stream::read(text, backslash)
    }

    /// The text of an HTML page.
    pub(super) fn html(text: &str) -> Stream {
        Stream::read(text, reference)
    }

    fn read(text: &str, escape: Escape) -> Stream {
        let mut stream = Stream { bytes: Vec::with_capacity(text.len()), spans: Vec::with_capacity(text.len()) };
        let mut at = 0;
        while let Some(byte) = text.as_bytes().get(at) {
            // Nearly all of nearly every text.
            if matches!(byte, b'!'..=b'~') && !is_special(*byte) {
                stream.bytes.push(*byte);
                stream.spans.push((at as u32, at as u32 + 1));
                at += 1;
                continue;
            }
            let Some(c) = text[at..].chars().next() else { break };
            let (piece, length) = escape(&text.as_bytes()[at..]).unwrap_or((Piece::Char(c), c.len_utf8()));
            // What an escape covers is ASCII, so this is a boundary of characters.
            stream.push(piece, (at as u32, (at + length) as u32));
            at += length;
        }
        stream
    }

    fn push(&mut self, piece: Piece, span: (u32, u32)) {
        let mut buffer = [0; 4];
        let bytes = match piece {
            Piece::Char(c) if c.is_whitespace() || is_unprintable(c) || c == char::REPLACEMENT_CHARACTER => return,
            Piece::Char(c) => c.encode_utf8(&mut buffer).as_bytes(),
            Piece::Byte(byte) => {
                buffer[0] = byte;
                &buffer[..1]
            }
        };
        self.bytes.extend_from_slice(bytes);
        self.spans.extend(bytes.iter().map(|_| span));
    }

    /// The part of the text that these bytes stand for.
    pub(super) fn source(&self, bytes: &Range<usize>) -> Range<usize> {
        self.spans[bytes.start].0 as usize..self.spans[bytes.end - 1].1 as usize
    }

    /// Whether these bytes stand by themselves: no letter or digit touches them.
    pub(super) fn is_apart(&self, bytes: &Range<usize>) -> bool {
        let touches = |one: usize, other: usize, neighbour: usize| {
            self.spans[one].1 == self.spans[other].0 && self.bytes[neighbour].is_ascii_alphanumeric()
        };
        let Range { start, end } = *bytes;
        let before = start > 0 && touches(start - 1, start, start - 1);
        let behind = end < self.bytes.len() && touches(end - 1, end, end);
        !before && !behind
    }

    /// Without URL-encoding, HTML's character references and the escapes of strings; `None` if there is nothing of it.
    pub(super) fn unescaped(&self) -> Option<Stream> {
        memchr::memchr3(b'%', b'&', b'\\', &self.bytes)?;
        let mut stream = Stream::default();
        let mut at = 0;
        while at < self.bytes.len() {
            let rest = &self.bytes[at..];
            let escape = percent(rest).or_else(|| reference(rest)).or_else(|| backslash(rest));
            let (piece, length) = escape.unwrap_or((Piece::Byte(rest[0]), 1));
            stream.push(piece, (self.spans[at].0, self.spans[at + length - 1].1));
            at += length;
        }
        (stream.bytes.len() < self.bytes.len()).then_some(stream)
    }

    /// What its hexadecimal digits stand for, wherever that is text.
    pub(super) fn unhexed(&self, whose: Whose) -> Vec<Stream> {
        let mut texts = Texts::default();
        for run in self.runs(whose, 2, |byte| byte.is_ascii_hexdigit()) {
            // A letter in front of the first digit may be one itself.
            for phase in 0..2 {
                for at in (run.start + phase..run.end - 1).step_by(2) {
                    texts.add(digit(self.bytes[at]) << 4 | digit(self.bytes[at + 1]), self.span(at, at + 1));
                }
                texts.end();
            }
        }
        texts.ended
    }

    /// What its base64 stands for, in either alphabet (RFC 4648, sections 4 and 5), wherever that is text.
    pub(super) fn unbased(&self, whose: Whose) -> Vec<Stream> {
        let mut texts = Texts::default();
        for run in self.runs(whose, 1, |byte| sextet(byte).is_some()) {
            // Base64 of a secret has a capital letter, but for one in 100,000; our own long words have none.
            if !self.bytes[run.clone()].iter().any(u8::is_ascii_uppercase) {
                continue;
            }
            let sextets: Vec<u8> = self.bytes[run.clone()].iter().filter_map(|byte| sextet(*byte)).collect();
            // It may begin behind letters that are not of it, so at any place of a group of four.
            for phase in 0..4 {
                for (at, pair) in sextets.windows(2).enumerate().skip(phase) {
                    let byte = match (at - phase) % 4 {
                        0 => pair[0] << 2 | pair[1] >> 4,
                        1 => pair[0] << 4 | pair[1] >> 2,
                        2 => pair[0] << 6 | pair[1],
                        _ => continue,
                    };
                    texts.add(byte, self.span(run.start + at, run.start + at + 1));
                }
                texts.end();
            }
        }
        texts.ended
    }

    /// The longest runs of such bytes that are long enough for a secret, with so many of them to a byte of it. In a text
    /// of our own, words are not joined to one: all its sentences would have to be decoded.
    fn runs(&self, whose: Whose, to_a_byte: usize, is_one: fn(u8) -> bool) -> Vec<Range<usize>> {
        let (mut runs, mut start) = (Vec::new(), 0);
        for at in 0..=self.bytes.len() {
            let is_in = self.bytes.get(at).is_some_and(|byte| is_one(*byte));
            let joins = |at: usize| at == start || whose == Whose::Theirs || self.spans[at - 1].1 == self.spans[at].0;
            if is_in && joins(at) {
                continue;
            }
            if at - start >= to_a_byte * whose.shortest() {
                runs.push(start..at);
            }
            start = if is_in { at } else { at + 1 };
        }
        runs
    }

    fn span(&self, first: usize, last: usize) -> (u32, u32) {
        (self.spans[first].0, self.spans[last].1)
    }
}

/// Decoded bytes as they come, and of them the stretches that are text.
#[derive(Default)]
struct Texts {
    ended: Vec<Stream>,
    begun: Stream,
}

impl Texts {
    fn add(&mut self, byte: u8, span: (u32, u32)) {
        match byte {
            b'!'..=b'~' => self.begun.push(Piece::Byte(byte), span),
            b'\t' | b'\n' | b'\r' | b' ' => {}
            _ => self.end(),
        }
    }

    fn end(&mut self) {
        if self.begun.bytes.len() >= SHORTEST {
            self.ended.push(std::mem::take(&mut self.begun));
        } else {
            self.begun.bytes.clear();
            self.begun.spans.clear();
        }
    }
}

/// `%2B` (RFC 3986, section 2.1).
fn percent(text: &[u8]) -> Option<(Piece, usize)> {
    match text {
        [b'%', high, low, ..] if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() => {
            let byte = digit(*high) << 4 | digit(*low);
            Some((if byte.is_ascii() { Piece::Char(byte.into()) } else { Piece::Byte(byte) }, 3))
        }
        _ => None,
    }
}

/// `&#43;`, `&#x2b;`, `&plus;`: the names of those characters that passwords, keys and tokens hold.
fn reference(text: &[u8]) -> Option<(Piece, usize)> {
    let rest = text.strip_prefix(b"&")?;
    let name = std::str::from_utf8(&rest[..memchr::memchr(b';', &rest[..rest.len().min(10)])?]).ok()?;
    let c = match name.strip_prefix('#') {
        Some(number) => scalar(match number.strip_prefix(['x', 'X']) {
            Some(digits) => u32::from_str_radix(digits, 16),
            None => number.parse(),
        }),
        None => match name {
            "amp" => Some('&'),
            "lt" => Some('<'),
            "gt" => Some('>'),
            "quot" => Some('"'),
            "apos" => Some('\''),
            "plus" => Some('+'),
            "sol" => Some('/'),
            "equals" => Some('='),
            "nbsp" => Some(' '),
            _ => None,
        },
    };
    Some((Piece::Char(c?), name.len() + 2))
}

/// `\n`, `\/`, `\x2b`, `\u002b`, `\u{2b}`: JSON's escapes (RFC 8259, section 7) and those of programming languages.
fn backslash(text: &[u8]) -> Option<(Piece, usize)> {
    let [b'\\', kind, rest @ ..] = text else { return None };
    let number = |digits: Option<&[u8]>| {
        let digits =
            std::str::from_utf8(digits?).ok().filter(|text| text.bytes().all(|byte| byte.is_ascii_hexdigit()))?;
        scalar(u32::from_str_radix(digits, 16))
    };
    let (c, length) = match kind {
        b'n' | b'r' | b't' | b'b' | b'f' | b'0' => ('\n', 2),
        b'\\' | b'/' | b'"' | b'\'' => (char::from(*kind), 2),
        b'x' => (number(rest.get(..2))?, 4),
        b'u' if rest.first() == Some(&b'{') => {
            let end = memchr::memchr(b'}', &rest[..rest.len().min(8)])?;
            (number(rest.get(1..end))?, end + 3)
        }
        b'u' => (number(rest.get(..4))?, 6),
        _ => return None,
    };
    Some((Piece::Char(c), length))
}

/// Half of a surrogate pair is no character, but an escape all the same.
fn scalar(number: Result<u32, std::num::ParseIntError>) -> Option<char> {
    number.ok().map(|number| char::from_u32(number).unwrap_or(char::REPLACEMENT_CHARACTER))
}

fn digit(byte: u8) -> u8 {
    match byte {
        b'0'..=b'9' => byte - b'0',
        byte => (byte | 0x20) - b'a' + 10,
    }
}

/// What a character of base64 stands for, of either alphabet.
pub(super) const fn sextet(byte: u8) -> Option<u8> {
    match byte {
        b'A'..=b'Z' => Some(byte - b'A'),
        b'a'..=b'z' => Some(byte - b'a' + 26),
        b'0'..=b'9' => Some(byte - b'0' + 52),
        b'+' | b'-' => Some(62),
        b'/' | b'_' => Some(63),
        _ => None,
    }
}
