//! Values with `*`, `?` and `${...}`.

use super::request::{Keys, Lookup};

/// What one element of a pattern matches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Element {
    /// This character.
    Only(char),
    /// Any one character: `?`.
    One,
    /// Any characters, also none: `*`.
    Any,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Pattern(Vec<Element>);

/// Whether a pattern of an `Action` element matches an action, whose case does not count.
pub(crate) fn matches_action(pattern: &str, action: &str) -> bool {
    Pattern::with_wildcards(pattern).matches_ignoring_case(action)
}

impl Pattern {
    /// `*` and `?` are wildcards; everything else is literal.
    pub(super) fn with_wildcards(text: &str) -> Pattern {
        Pattern(text.chars().map(wildcard).collect())
    }

    /// Everything is literal.
    pub(super) fn literal(text: &str) -> Pattern {
        Pattern(text.chars().map(Element::Only).collect())
    }

    /// Reelements variables first ("IAM policy elements: Variables and tags"): `${*}`, `${?}` and `${$}` are the characters
    /// themselves, `${key}` is the key's single value, `${key, 'default'}` has a default for an absent key. `Err` says
    /// which variable has no known value.
    pub(super) fn with_variables(text: &str, wildcards: bool, request: &dyn Keys) -> Result<Pattern, String> {
        let mut elements = Vec::new();
        let mut rest = text;
        while let Some((before, name, after)) = next_variable(rest) {
            elements.extend(before.chars().map(|c| if wildcards { wildcard(c) } else { Element::Only(c) }));
            elements.extend(value_of(name, request)?.chars().map(Element::Only));
            rest = after;
        }
        elements.extend(rest.chars().map(|c| if wildcards { wildcard(c) } else { Element::Only(c) }));
        Ok(Pattern(elements))
    }

    /// The text of a pattern without wildcards.
    pub(super) fn text(&self) -> String {
        let only = |element: &Element| if let Element::Only(c) = element { Some(*c) } else { None };
        self.0.iter().filter_map(only).collect()
    }

    pub(super) fn matches(&self, text: &str) -> bool {
        matches(&self.0, &text.chars().collect::<Vec<_>>())
    }

    pub(super) fn matches_ignoring_case(&self, text: &str) -> bool {
        let lower = |element: &Element| match element {
            Element::Only(c) => c.to_lowercase().map(Element::Only).collect(),
            wildcard => vec![*wildcard],
        };
        let elements: Vec<Element> = self.0.iter().flat_map(lower).collect();
        matches(&elements, &text.chars().flat_map(char::to_lowercase).collect::<Vec<_>>())
    }

    /// ARNs are compared field by field: a wildcard does not match a colon, except in the sixth field, which is the rest
    /// ("Amazon Resource Name (ARN) condition operators"). `None` if one of the two is not an ARN of six fields, which is
    /// not documented; `*` alone matches every ARN.
    pub(super) fn matches_arn(&self, arn: &str) -> Option<bool> {
        let patterns: Vec<&[Element]> = self.0.splitn(6, |element| *element == Element::Only(':')).collect();
        let fields: Vec<Vec<char>> = arn.splitn(6, ':').map(|field| field.chars().collect()).collect();
        let is_arn = fields.len() == 6 && arn.starts_with("arn:");
        let is_pattern = patterns.len() == 6 && matches(patterns[0], &['a', 'r', 'n']);
        match is_arn && (is_pattern || self.0 == [Element::Any]) {
            true => Some(!is_pattern || patterns.iter().zip(&fields).all(|(pattern, field)| matches(pattern, field))),
            false => None,
        }
    }
}

fn wildcard(c: char) -> Element {
    match c {
        '*' => Element::Any,
        '?' => Element::One,
        c => Element::Only(c),
    }
}

/// The text before the first `${...}`, its content, and the text after it.
fn next_variable(text: &str) -> Option<(&str, &str, &str)> {
    let (before, from) = text.split_once("${")?;
    let (name, after) = from.split_once('}')?;
    Some((before, name, after))
}

fn value_of(name: &str, request: &dyn Keys) -> Result<String, String> {
    if let "*" | "?" | "$" = name {
        return Ok(name.to_owned());
    }
    let (key, default) = match name.split_once(',') {
        Some((key, default)) => (key.trim(), Some(default.trim().trim_matches('\''))),
        None => (name, None),
    };
    match (request.lookup(key), default) {
        (Lookup::Values(values), _) if values.len() == 1 => Ok(values.concat()),
        (Lookup::Absent, Some(default)) => Ok(default.to_owned()),
        _ => Err(format!("the value of the policy variable ${{{name}}} is not known")),
    }
}

/// Greedy, with one point to return to: at worst the product of both lengths.
fn matches(pattern: &[Element], text: &[char]) -> bool {
    let (mut p, mut t) = (0, 0);
    let mut back: Option<(usize, usize)> = None;
    while t < text.len() {
        match pattern.get(p) {
            Some(Element::Any) => {
                back = Some((p, t));
                p += 1;
            }
            Some(Element::One) => (p, t) = (p + 1, t + 1),
            Some(Element::Only(c)) if *c == text[t] => (p, t) = (p + 1, t + 1),
            _ => match back {
                Some((star, from)) => {
                    back = Some((star, from + 1));
                    (p, t) = (star + 1, from + 1);
                }
                None => return false,
            },
        }
    }
    pattern[p..].iter().all(|element| *element == Element::Any)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wildcards_match_everything_but_colons_of_arns() {
        for (pattern, text, does) in [
            ("", "", true),
            ("*", "", true),
            ("?", "", false),
            ("a*c", "abbc", true),
            ("a*c", "abbcd", false),
            ("*a*b*", "xxaxxbxx", true),
            ("a?c", "abc", true),
            ("a?c", "ac", false),
            ("system:serviceaccount:*:b", "system:serviceaccount:a:b", true),
            ("s*", "system:serviceaccount:a:b", true),
            ("ü?", "üß", true),
        ] {
            assert_eq!(Pattern::with_wildcards(pattern).matches(text), does, "{pattern} {text}");
        }
        for (pattern, arn, does) in [
            ("arn:aws:iam::1:role/*", "arn:aws:iam::1:role/a", Some(true)),
            ("arn:aws:iam::1:role/b", "arn:aws:iam::1:role/a", Some(false)),
            ("a*:aws:iam::1:role/a", "arn:aws:iam::1:role/a", Some(true)),
            ("arn:*:*:*:*:*", "arn:aws:logs:eu-west-1:1:log-group:x:*", Some(true)),
            ("*", "arn:aws:iam::1:role/a", Some(true)),
            ("arn:*:1:role/a", "arn:aws:iam::1:role/a", None),
            ("arn:aws:iam::*", "arn:aws:iam::1:role/a", None),
            ("b:aws:iam::1:role/a", "arn:aws:iam::1:role/a", None),
            ("arn:aws:iam::1:role/a", "role/a", None),
            ("*", "role/a", None),
            ("*", "a:b:c:d:e:f", None),
        ] {
            assert_eq!(Pattern::with_wildcards(pattern).matches_arn(arn), does, "{pattern} {arn}");
        }
        assert!(!Pattern::literal("a*").matches("ab"));
        assert!(Pattern::literal("A").matches_ignoring_case("a"));
    }

    #[test]
    fn hostile_patterns_do_not_take_exponential_time() {
        assert!(!Pattern::with_wildcards(&"*a".repeat(500)).matches(&"b".repeat(5_000)));
    }
}
