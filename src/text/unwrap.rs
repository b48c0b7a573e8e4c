//! Takes an error's text out of what loggers, shells, SDKs and web pages wrap around it.

use memchr::memchr2;

/// How deep escapes may be nested: a JSON log within a JSON log within a quoted string.
const MAX_NESTING: usize = 4;

/// Any bytes as one line of plain text: UTF-8 or UTF-16, without colours, escapes, entities, typographic quotes and
/// runs of white space. What is no text becomes U+FFFD.
pub(crate) fn unwrap(bytes: &[u8]) -> String {
    let mut text = squeeze(&decode(bytes));
    for _ in 0..MAX_NESTING {
        let Some(next) = unescape(&text) else { break };
        text = squeeze(&next);
    }
    text
}

/// PowerShell's pipes carry UTF-16 with a byte order mark.
fn decode(bytes: &[u8]) -> String {
    let units = |bytes: &[u8], unit: fn([u8; 2]) -> u16| {
        let units: Vec<u16> = bytes.chunks_exact(2).map(|pair| unit([pair[0], pair[1]])).collect();
        String::from_utf16_lossy(&units)
    };
    match bytes {
        [0xff, 0xfe, rest @ ..] => units(rest, u16::from_le_bytes),
        [0xfe, 0xff, rest @ ..] => units(rest, u16::from_be_bytes),
        _ => String::from_utf8_lossy(bytes).into_owned(),
    }
}

/// Drops colours and control characters, makes quotes plain, and every run of white space one space.
fn squeeze(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            '!'..='~' | '\u{fffd}' => plain.push(character),
            '\u{1b}' if characters.peek() == Some(&'[') => {
                characters.next();
                // A control sequence ends with its first byte from '@' to '~' (ECMA-48).
                while characters.next_if(|c| matches!(c, ' '..='?')).is_some() {}
                characters.next_if(|c| matches!(c, '@'..='~'));
            }
            '\u{2018}' | '\u{2019}' | '\u{b4}' => plain.push('\''),
            '\u{201c}' | '\u{201d}' => plain.push('"'),
            '\u{feff}' | '\u{200b}' => {}
            // Some tools draw boxes around errors.
            c if c.is_whitespace() || matches!(c, '\u{2500}'..='\u{257f}') => {
                if !plain.ends_with(' ') {
                    plain.push(' ');
                }
            }
            c if c.is_control() => {}
            c => plain.push(c),
        }
    }
    plain
}

/// Resolves one level of backslash escapes and of HTML or XML entities. What is neither stays as it is; `None` if there
/// is none at all.
fn unescape(text: &str) -> Option<String> {
    let mut plain = String::new();
    // How far the text is in `plain`, and how far it has been inspected.
    let (mut copied, mut seen) = (0, 0);
    while let Some(at) = memchr2(b'\\', b'&', &text.as_bytes()[seen..]) {
        let start = seen + at;
        seen = start + 1;
        let rest = &text[start..];
        if let Some((character, length)) = escape(rest).or_else(|| entity(rest)) {
            plain.push_str(&text[copied..start]);
            plain.push(character);
            copied = start + length;
            seen = copied;
        }
    }
    (copied > 0).then(|| plain + &text[copied..])
}

/// The character that a backslash at the start stands for, and the length of that escape.
fn escape(text: &str) -> Option<(char, usize)> {
    let digits = |start: usize, count: usize| {
        let digits = text.get(start..start + count)?;
        Some((char::from_u32(u32::from_str_radix(digits, 16).ok()?)?, start + count))
    };
    match *text.as_bytes() {
        [b'\\', b'n' | b'r' | b't', ..] => Some(('\n', 2)),
        [b'\\', quote @ (b'"' | b'\'' | b'/' | b'\\' | b'`'), ..] => Some((char::from(quote), 2)),
        [b'\\', b'u', ..] => digits(2, 4),
        [b'\\', b'x', ..] => digits(2, 2),
        _ => None,
    }
}

/// The character that an entity at the start stands for, and the length of that entity.
fn entity(text: &str) -> Option<(char, usize)> {
    let name = text.strip_prefix('&')?;
    let end = name.bytes().take(8).position(|b| b == b';')?;
    let name = &name[..end];
    let character = match name {
        "quot" => '"',
        "apos" => '\'',
        "lt" => '<',
        "gt" => '>',
        "amp" => '&',
        "nbsp" => ' ',
        _ => {
            let number = name.strip_prefix('#')?;
            let code = match number.strip_prefix(['x', 'X']) {
                Some(hex) => u32::from_str_radix(hex, 16).ok()?,
                None => number.parse().ok()?,
            };
            char::from_u32(code)?
        }
    };
    Some((character, end + 2))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_wrapping_comes_off() {
        for (wrapped, plain) in [
            (r#"{"msg":"a \"b\"\ncaused by: c"}"#, r#"{"msg":"a "b" caused by: c"}"#),
            (r#"{\"msg\":\"{\\\"a\\\":\\\"x\\\\ny\\\"}\"}"#, r#"{"msg":"{"a":"x y"}"}"#),
            ("\u{1b}[31mError\u{1b}[0m: \u{1b}[1;4mno\u{1b}[m", "Error: no"),
            (r"a \u0026 b \x26 c", "a & b & c"),
            ("&lt;Code&gt;A&lt;/Code&gt; Couldn&#39;t &#x27;x&#x27; &amp;quot;", "<Code>A</Code> Couldn't 'x' \""),
            ("\u{2502} endpoint rule  \u{2502}\n\u{2502} error", " endpoint rule error"),
            ("Couldn\u{2019}t  retrieve\t\r\n key", "Couldn't retrieve key"),
            (r"[\w+=,.@-]* \u12 & &; &unknown; \", r"[\w+=,.@-]* \u12 & &; &unknown; \"),
        ] {
            assert_eq!(unwrap(wrapped.as_bytes()), plain, "{wrapped}");
        }
    }

    #[test]
    fn any_bytes_become_text() {
        assert_eq!(unwrap(b"\xff\xfea\0b\0"), "ab");
        assert_eq!(unwrap(b"\xfe\xff\0a\0b\0"), "ab");
        assert_eq!(unwrap(b"a\0\xc3(\x80"), "a\u{fffd}(\u{fffd}");
        assert_eq!(unwrap(b"\x1b[1\xc3\xa9\\u00\xc3\xa9&#x110000;"), "\u{e9}\\u00\u{e9}&#x110000;");
        assert_eq!(unwrap(b""), "");
    }
}
