//! A text taken apart into documents as it is read: what kubectl, aws and people write one after the other into one file
//! or pipe, JSON and YAML mixed, and now and then the error of a command in the place of its answer. Lists are taken apart
//! into their items, so that a document is the most that is ever held.

mod json;
mod list;
mod window;

use super::yaml;
use serde_json::Value;
use std::io::{self, Read};
use window::Window;

/// A larger document is not read; lists may be as long as they like. The most that etcd holds of an object, and so the
/// largest that kubectl prints, is 1.5 MiB ("System limits" of etcd's documentation).
pub(super) const MAX_BYTES: usize = 8 << 20;

/// One thing of a text.
#[cfg_attr(test, derive(Clone))]
#[derive(Debug, PartialEq)]
pub(super) enum Piece {
    Document(Value),
    /// A list, whose items follow as documents, with what stands before them.
    List(Value),
    /// The list ends: all of it but its items, or nothing where it ends in a fault.
    ListEnd(Option<Value>),
    /// What kubectl or aws said instead of a document.
    Error(String),
    /// What is no document, and why.
    Fault(String),
}

/// Whether lists come as one document or as [`Piece::List`].
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Lists {
    Apart,
    Whole,
}

/// What kubectl and aws begin an error with; version 2 of the latter has a word before it.
const REFUSALS: [&str; 3] = ["An error occurred (", "aws: [ERROR]: An error occurred (", "Error from server ("];

/// What kubectl says besides an answer.
const WARNING: &str = "Warning: ";

const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// Gives every piece of a text to `put`; says whether there was anything at all. What is wrong with one piece leaves the
/// others as they are.
///
/// # Errors
/// The text could not be read to its end.
pub(super) fn read(source: &mut dyn Read, lists: Lists, put: &mut dyn FnMut(Piece)) -> io::Result<bool> {
    let mut stream = Stream { window: Window::new(source), lists, put, before: Vec::new() };
    while stream.window.byte(BYTE_ORDER_MARK.len() - 1).is_some() && stream.window.rest().starts_with(BYTE_ORDER_MARK) {
        stream.window.take(BYTE_ORDER_MARK.len());
    }
    let mut is_empty = true;
    loop {
        stream.window.take_blank_lines();
        let blanks = stream.window.rest().iter().take_while(|byte| byte.is_ascii_whitespace()).count();
        match stream.window.byte(blanks) {
            None => break,
            Some(b'{' | b'[' | b'"') => {
                stream.window.take(blanks);
                stream.json();
            }
            Some(_) => stream.block(),
        }
        is_empty = false;
    }
    stream.window.end().map(|()| !is_empty)
}

struct Stream<'s> {
    window: Window<'s>,
    lists: Lists,
    put: &'s mut dyn FnMut(Piece),
    /// What was taken already of a JSON object that turned out to be broken.
    before: Vec<u8>,
}

impl Stream<'_> {
    fn put(&mut self, piece: Piece) {
        (self.put)(piece);
    }

    /// Takes what is not JSON up to where another document begins.
    fn block(&mut self) {
        if self.lists == Lists::Apart && self.yaml_list() {
            return;
        }
        let lines = self.window.lines;
        let (end, is_whole) = self.end_of_block();
        if !is_whole {
            self.too_large(lines);
            return self.skip_to_boundary(end);
        }
        let pieces = pieces(&self.window.rest()[..end], lines);
        pieces.into_iter().for_each(|piece| self.put(piece));
        self.window.take(end);
    }

    fn too_large(&mut self, lines_before: usize) {
        let (line, limit) = (lines_before + 1, MAX_BYTES >> 20);
        self.put(Piece::Fault(format!("holds a document larger than {limit} MiB in line {line}, which is not read")));
    }

    /// Where another document begins, and whether that is before a document gets too large.
    fn end_of_block(&mut self) -> (usize, bool) {
        let mut end = self.window.end_of_line(0, MAX_BYTES);
        let mut boundary = Boundary::after(&self.window.rest()[..end]);
        while end <= MAX_BYTES {
            let line_end = self.window.end_of_line(end, MAX_BYTES);
            let line = &self.window.rest()[end..line_end];
            if line.is_empty() || boundary.is_crossed_by(line) {
                return (end, true);
            }
            end = line_end;
        }
        (end, false)
    }

    /// Takes so many bytes and then all up to where another document begins.
    fn skip_to_boundary(&mut self, length: usize) {
        self.window.take(length);
        let mut boundary = Boundary::after(&[]);
        loop {
            let end = self.window.end_of_line(0, MAX_BYTES);
            if end == 0 || boundary.is_crossed_by(&self.window.rest()[..end]) {
                return;
            }
            self.window.take(end);
        }
    }
}

/// Where, after the first line of a document, another one begins.
struct Boundary {
    has_version: bool,
    /// The first is one line only: what follows is another matter.
    is_said: bool,
}

impl Boundary {
    fn after(first: &[u8]) -> Boundary {
        let first = first.trim_ascii_start();
        Boundary { has_version: first.starts_with(b"apiVersion:"), is_said: is_said(first) }
    }

    fn is_crossed_by(&mut self, line: &[u8]) -> bool {
        let version = line.starts_with(b"apiVersion:");
        // kubectl writes no `---` before what another kubectl wrote.
        let again = version && self.has_version;
        self.has_version |= version;
        line.starts_with(b"{")
            || line.trim_ascii_end() == b"---"
            || line.starts_with(b"--- ")
            || is_said(line)
            || again
            || self.is_said && !line.trim_ascii().is_empty()
    }
}

fn is_said(line: &[u8]) -> bool {
    REFUSALS.iter().chain([&WARNING]).any(|words| line.starts_with(words.as_bytes()))
}

/// What a block is, if it is not JSON; `lines` stand before it.
fn pieces(bytes: &[u8], lines: usize) -> Vec<Piece> {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return vec![Piece::Fault(NOT_UTF8.to_owned())];
    };
    let block = text.trim();
    if REFUSALS.iter().any(|refusal| block.starts_with(refusal)) {
        return vec![Piece::Error(block.to_owned())];
    }
    if block.starts_with(WARNING) {
        // The answer follows.
        return Vec::new();
    }
    if block.starts_with('%') {
        // URL-encoded, as the IAM API sends policies.
        return vec![Piece::Document(block.into())];
    }
    if let Some(what) = foreign(block) {
        return vec![Piece::Fault(what.to_owned())];
    }
    match yaml::documents(text) {
        // `---` at both ends makes empty documents.
        Ok(values) => values.into_iter().filter(|value| !value.is_null()).map(Piece::Document).collect(),
        Err(why) => vec![Piece::Fault(placed(why, lines))],
    }
}

const NOT_UTF8: &str = "is not UTF-8 text";

fn placed(why: String, lines: usize) -> String {
    match lines {
        0 => why,
        _ => format!("{why}, counted from line {}", lines + 1),
    }
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
    use crate::text::json::TYPOGRAPHIC_QUOTES;
    use serde_json::json;

    fn pieces(text: &str) -> Vec<Piece> {
        let mut pieces = Vec::new();
        read(&mut text.as_bytes(), Lists::Apart, &mut |piece| pieces.push(piece)).unwrap();
        pieces
    }

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
        assert_eq!(pieces("[1, [2]]\n"), [Document(json!(1)), Document(json!(2))]);
        assert_eq!(pieces("[]\n"), []);
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
        let [Error(role), Document(_), Error(account), Document(_)] = &pieces(text)[..] else {
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

    /// The pieces of a list whose items are 1 and 2.
    fn list_of_two(head: Value, end: Value) -> [Piece; 4] {
        [List(head), Document(json!({"a": 1})), Document(json!({"a": 2})), ListEnd(Some(end))]
    }

    #[test]
    fn a_list_comes_apart_wherever_its_kind_is() {
        let end = json!({"items": [], "kind": "L", "m": {"items": [3]}});
        let text = r#"{"items": [{"a": 1}, {"a": 2}], "kind": "L", "m": {"items": [3]}}"#;
        assert_eq!(pieces(text), list_of_two(json!({"items": []}), end.clone()));
        let text = r#"{"kind": "L", "m": {"items": [3]}, "items": [ {"a": 1},{"a": 2} ]} "#;
        assert_eq!(pieces(text), list_of_two(end.clone(), end));
        assert_eq!(pieces("{\"items\": []}"), [List(json!({"items": []})), ListEnd(Some(json!({"items": []})))]);
        let (head, end) = (json!({"v": 1, "items": null}), json!({"v": 1, "items": null, "kind": "L"}));
        for text in [
            "v: 1\nitems:\n- a: 1\n- a: 2\nkind: L\n",
            "v: 1\nitems:\n  # two\n  -\n    a: 1\n\n  - {a: 2}\nkind: L",
            "v: 1\r\nitems:\r\n- a: 1\r\n# - a: 3\r\n- a: 2\r\nkind: L\r\n",
        ] {
            assert_eq!(pieces(text), list_of_two(head.clone(), end.clone()), "{text}");
            let both = pieces(&format!("{text}\n---\n{text}"));
            assert_eq!(both, [list_of_two(head.clone(), end.clone()), list_of_two(head.clone(), end.clone())].concat());
        }
        let scalar = json!({"a": "- 1\n# 2\n", "b": ["c"]});
        let text = "items:\n- a: |\n    - 1\n    # 2\n  b:\n  - c\n";
        let whole = json!({"items": null});
        assert_eq!(pieces(text), [List(whole.clone()), Document(scalar), ListEnd(Some(whole))]);
    }

    #[test]
    fn nothing_changes_where_the_reading_pauses() {
        let account = "{\n  \"kind\": \"A\", \"t\": \"\\\"\u{fc}\"}";
        for text in [
            format!("{{\"v\": 1, \"items\": [{account}, {{\"a\": [1.5, null]}}], \"kind\": \"L\"}}\n{account}\n"),
            "v: 1\nitems:\n- a: 1\n\n- a: \u{fc}\n  b:\n  - 2\nkind: L\n---\na: 1\n".to_owned(),
            format!("Warning: x\nError from server (NotFound): y\n{account}\n---\na: [\n{{\"b\": 1, \"b\": 2}}\n[1, 2"),
        ] {
            let whole = pieces(&text);
            for place in 0..text.len() {
                // The line feeds fill up what is read at once, so that it ends there.
                let moved = "\n".repeat(window::CHUNK - place) + &text;
                let moved = pieces(&moved);
                assert_eq!(moved.len(), whole.len(), "{place}: {moved:?}");
                // Faults name lines.
                for (moved, whole) in moved.iter().zip(&whole).filter(|(_, whole)| !matches!(whole, Fault(_))) {
                    assert_eq!(moved, whole, "{place}");
                }
            }
        }
    }

    #[test]
    fn a_broken_item_leaves_the_others() {
        let text = "{\"items\": [{\"a\": 1},\n{\"b\": 1, \"b\": 1}, {\"a\": 2}]}";
        let [List(_), Document(_), Fault(twice), Document(_), ListEnd(Some(_))] = &pieces(text)[..] else {
            panic!("{:#?}", pieces(text));
        };
        assert_eq!(twice, "has the key \"b\" twice in one object, again in line 2");
        let text = "items:\n- a: 1\n- b: [\n- a: 2\n";
        let [List(_), Document(_), Fault(open), Document(_), ListEnd(Some(_))] = &pieces(text)[..] else {
            panic!("{:#?}", pieces(text));
        };
        assert!(open.ends_with("counted from line 3"), "{open}");
        // A list that breaks off says nothing of what it holds.
        for text in ["{\"items\": [{\"a\": 1},", "{\"items\": [{\"a\": 1} {", "{\"items\": [{\"a\": 1}], \"b\": }"] {
            let all = pieces(text);
            assert_eq!(all[..3], [List(json!({"items": []})), Document(json!({"a": 1})), ListEnd(None)], "{all:?}");
            assert!(matches!(all[3..], [Fault(_)]), "{all:?}");
        }
    }

    #[test]
    fn what_is_too_large_is_passed_over_without_being_held() {
        let large = "x".repeat(MAX_BYTES);
        for text in [
            format!("{{\"a\": \"{large}\"}}\n---\nb: 1"),
            format!("{{\"a\":\n\"{large}\"}}\n{{\"b\": 1}}"),
            format!("a: {large}\n---\nb: 1"),
            format!("a:\n- {large}\n---\nb: 1"),
        ] {
            let all = pieces(&text);
            let [Fault(why), Document(b)] = &all[..] else { panic!("{}", all.len()) };
            assert!(why.starts_with("holds a document larger than 8 MiB in line 1"), "{why}");
            assert_eq!(b, &json!({"b": 1}));
        }
        let all = pieces(&format!("items:\n- a: {large}\n- a: 2\n"));
        assert!(matches!(&all[..], [List(_), Fault(_), Document(_), ListEnd(Some(_))]), "{}", all.len());
    }
}
