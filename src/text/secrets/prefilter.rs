//! A first pass over a rendered report, at a tenth of the cost of a search. Nearly always there is nothing to hide.

use super::forms::sextet;
use super::index::Index;
use super::{LONG, is_special};
use crate::text::printable::Notation;
use std::collections::BTreeSet;
use std::ops::Range;

/// What must be searched.
pub(super) enum Suspicious<'t> {
    /// Only these words, for what they may be an encoding of. The name of a session occurs several times.
    Words(BTreeSet<&'t str>),
    Whole,
}

/// Base64 of the shortest value that is hidden in a report; its hexadecimal digits are more.
const SHORTEST_WORD: usize = (LONG * 4).div_ceil(3);

/// Where an escape may begin, or a character that is more than one byte.
const SPECIAL: u8 = 0x7f;
/// A character of base64.
const WORD: u8 = 0x80;
/// The lower case of each byte, 0 for white space and control characters, and the marks above.
const CLASSES: [u8; 256] = {
    let mut classes = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        classes[byte] = match byte as u8 {
            0..=b' ' => 0,
            0x7f.. => SPECIAL,
            byte if is_special(byte) => SPECIAL,
            byte if sextet(byte).is_some() => WORD | byte.to_ascii_lowercase(),
            byte => byte,
        };
        byte += 1;
    }
    classes
};

pub(super) fn run<'t>(whole: &'t str, notation: Notation, index: &Index) -> Suspicious<'t> {
    let text = whole.as_bytes();
    let mut words = BTreeSet::new();
    let (mut word, mut block, mut at) = (0, 0_u64, 0);
    while let Some(byte) = text.get(at) {
        let mut class = CLASSES[usize::from(*byte)];
        let mut next = at + 1;
        if class == SPECIAL {
            match harmless(&text[at..], notation) {
                Some((byte, length)) => (class, next) = (byte, at + length),
                None => return Suspicious::Whole,
            }
        }
        if class < WORD {
            words.extend(encoded(whole, word..at));
            word = next;
        }
        at = next;
        if class & !WORD != 0 {
            block = block << 8 | u64::from(class & !WORD);
            if index.has(block) {
                return Suspicious::Whole;
            }
        }
    }
    words.extend(encoded(whole, word..at));
    Suspicious::Words(words)
}

/// The word, if it may be an encoding: those have capital letters or digits, and few long words of our own have.
fn encoded(text: &str, word: Range<usize>) -> Option<&str> {
    if word.len() < SHORTEST_WORD {
        return None;
    }
    let is_odd = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit();
    text.get(word).filter(|word| word.bytes().any(is_odd))
}

/// What begins like an escape: the byte that it stands for and its length, if it is none or one that the renderer itself
/// writes.
fn harmless(text: &[u8], notation: Notation) -> Option<(u8, usize)> {
    match (notation, text) {
        (Notation::Json, [b'\\', b'"', ..]) => Some((b'"', 2)),
        (Notation::Json, [b'\\', b'n', ..]) => Some((0, 2)),
        (Notation::Html, [b'&', b'q', b'u', b'o', b't', b';', ..]) => Some((b'"', 6)),
        (Notation::Html, [b'&', b'l', b't', b';', ..]) => Some((b'<', 4)),
        (Notation::Html, [b'&', b'g', b't', b';', ..]) => Some((b'>', 4)),
        (_, [b'%', next, ..]) if !next.is_ascii_hexdigit() => Some((b'%', 1)),
        (Notation::Text | Notation::Coloured | Notation::Json, [b'&', b' ', ..]) => Some((b'&', 1)),
        _ => None,
    }
}
