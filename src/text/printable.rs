//! The one way in which text is made fit to be shown: on a terminal, in a log, in a termination message, over HTTP.

/// How an output writes a character that cannot stand there as it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Notation {
    Text,
    /// Text with colours of our own.
    Coloured,
    Json,
    Html,
}

/// The sequences with which a report is coloured; no others pass.
pub const RESET: &str = "\u{1b}[0m";
const OURS: [&str; 5] = ["\u{1b}[1m", "\u{1b}[1;31m", "\u{1b}[1;32m", "\u{1b}[1;33m", RESET];

/// A character that can drive a terminal, reorder a line or hide in it: C0, DEL and C1 controls, line and paragraph
/// separators, the bidirectional controls of "Trojan Source" (CVE-2021-42574) and what has no width (Unicode, general
/// category Cf).
pub fn is_unprintable(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

/// A value that somebody else wrote, on one line.
pub fn printable(text: &str) -> String {
    text.replace(is_unprintable, "\u{fffd}")
}

/// A whole output. Its own line breaks, tabs and colours stay; JSON keeps its value.
pub fn fit(text: String, notation: Notation) -> String {
    // Nearly every text.
    if text.bytes().all(|byte| matches!(byte, b' '..=b'~' | b'\n' | b'\t')) {
        return text;
    }
    let stays = |c: char| matches!(c, '\n' | '\t') || !is_unprintable(c);
    let mut fitted = String::with_capacity(text.len());
    let mut rest = text.as_str();
    while let Some(c) = rest.chars().next() {
        let ours = OURS.into_iter().find(|ours| notation == Notation::Coloured && rest.starts_with(ours));
        let taken = ours.map_or(c.len_utf8(), str::len);
        match (ours, notation) {
            (Some(ours), _) => fitted.push_str(ours),
            _ if stays(c) => fitted.push(c),
            (_, Notation::Json) => {
                // RFC 8259, section 7: a character beyond the basic plane is two escapes.
                c.encode_utf16(&mut [0; 2]).iter().for_each(|unit| fitted.push_str(&format!("\\u{unit:04x}")));
            }
            _ => fitted.push('\u{fffd}'),
        }
        rest = &rest[taken..];
    }
    fitted
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOSTILE: &str = "a\u{1b}[31mb\u{9b}c\u{7f}d\u{202e}e\u{2066}f\u{200b}g\u{feff}h\u{e0041}i\u{ad}j";

    #[test]
    fn nothing_of_others_reaches_a_terminal() {
        for notation in [Notation::Text, Notation::Coloured, Notation::Html] {
            let shown = fit(HOSTILE.to_owned(), notation);
            assert_eq!(shown, "a\u{fffd}[31mb\u{fffd}c\u{fffd}d\u{fffd}e\u{fffd}f\u{fffd}g\u{fffd}h\u{fffd}i\u{fffd}j");
        }
        assert_eq!(printable("a\nb\u{202e}"), "a\u{fffd}b\u{fffd}");
        assert_eq!(fit("a\n\tb é—☃".to_owned(), Notation::Text), "a\n\tb é—☃");
    }

    #[test]
    fn json_keeps_its_value_and_colours_are_ours_alone() {
        let json = serde_json::json!({ "text": HOSTILE }).to_string();
        let shown = fit(json.clone(), Notation::Json);
        assert!(!shown.contains(is_unprintable), "{shown:?}");
        let values = [json, shown].map(|text| serde_json::from_str::<serde_json::Value>(&text).expect("JSON"));
        assert_eq!(values[0], values[1]);
        let coloured = format!("\u{1b}[1;31mx{RESET}\u{1b}[2J");
        assert_eq!(fit(coloured.clone(), Notation::Coloured), format!("\u{1b}[1;31mx{RESET}\u{fffd}[2J"));
        assert_eq!(fit(coloured, Notation::Text), "\u{fffd}[1;31mx\u{fffd}[0m\u{fffd}[2J");
    }
}
