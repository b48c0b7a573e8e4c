//! A text taken apart into documents: what kubectl, aws and people write one after the other into one file or pipe, JSON
//! and YAML mixed, and now and then the error of a command in the place of its answer.

use super::yaml;
use crate::text::json::{TYPOGRAPHIC_QUOTES, Unique, has_typographic_quotes};
use serde_json::Value;

/// One thing of a text.
#[derive(Debug, PartialEq)]
pub(super) enum Piece {
    Document(Value),
    /// What kubectl or aws said instead of a document.
    Refusal(String),
    /// What is no document, and why.
    Fault(String),
}

/// What kubectl and aws begin an error with; version 2 of the latter has a word before it.
const REFUSALS: [&str; 3] = ["An error occurred (", "aws: [ERROR]: An error occurred (", "Error from server ("];

/// What kubectl says besides an answer.
const WARNING: &str = "Warning: ";

/// Every piece of a text. What is wrong with one leaves the others as they are.
pub(super) fn pieces(text: &str) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut rest = text;
    let mut lines_before = 0;
    while !rest.trim_start().is_empty() {
        let taken = if rest.trim_start().starts_with(['{', '[', '"']) {
            json(rest, lines_before, &mut pieces)
        } else {
            block(rest, lines_before, &mut pieces)
        };
        lines_before += rest[..taken].matches('\n').count();
        rest = &rest[taken..];
    }
    pieces
}

/// Takes one JSON value; a broken one up to where another document begins. Says how many bytes that were.
fn json(text: &str, lines_before: usize, pieces: &mut Vec<Piece>) -> usize {
    let mut values = serde_json::Deserializer::from_str(text).into_iter::<Unique>();
    match values.next() {
        Some(Ok(Unique(value))) => {
            pieces.push(Piece::Document(value));
            values.byte_offset()
        }
        Some(Err(error)) => {
            let end = end_of_block(text);
            let (line, column) = (lines_before + error.line(), error.column());
            let said = error.to_string();
            pieces.push(Piece::Fault(match said.rsplit_once(" at line ") {
                Some((what, _)) if error.is_data() => format!("{what} in line {line}"),
                _ if has_typographic_quotes(&text[..end]) => TYPOGRAPHIC_QUOTES.to_owned(),
                _ => format!("is not whole JSON: see line {line}, column {column}"),
            }));
            end
        }
        None => text.len(),
    }
}

/// Takes what is not JSON up to where another document begins. Says how many bytes that were.
fn block(text: &str, lines_before: usize, pieces: &mut Vec<Piece>) -> usize {
    let end = end_of_block(text);
    let block = text[..end].trim();
    if REFUSALS.iter().any(|refusal| block.starts_with(refusal)) {
        pieces.push(Piece::Refusal(block.to_owned()));
    } else if block.starts_with(WARNING) {
        // The answer follows.
    } else if block.starts_with('%') {
        // URL-encoded, as the IAM API sends policies.
        pieces.push(Piece::Document(block.into()));
    } else if let Some(what) = foreign(block) {
        pieces.push(Piece::Fault(what.to_owned()));
    } else {
        let place = |why: String| match lines_before {
            0 => why,
            _ => format!("{why}, counted from line {}", lines_before + 1),
        };
        match yaml::documents(&text[..end]) {
            // `---` at both ends makes empty documents.
            Ok(values) => pieces.extend(values.into_iter().filter(|value| !value.is_null()).map(Piece::Document)),
            Err(why) => pieces.push(Piece::Fault(place(why))),
        }
    }
    end
}

/// Where, after its first line, another document begins.
fn end_of_block(text: &str) -> usize {
    let blank = text.len() - text.trim_start().len();
    let first = text[blank..].lines().next().unwrap_or_default();
    let mut has_version = first.starts_with("apiVersion:");
    let mut at = blank + first.len();
    // One line only: what follows is another matter.
    let is_said = |line: &str| line.starts_with(WARNING) || REFUSALS.iter().any(|refusal| line.starts_with(refusal));
    let is_line = is_said(first);
    for line in text[at..].split_inclusive('\n') {
        let version = line.starts_with("apiVersion:");
        let begins = line.starts_with('{')
            || line.trim_end() == "---"
            || line.starts_with("--- ")
            || is_said(line)
            // kubectl writes no `---` before what another kubectl wrote.
            || version && has_version
            || is_line && !line.trim().is_empty();
        if begins {
            return at;
        }
        has_version |= version;
        at += line.len();
    }
    text.len()
}

/// What people pipe in that is meant for eyes and not for programs, and what to print instead.
fn foreign(block: &str) -> Option<&'static str> {
    let first = block.lines().next().unwrap_or_default();
    if first.starts_with('<') {
        Some("is a page of HTML or XML: an answer of something between, not of aws or kubectl")
    } else if first.starts_with("-----") && block.contains('|') {
        Some("is a table of aws: print it with --output json")
    } else if first.contains('\t') && !first.contains(": ") {
        Some("is text in columns: print it with --output json (aws) or -o json (kubectl)")
    } else if first.starts_with("NAME ") || first.starts_with("NAMESPACE ") {
        Some("is a table of kubectl: print it with -o json")
    } else if first.starts_with("Name:") && block.contains("\nLabels:") {
        Some("is a description by kubectl: print it with kubectl get -o json instead of kubectl describe")
    } else if first.starts_with("eyJ") && !first.contains(' ') {
        Some("is a token, which is no document: irsa-probe trust-policy takes it by --token-file")
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::Piece::*;
    use super::*;
    use serde_json::json;

    #[test]
    fn documents_are_told_apart_however_they_are_strung_together() {
        let a = || Document(json!({"apiVersion": "v1", "kind": "A"}));
        let (yaml, compact) = ("apiVersion: v1\nkind: A\n", "{\"apiVersion\":\"v1\",\"kind\":\"A\"}");
        let pretty = "{\n    \"apiVersion\": \"v1\",\n    \"kind\": \"A\"\n}\n";
        for text in [
            format!("{pretty}{pretty}"),
            format!("{compact} {compact}"),
            format!("{compact}{compact}\n"),
            format!("{yaml}---\n{yaml}"),
            format!("---\n{yaml}\n---\n---\n{yaml}"),
            format!("{yaml}{yaml}"),
            format!("{yaml}{pretty}"),
            format!("{pretty}{yaml}"),
            format!("{pretty}---\n{yaml}"),
            format!("{yaml}---\n{compact}"),
            format!("{yaml}...\n---\n{compact}"),
            format!("{yaml}{yaml}").replace('\n', "\r\n"),
            format!("{pretty}---\n{yaml}").replace('\n', "\r\n"),
        ] {
            assert_eq!(pieces(&text), [a(), a()], "{text}");
        }
        assert_eq!(pieces("[1]\n"), [Document(json!([1]))]);
        assert_eq!(pieces(" \n"), []);
        assert_eq!(pieces("{\u{201c}a\u{201d}: 1}"), [Fault(TYPOGRAPHIC_QUOTES.to_owned())]);
        assert_eq!(pieces("%7B%7D\n"), [Document(json!("%7B%7D"))]);
    }

    #[test]
    fn what_is_wrong_with_one_leaves_the_others() {
        let text =
            "{\"a\": 1}\n{\n \"b\": \"x\",\n \"b\": 2\n}\n---\nkind: A\nkind: B\n---\na: [\n---\n{\"c\": 3}\n{\"d\":";
        let [Document(_), Fault(twice), Fault(yaml), Fault(open), Document(c), Fault(cut)] = &pieces(text)[..] else {
            panic!("{:#?}", pieces(text));
        };
        assert_eq!(twice, "has the key \"b\" twice in one object, again in line 4");
        assert!(
            yaml.ends_with("again in line 3, counted from line 6") && yaml.contains("has the key \"kind\" twice"),
            "{yaml}"
        );
        assert!(open.contains("neither JSON nor YAML") && open.ends_with("counted from line 9"), "{open}");
        assert_eq!(c, &json!({"c": 3}));
        assert_eq!(cut, "is not whole JSON: see line 13, column 5");
    }

    #[test]
    fn errors_of_commands_stand_for_what_is_not_there() {
        let text = "Warning: v1 ComponentStatus is deprecated in v1.19+\nAn error occurred (NoSuchEntity) when calling the GetRole operation: x\n{\"a\": 1}\nError from server (NotFound): y\nkind: A\n";
        let [Refusal(role), Document(_), Refusal(account), Document(_)] = &pieces(text)[..] else {
            panic!("{:#?}", pieces(text));
        };
        assert!(role.ends_with("operation: x") && account.ends_with(": y"), "{role} {account}");
    }

    #[test]
    fn what_is_meant_for_eyes_is_told_with_the_option_to_use() {
        for (text, said) in [
            ("<!DOCTYPE html>\n<p>Sign in</p>", "HTML"),
            ("---------\n|GetRole|\n+-------+\n", "--output json"),
            ("ROLE\tarn:aws:iam::111122223333:role/a\t/\n", "--output json"),
            ("NAME   READY   STATUS\na   1/1   Running\n", "-o json"),
            ("Name:   a\nNamespace:   b\nLabels:   <none>\n", "describe"),
            ("eyJhbGciOiJSUzI1NiJ9.e30.c2ln\n", "--token-file"),
        ] {
            let [Fault(why)] = &pieces(text)[..] else { panic!("{:#?}", pieces(text)) };
            assert!(why.contains(said) && !why.contains("c2ln"), "{why}");
        }
    }
}
