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
mod glance;
mod index;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use forms::Stream;
use glance::Glance;
use index::Index;
use percent_encoding::percent_decode_str;
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
/// More values than this are not held: a sidecar whose token file changes all the time keeps the latest.
const MOST: usize = 64;
/// Encodings within encodings: base64 of a URL-encoded form in HTML, say.
const MAX_DEPTH: usize = 3;
/// What somebody else wrote is not searched beyond this; it is shown far less.
const MAX_FOREIGN_BYTES: usize = 16 << 10;

/// A run's secrets. Clones share them. They cannot be printed, compared or read.
#[derive(Clone, Default)]
pub struct Secrets(Arc<Mutex<Held>>);

#[derive(Default)]
struct Held {
    values: Vec<Value>,
    /// Made for the first search, and again after another value has come.
    index: Option<Index>,
}

#[derive(PartialEq)]
struct Value {
    text: String,
    /// Whether a part of it is none, as of `user:password`.
    whole: bool,
}

/// Who wrote a text.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Whose {
    /// Somebody else. It is searched for everything.
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

    /// Registers a value of which a part is no secret, such as `user:password`.
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

    /// Registers what a URL holds beside the place: user and password, what a client makes of them, query and fragment.
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
        let streams = match (whose, notation) {
            (Whose::Theirs, _) => vec![Stream::plain(text, 0)],
            (Whose::Ours, _) => match glance::at(text, notation, index) {
                Glance::Words(words) => {
                    words.into_iter().map(|word| Stream::plain(&text[word.clone()], word.start)).collect()
                }
                Glance::Whole => vec![match notation {
                    Notation::Text | Notation::Coloured => Stream::plain(text, 0),
                    Notation::Json => Stream::json(text),
                    Notation::Html => Stream::html(text),
                }],
            },
        };
        let mut found = Vec::new();
        streams.iter().for_each(|stream| search(stream, whose, 0, &mut |stream| index.find(stream, whose, &mut found)));
        if found.is_empty() { text.into() } else { without(text, found).into() }
    }

    fn held(&self) -> MutexGuard<'_, Held> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Secrets {
    /// What holds them can be printed; they cannot.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secrets")
    }
}

impl Value {
    /// As it is searched for: in small letters, for case may be changed, and without white space, which may split it.
    fn folded(&self) -> Vec<Vec<u8>> {
        // A token, a key.
        if self.text.len() >= LONG && self.text.bytes().all(|byte| matches!(byte, b'!'..=b'~') && !is_special(byte)) {
            return vec![self.text.to_ascii_lowercase().into_bytes()];
        }
        let plain = Stream::plain(&self.text, 0);
        let unescaped = plain.unescaped();
        // A form writes a space as a plus sign.
        let plus = self.text.contains(' ').then(|| Stream::plain(&self.text.replace(' ', "+"), 0));
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

/// What an escape may begin with.
const fn is_special(byte: u8) -> bool {
    matches!(byte, b'%' | b'&' | b'\\')
}

/// Inspects a text and at everything that it may be an encoding of.
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

#[cfg(test)]
mod tests {
    use super::*;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;

    const KEY: &str = "kZ3vQ8mWbT1xN7rLpY5sD2/G9hJ4cV6aE0uI+RoX";
    const PASSWORD: &str = "hunter-42";

    fn secrets() -> Secrets {
        let secrets = Secrets::default();
        [KEY, PASSWORD].into_iter().for_each(|value| secrets.keep(value));
        secrets
    }

    fn in_hex(text: &str) -> String {
        text.bytes().map(|byte| format!("{byte:02x}")).collect()
    }

    fn escaped(text: &str, escape: fn(u8) -> String) -> String {
        let escape = |byte: u8| if byte.is_ascii_alphanumeric() { char::from(byte).into() } else { escape(byte) };
        text.bytes().map(escape).collect()
    }

    /// The text in every form in which an answer may hold it.
    fn forms(text: &str) -> Vec<(&'static str, String)> {
        let lines = text.as_bytes().chunks(7).map(|line| String::from_utf8_lossy(line)).collect::<Vec<_>>();
        let every = |escape: fn(u8) -> String| text.bytes().map(escape).collect::<String>();
        vec![
            ("plain", text.to_owned()),
            ("lines", lines.join("\r\n  ")),
            ("letters", text.chars().flat_map(|c| [c, ' ']).collect()),
            ("escaped newlines", lines.join("\\n")),
            ("upper case", text.to_uppercase()),
            ("lower case", text.to_lowercase()),
            ("URL", escaped(text, |byte| format!("%{byte:02X}"))),
            ("URL twice", escaped(text, |byte| format!("%25{byte:02x}"))),
            ("URL, every byte", every(|byte| format!("%{byte:02x}"))),
            ("HTML", escaped(text, |byte| format!("&#{byte};"))),
            ("HTML, every byte", every(|byte| format!("&#x{byte:X};"))),
            ("HTML, names", text.replace('/', "&sol;").replace('+', "&plus;")),
            ("JSON", text.replace('/', "\\/")),
            ("JSON, every byte", every(|byte| format!("\\u{byte:04x}"))),
            ("hex", in_hex(text)),
            ("HEX", in_hex(text).to_uppercase()),
            (
                "hex with spaces",
                in_hex(text).as_bytes().chunks(2).flat_map(|pair| [pair[0], pair[1], b' ']).map(char::from).collect(),
            ),
            ("hex behind a hexadecimal letter", format!("a{}", in_hex(text))),
            ("base64", STANDARD.encode(text)),
            ("base64url", URL_SAFE_NO_PAD.encode(text)),
            ("base64 in URL-encoding", STANDARD.encode(text).replace('+', "%2B").replace('=', "%3D")),
            ("base64 of base64", STANDARD.encode(STANDARD.encode(text))),
        ]
    }

    /// What is left of a text from which `secret` should be gone.
    fn shows(shown: &str, form: &str) -> bool {
        let long = form
            .as_bytes()
            .windows(form.len().min(16))
            .any(|piece| shown.as_bytes().windows(piece.len()).any(|window| window == piece));
        long || !shown.contains(HIDDEN)
    }

    #[test]
    fn a_secret_is_hidden_in_every_form() {
        let secrets = secrets();
        for secret in [KEY, PASSWORD] {
            for (name, form) in forms(secret) {
                let shown = secrets.foreign(&format!("the value '{form}' is wrong, see {form}."), 2_000);
                assert!(!shows(&shown, &form), "{name} of {secret}: {shown}");
                assert!(shown.starts_with("the value '") && shown.contains("' is wrong, see "), "{name}: {shown}");
            }
            // In base64 it may stand at any place of a group of three bytes, as in that of a whole request.
            for shift in 0..4 {
                let request = format!("{}host:sts\nx-amz-security-token:{secret}\n\nhost", "a".repeat(shift));
                let encoded = STANDARD.encode(&request);
                let shown = secrets.foreign(&format!("canonical request {encoded}"), 2_000);
                let around = &STANDARD.encode(&request[..shift + 30])[..38];
                assert!(shown.contains(HIDDEN) && shown.contains(around), "{secret} {shift}: {shown}");
            }
        }
    }

    #[test]
    fn sixteen_characters_of_a_long_value_are_hidden_and_no_fewer() {
        let secrets = secrets();
        for (text, shown) in [
            (&KEY[KEY.len() - 16..], HIDDEN),
            (&KEY[..16], HIDDEN),
            (&KEY[9..25], HIDDEN),
            (&KEY[9..24], &KEY[9..24]),
            (&KEY[KEY.len() - 15..], &KEY[KEY.len() - 15..]),
            (&PASSWORD[1..], &PASSWORD[1..]),
        ] {
            assert_eq!(secrets.foreign(text, 100), shown);
        }
        assert_eq!(secrets.foreign(&format!("{KEY}{KEY}"), 100), format!("{HIDDEN}{HIDDEN}"));
    }

    #[test]
    fn what_is_short_or_common_hides_nothing_else() {
        let secrets = Secrets::default();
        for value in ["a", "", "admin", "hunter2", "identity", "password", "endpoints", PASSWORD] {
            secrets.keep(value);
        }
        secrets.keep_whole("payments-checkout-service:pw");
        for text in [
            "the identity of admin has a password for both endpoints",
            // Part of another word.
            "arn:aws:iam::111122223333:role/hunter-421",
            "system:serviceaccount:payments:payments-checkout-service",
        ] {
            assert_eq!(secrets.foreign(text, 100), text);
        }
        assert_eq!(secrets.foreign("payments-checkout-service:pw", 100), HIDDEN);
        // A report's own words and keys.
        let report = format!("{{\"{PASSWORD}\":1}}");
        assert_eq!(secrets.hide_in(report.clone(), Notation::Json), report);
    }

    #[test]
    fn json_and_html_stay_whole() {
        let secrets = secrets();
        // The letter behind the backslash is the one that stands before in the secret.
        let secret = "AAAAnBBBBBBBBBBBBBBBBbDDDDDDDDDDDDDDDDDD";
        secrets.keep(secret);
        for split in
            ["n\nBBBBBBBBBBBBBBBBbD", "\u{b}DDDDDDDDDDDDDDDDDD", "\"nBBBBBBBBBBBBBBBBb\"", "&nBBBBBBBBBBBBBBBBb"]
        {
            let json = serde_json::to_string(&[split]).unwrap_or_default();
            let hidden = secrets.hide_in(json, Notation::Json);
            let read: Vec<String> = serde_json::from_str(&hidden).unwrap_or_else(|error| panic!("{error}: {hidden}"));
            assert!(read[0].contains(HIDDEN) && !read[0].contains("BBBB") && !read[0].contains("DDDD"), "{read:?}");
        }
        let html = format!("<p>&amp;{}</p>", secret.replace('A', "&#65;"));
        assert_eq!(secrets.hide_in(html, Notation::Html), format!("<p>&amp;{HIDDEN}</p>"));
    }

    #[test]
    fn a_url_gives_its_password_in_every_form_that_is_sent() {
        let secrets = Secrets::default();
        for url in ["http://me:p%40ssw0rd!@proxy:3128", "user:pw@host", "https://host/path"] {
            secrets.keep_url(url);
        }
        for (text, shown) in [
            ("p@ssw0rd! p%40ssw0rd!", format!("{HIDDEN} {HIDDEN}")),
            ("Basic bWU6cEBzc3cwcmQh", format!("Basic {HIDDEN}")),
            ("Basic dXNlcjpwdw==", format!("Basic {HIDDEN}")),
            ("user pw me host", "user pw me host".to_owned()),
        ] {
            assert_eq!(secrets.foreign(text, 100), shown);
        }
    }

    #[test]
    fn of_a_token_file_only_tokens_are_secret() {
        let secrets = Secrets::default();
        secrets.keep_tokens("\u{feff}eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhIn0.c2lnbmF0dXJl \r\n");
        let path = "/var/run/secrets/eks.amazonaws.com/serviceaccount/token";
        secrets.keep_tokens(path);
        secrets.keep_tokens("<html>arn:aws:iam::111122223333:role/checkout</html>");
        for text in [path, "arn:aws:iam::111122223333:role/checkout"] {
            assert_eq!(secrets.foreign(text, 100), text);
        }
        for text in ["EYJZDWIIOIJHIN0.C2LNBMF0DXJL", "c2lnbmF0dXJl"] {
            assert_eq!(secrets.foreign(text, 100), HIDDEN);
        }
    }

    #[test]
    fn a_sidecar_holds_no_more_for_a_token_that_changes_all_the_time() {
        let secrets = secrets();
        let token = |number: u32| format!("opaque-token-number-{number:08}-of-many");
        (0..10_000).for_each(|number| secrets.keep_tokens(&token(number)));
        assert_eq!(secrets.held().values.len(), MOST);
        for held in [KEY, &token(9_999)] {
            assert_eq!(secrets.foreign(held, 100), HIDDEN);
        }
    }

    /// What a hostile server may send takes no more than a moment.
    #[test]
    fn the_work_is_linear_in_the_text() {
        let secrets = secrets();
        for piece in ["a", &KEY[..15], "&#", "%25", "4a4a", "\\u"] {
            let text = piece.repeat((1 << 20) / piece.len());
            assert!(secrets.foreign(&text, 100).chars().count() == 100, "{piece}");
        }
    }
}
