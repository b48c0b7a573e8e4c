//! What differs from run to run: times, durations, ids, ports and keys that are made for the run.

use regex_lite::Regex;

/// The same text with a name in the place of each.
pub fn scrub(text: &str) -> String {
    let mut text = text.to_owned();
    for (pattern, name) in [
        (r"127\.0\.0\.1:\d+", "127.0.0.1:PORT"),
        (r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}", "REQUEST-ID"),
        (r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", "TIME"),
        (r"\d{8}T\d{6}Z", "TIME"),
        (r"\b1[78]\d{8}\b", "SECONDS"),
        (r"\b[0-9a-f]{40}\b", "THUMBPRINT"),
        // Ids of keys that are made for the run.
        (r"\bkey [A-Za-z0-9_-]{43}\b", "key KEY"),
        (r"\b\d+ (d|h|min|s)\b( \d+ (h|min|s)\b)?", "SPAN"),
        (r"\b\d+ ms\b", "SPAN"),
    ] {
        text = Regex::new(pattern).expect(pattern).replace_all(&text, name).into_owned();
    }
    text
}
