//! What HTML pages have in common: no script, nothing fetched. The template escapes all that it is given.

use base64::Engine;
use maud::{Markup, PreEscaped, html};
use sha2::{Digest, Sha256};

const STYLE: &str = include_str!("page.css");

/// The `Content-Security-Policy` to send with the page: nothing but its own style may be used.
pub fn policy() -> String {
    format!("{}; frame-ancestors 'none'", policy_of_a_file())
}

/// The same for a page that is a file. Its `frame-ancestors` would count only if it were sent.
fn policy_of_a_file() -> String {
    let hash = base64::engine::general_purpose::STANDARD.encode(Sha256::digest(STYLE));
    format!("default-src 'none'; style-src 'sha256-{hash}'; base-uri 'none'; form-action 'none'")
}

/// The head of a page, which carries its policy with it if it is a file.
pub(super) fn head(title: &str, is_file: bool) -> Markup {
    html! {
        head {
            meta charset="utf-8";
            @if is_file { meta http-equiv="Content-Security-Policy" content=(policy_of_a_file()); }
            meta name="viewport" content="width=device-width, initial-scale=1";
            title { (title) }
            style { (PreEscaped(STYLE)) }
        }
    }
}

pub(super) fn list(values: &[(&str, Option<String>)]) -> Markup {
    html! {
        dl {
            @for (name, value) in values {
                @if let Some(value) = value {
                    dt { (name) }
                    dd { (value) }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_policy_allows_the_style_by_its_hash_and_nothing_else() {
        let policy = policy();
        assert!(policy.starts_with("default-src 'none'; style-src 'sha256-"));
        assert!(!policy.contains("unsafe"));
    }
}
