//! Takes credentials out of text that somebody else wrote: a variable's value, an answer, a pasted log.

/// What stands in place of a token or a key.
pub const HIDDEN: &str = "[hidden]";

/// Replaces everything that looks like a JWT's signature or an AWS access key. The first two parts of a JWT are kept
/// back as well: together they say who it is for, but nobody needs them twice.
pub fn scrub(text: &str) -> String {
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
pub fn tokens(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c| !is_word(c)).filter(|word| looks_like_a_token(word))
}

/// `scheme://user:password@host` to `scheme://[hidden]@host`, also where the text is no URL that a parser would take.
pub fn url(url: &str) -> String {
    let (scheme, rest) = match url.split_once("://") {
        Some((scheme, rest)) => (format!("{scheme}://"), rest),
        None => (String::new(), url),
    };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or(rest);
    match rest[..authority.len()].rfind('@').or_else(|| rest.rfind('@')) {
        Some(at) => format!("{scheme}{HIDDEN}{}", &rest[at..]),
        None => url.to_owned(),
    }
}

fn is_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || "-_.".contains(c)
}

/// `{"` in base64url is `eyJ` (or `ewo`/`eyA` with white space), so every JWT begins so. Cut-off ones count too.
fn looks_like_a_token(word: &str) -> bool {
    let json = ["eyJ", "eyI", "eyA", "ewo", "ewog"].iter().any(|start| word.starts_with(start));
    json && word.len() >= 40
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
