//! Takes credentials out of text that somebody else wrote: a variable's value, an answer, a pasted log.

/// What stands in place of a token or a key.
pub(crate) const HIDDEN: &str = "[hidden]";

/// What is shorter is no JWT.
const SHORTEST_TOKEN: usize = 40;

/// Replaces everything that looks like a JWT's signature or an AWS access key. The first two parts of a JWT are kept
/// back as well: together they say who it is for, but nobody needs them twice.
pub(crate) fn scrub(text: &str) -> String {
    let mut scrubbed = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find(is_word) {
        let (before, word_and_rest) = rest.split_at(start);
        let end = word_and_rest.find(|c| !is_word(c)).unwrap_or(word_and_rest.len());
        let (word, behind) = word_and_rest.split_at(end);
        scrubbed.push_str(before);
        scrubbed.push_str(if looks_like_a_token(word) || looks_like_a_key_id(word) { HIDDEN } else { word });
        rest = behind;
    }
    scrubbed.push_str(rest);
    scrubbed
}

/// The words of a text that look like tokens.
pub(crate) fn tokens(text: &str) -> impl Iterator<Item = &str> {
    // Most texts are too short to hold one.
    let text = if text.len() < SHORTEST_TOKEN { "" } else { text };
    text.split(|c| !is_word(c)).filter(|word| looks_like_a_token(word))
}

/// `scheme://user:password@host/path?query#fragment` to `scheme://[hidden]@host/path?[hidden]`, also where the text is no
/// URL that a parser would take. A server of one's own may tell callers apart by any of the three.
pub(crate) fn url(url: &str) -> String {
    let (scheme, userinfo, rest) = parts(url);
    let userinfo = if userinfo.is_some() { format!("{HIDDEN}@") } else { String::new() };
    let (shown, behind) = rest.split_at(rest.find(['?', '#']).map_or(rest.len(), |at| at + 1));
    let behind = if behind.is_empty() { "" } else { HIDDEN };
    format!("{scheme}{userinfo}{shown}{behind}")
}

/// What is behind the path of a URL: its query and its fragment.
pub(crate) fn behind_path(url: &str) -> Option<&str> {
    let (_, _, rest) = parts(url);
    rest.find(['?', '#']).map(|at| &rest[at + 1..])
}

/// `user:password` of a URL.
pub(crate) fn userinfo(url: &str) -> Option<&str> {
    parts(url).1
}

/// `scheme://`, `user:password`, and what is behind the `@`.
fn parts(url: &str) -> (&str, Option<&str>, &str) {
    let (scheme, rest) = url.split_at(url.find("://").map_or(0, |at| at + "://".len()));
    let authority = rest.split(['/', '?', '#']).next().unwrap_or(rest);
    match authority.rfind('@').or_else(|| rest.rfind('@')) {
        Some(at) => (scheme, Some(&rest[..at]), &rest[at + 1..]),
        None => (scheme, None, rest),
    }
}

fn is_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || "-_.".contains(c)
}

/// `{"` in base64url is `eyJ` (or `ewo`/`eyA` with white space), so every JWT begins so. Cut-off ones count too.
fn looks_like_a_token(word: &str) -> bool {
    let json = ["eyJ", "eyI", "eyA", "ewo", "ewog"].iter().any(|start| word.starts_with(start));
    json && word.len() >= SHORTEST_TOKEN
}

/// Long-lived and temporary access key ids. Source: IAM user guide, "IAM identifiers".
fn looks_like_a_key_id(word: &str) -> bool {
    word.len() >= 16
        && (word.starts_with("AKIA") || word.starts_with("ASIA"))
        && word.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_url_only_the_place_is_shown() {
        for (text, shown) in [
            ("https://host:1/path", "https://host:1/path"),
            ("https://user:pw@host:1/path", "https://[hidden]@host:1/path"),
            ("http://host/path?query#fragment", "http://host/path?[hidden]"),
            ("http://host/path#fragment", "http://host/path#[hidden]"),
            ("http://me:p?w@host/?query", "http://[hidden]@host/?[hidden]"),
            ("me:p/w@host:1", "[hidden]@host:1"),
            ("localhost,10.0.0.0/8,.svc", "localhost,10.0.0.0/8,.svc"),
            ("http://host/?", "http://host/?"),
        ] {
            assert_eq!(url(text), shown);
        }
    }

    #[test]
    fn tokens_and_key_ids_are_hidden_and_all_else_is_kept() {
        let header = "eyJhbGciOiJSUzI1NiIsImtpZCI6IjEyMyJ9";
        for (text, scrubbed) in [
            ("", ""),
            ("Value 'x' at 'roleArn'", "Value 'x' at 'roleArn'"),
            (&format!("Value '{header}.e30.c2ln' at"), "Value '[hidden]' at"),
            (&format!("token={header}.e30"), "token=[hidden]"),
            ("AKIAIOSFODNN7EXAMPLE is", "[hidden] is"),
            ("arn:aws:iam::111122223333:role/eyJ", "arn:aws:iam::111122223333:role/eyJ"),
            ("naïve — ünïcode", "naïve — ünïcode"),
        ] {
            assert_eq!(scrub(text), scrubbed);
        }
    }
}
