//! Texts and their pieces.

use super::piece::MAX_BYTES;
use super::piece::Piece::*;
use super::*;
use crate::text::json::TYPOGRAPHIC_QUOTES;
use serde_json::{Value, json};

fn pieces(text: &str) -> Vec<Piece> {
    let mut pieces = Vec::new();
    read(&mut text.as_bytes(), Lists::Apart, &mut |piece| pieces.push(piece)).unwrap();
    pieces
}

#[test]
fn documents_are_separated_however_they_are_concatenated() {
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
fn a_fault_of_one_document_does_not_affect_the_others() {
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
    assert_eq!(cut, "is not complete JSON: see line 13, column 5");
}

#[test]
fn errors_of_commands_are_pieces() {
    let text = "Warning: v1 ComponentStatus is deprecated in v1.19+\nAn error occurred (NoSuchEntity) when calling the GetRole operation: x\n{\"a\": 1}\nError from server (NotFound): y\nkind: A\n";
    let [Error(role), Document(_), Error(account), Document(_)] = &pieces(text)[..] else {
        panic!("{:#?}", pieces(text));
    };
    assert!(role.ends_with("operation: x") && account.ends_with(": y"), "{role} {account}");
}

#[test]
fn output_for_people_is_rejected_with_the_option_to_use() {
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
fn a_list_is_read_item_by_item_wherever_its_kind_is() {
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
fn the_size_of_a_read_changes_nothing() {
    let account = "{\n  \"kind\": \"A\", \"t\": \"\\\"\u{fc}\"}";
    for text in [
        format!("{{\"v\": 1, \"items\": [{account}, {{\"a\": [1.5, null]}}], \"kind\": \"L\"}}\n{account}\n"),
        "v: 1\nitems:\n- a: 1\n\n- a: \u{fc}\n  b:\n  - 2\nkind: L\n---\na: 1\n".to_owned(),
        format!("Warning: x\nError from server (NotFound): y\n{account}\n---\na: [\n{{\"b\": 1, \"b\": 2}}\n[1, 2"),
    ] {
        let whole = pieces(&text);
        for place in 0..text.len() {
            // The line feeds fill one read up to this place.
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
fn a_broken_item_does_not_affect_the_others() {
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
    // An incomplete list does not show what does not exist.
    for text in ["{\"items\": [{\"a\": 1},", "{\"items\": [{\"a\": 1} {", "{\"items\": [{\"a\": 1}], \"b\": }"] {
        let all = pieces(text);
        assert_eq!(all[..3], [List(json!({"items": []})), Document(json!({"a": 1})), ListEnd(None)], "{all:?}");
        assert!(matches!(all[3..], [Fault(_)]), "{all:?}");
    }
}

#[test]
fn a_document_that_is_too_large_is_skipped_without_being_in_memory() {
    let large = "x".repeat(MAX_BYTES);
    for text in [
        format!("{{\"a\": \"{large}\"}}\n---\nb: 1"),
        format!("{{\"a\":\n\"{large}\"}}\n{{\"b\": 1}}"),
        format!("a: {large}\n---\nb: 1"),
        format!("a:\n- {large}\n---\nb: 1"),
    ] {
        let all = pieces(&text);
        let [Fault(why), Document(b)] = &all[..] else { panic!("{}", all.len()) };
        assert!(why.starts_with("contains a document larger than 8 MiB in line 1"), "{why}");
        assert_eq!(b, &json!({"b": 1}));
    }
    let all = pieces(&format!("items:\n- a: {large}\n- a: 2\n"));
    assert!(matches!(&all[..], [List(_), Fault(_), Document(_), ListEnd(Some(_))]), "{}", all.len());
}
