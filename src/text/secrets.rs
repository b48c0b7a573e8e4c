//! The values that one run holds as secrets, and how they are hidden by value in whatever is shown of it.
//!
//! An answer may echo what it was sent, in any encoding. So every secret is registered where it is obtained, and text is
//! searched for it where foreign text enters the evidence, and once more where a report is rendered.
//!
//! What counts as found:
//! - Of a value of 16 characters or more, any 16 in a row. That covers a value that is cut at either end, and 16
//!   characters of a token do not occur in a report by chance.
//! - A value of 8 to 15 characters, if it is no plain word: only all of it, standing by itself, and only in what others
//!   wrote. In a rendered report it could be a key of the JSON or a word of a sentence.
//! - A shorter value never: too many words are like it. Passwords below 8 characters are none (NIST SP 800-63B, section
//!   3.1.1.2), and where a URL holds one it is cut out by its place.

mod forms;
mod index;
mod prefilter;
#[cfg(test)]
mod tests;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use forms::Stream;
use index::Index;
use percent_encoding::percent_decode_str;
use prefilter::Suspicious;
use std::borrow::Cow;
use std::fmt;
use std::ops::Range;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::text::printable::{self, Notation, is_unprintable};
use crate::text::redact::{self, HIDDEN};

/// What is found in part, and what is hidden in a rendered report, has at least this many characters.
const LONG: usize = 16;
/// A shorter value is not hidden by value.
const SHORTEST: usize = 8;
/// At most this many values are kept: of a token file that changes all the time, the latest.
const MOST: usize = 64;
/// Encodings within encodings, for example base64 of a URL-encoded form in HTML.
const MAX_DEPTH: usize = 3;
/// Foreign text is not searched beyond this; far less of it is shown.
const MAX_FOREIGN_BYTES: usize = 16 << 10;

/// A run's secrets. Clones share them. They cannot be printed, compared or read.
#[derive(Clone, Default)]
pub struct Secrets(Arc<Mutex<Held>>);

#[derive(Default)]
struct Held {
    values: Vec<Value>,
    /// Built for the first search, and again after a new value.
    index: Option<Index>,
}

#[derive(PartialEq)]
struct Value {
    text: String,
    /// Whether a part of it is not secret, as of `user:password`.
    whole: bool,
}

/// Who wrote a text.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Whose {
    /// Somebody else: searched for every value.
    Theirs,
    /// The program: a rendered report.
    Ours,
}

impl Whose {
    /// The length of the shortest value that is hidden there.
    fn shortest(self) -> usize {
        match self {
            Self::Theirs => SHORTEST,
            Self::Ours => LONG,
        }
    }
}

impl Secrets {
    /// Registers a value.
    pub fn keep(&self, value: &str) {
        self.add(Value { text: value.trim().to_owned(), whole: false });
    }

    /// Registers a value of which a part is not secret, such as `user:password`.
    pub fn keep_whole(&self, value: &str) {
        self.add(Value { text: value.trim().to_owned(), whole: true });
    }

    /// Registers the tokens in a file's content. Other content, a path say, is what a report must show.
    pub fn keep_tokens(&self, content: &str) {
        // Split by ASCII alone: a token is nothing else.
        let tokens = content.split_ascii_whitespace().map(|word| word.trim_start_matches('\u{feff}'));
        for token in tokens.filter(|word| is_token(word)) {
            self.keep(token);
            let signature = token.rsplit('.').next().unwrap_or_default();
            if signature.len() < LONG {
                self.keep(signature);
            }
        }
    }

    /// Registers the secret parts of a URL: user and password, also as a client encodes them, query and fragment.
    pub fn keep_url(&self, url: &str) {
        redact::behind_path(url).into_iter().for_each(|query| self.keep(query));
        let Some(userinfo) = redact::userinfo(url) else { return };
        let decoded = percent_decode_str(userinfo).decode_utf8_lossy();
        self.keep(decoded.split_once(':').map_or(&*decoded, |(_, password)| password));
        self.keep_whole(&decoded);
        // RFC 7617, "Basic".
        self.keep(&STANDARD.encode(&*decoded));
    }

    fn add(&self, value: Value) {
        let mut held = self.held();
        if value.text.len() < SHORTEST || held.values.contains(&value) {
            return;
        }
        if held.values.len() == MOST {
            held.values.pop();
        }
        held.values.push(value);
        held.index = None;
    }

    /// What somebody else wrote, fit to be evidence: without secrets and credentials, on one line, and no longer than
    /// `most` characters.
    pub fn foreign(&self, text: &str, most: usize) -> String {
        let text = text.trim();
        let text = &text[..text.floor_char_boundary(MAX_FOREIGN_BYTES)];
        let hidden = self.hide(text, Notation::Text, Whose::Theirs);
        redact::scrub(&hidden).chars().filter(|c| !is_unprintable(*c)).take(most).collect()
    }

    /// What was rendered, without the secrets that it may still hold, and fit to be shown.
    pub fn hide_in(&self, rendered: String, notation: Notation) -> String {
        let hidden = match self.hide(&rendered, notation, Whose::Ours) {
            Cow::Borrowed(_) => rendered,
            Cow::Owned(hidden) => hidden,
        };
        printable::fit(hidden, notation)
    }

    fn hide<'t>(&self, text: &'t str, notation: Notation, whose: Whose) -> Cow<'t, str> {
        let mut held = self.held();
        if text.len() < SHORTEST || held.values.is_empty() {
            return text.into();
        }
        let Held { values, index } = &mut *held;
        let index = index.get_or_insert_with(|| Index::of(values));
        let found_in = |stream: &Stream| {
            let mut found = Vec::new();
            search(stream, whose, 0, &mut |stream| index.find(stream, whose, &mut found));
            found
        };
        let suspicious = match whose {
            Whose::Theirs => Suspicious::Whole,
            Whose::Ours => prefilter::run(text, notation, index),
        };
        // A word that hides a secret may occur again, so then everything is searched.
        if let Suspicious::Words(words) = suspicious
            && words.into_iter().all(|word| found_in(&Stream::plain(word)).is_empty())
        {
            return text.into();
        }
        let found = found_in(&match (whose, notation) {
            (Whose::Theirs, _) | (_, Notation::Text | Notation::Coloured) => Stream::plain(text),
            (_, Notation::Json) => Stream::json(text),
            (_, Notation::Html) => Stream::html(text),
        });
        if found.is_empty() { text.into() } else { without(text, found).into() }
    }

    fn held(&self) -> MutexGuard<'_, Held> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Secrets {
    /// A structure that holds them can be printed; they cannot.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secrets")
    }
}

impl Value {
    /// The form that is searched for: in lower case, because case may change, and without white space, which may split it.
    fn folded(&self) -> Vec<Vec<u8>> {
        // A token, a key.
        if self.text.len() >= LONG && self.text.bytes().all(|byte| matches!(byte, b'!'..=b'~') && !is_special(byte)) {
            return vec![self.text.to_ascii_lowercase().into_bytes()];
        }
        let plain = Stream::plain(&self.text);
        let unescaped = plain.unescaped();
        // A form writes a space as a plus sign.
        let plus = self.text.contains(' ').then(|| Stream::plain(&self.text.replace(' ', "+")));
        let forms = [Some(plain), unescaped, plus].into_iter().flatten().map(|mut form| {
            form.bytes.make_ascii_lowercase();
            form.bytes
        });
        let is_word = |form: &Vec<u8>| form.len() < LONG && form.iter().all(u8::is_ascii_alphabetic);
        forms.filter(|form| form.len() >= SHORTEST && !is_word(form)).collect()
    }
}

/// `b64token` of RFC 6750, section 2.1, unless it is a path.
fn is_token(word: &str) -> bool {
    let is_mark = |byte| matches!(byte, b'-' | b'.' | b'_' | b'~' | b'+' | b'/' | b'=');
    word.bytes().all(|byte| byte.is_ascii_alphanumeric() || is_mark(byte)) && !word.starts_with('/')
}

/// A byte with which an escape may begin.
const fn is_special(byte: u8) -> bool {
    matches!(byte, b'%' | b'&' | b'\\')
}

/// Runs over a text and over everything that it may be an encoding of.
fn search(stream: &Stream, whose: Whose, depth: usize, run: &mut impl FnMut(&Stream)) {
    run(stream);
    if depth < MAX_DEPTH {
        let inner = stream.unescaped().into_iter().chain(stream.unhexed(whose)).chain(stream.unbased(whose));
        inner.for_each(|inner| search(&inner, whose, depth + 1, run));
    }
}

fn without(text: &str, mut found: Vec<Range<usize>>) -> String {
    found.sort_by_key(|range| range.start);
    let mut hidden = String::with_capacity(text.len());
    let mut shown = 0;
    for range in found {
        if range.start >= shown {
            hidden.push_str(&text[shown..range.start]);
            hidden.push_str(HIDDEN);
        }
        shown = shown.max(range.end);
    }
    hidden.push_str(&text[shown..]);
    hidden
}
