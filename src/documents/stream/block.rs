//! A block of lines that is not JSON: a YAML document, an error of a command, or something else.

use super::piece::{Lists, Piece};
use super::source::{ERRORS, NOT_UTF8, Stream, WARNING, placed};
use crate::documents::{described, yaml};

impl Stream<'_> {
    /// Reads a block up to the next document.
    pub(super) fn block(&mut self) {
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
}

/// The pieces of a block that `lines` lines precede.
fn pieces(bytes: &[u8], lines: usize) -> Vec<Piece> {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return vec![Piece::Fault(NOT_UTF8.to_owned())];
    };
    let block = text.trim();
    if ERRORS.iter().any(|error| block.starts_with(error)) {
        return vec![Piece::Error(block.to_owned())];
    }
    if block.starts_with(WARNING) {
        // The output follows.
        return Vec::new();
    }
    if block.starts_with('%') {
        // URL-encoded, as the IAM API returns policies.
        return vec![Piece::Document(block.into())];
    }
    if block.starts_with("Name:")
        && let Some(objects) = described::objects(block)
    {
        return objects.into_iter().map(Piece::Document).collect();
    }
    if let Some(what) = human_output(block) {
        return vec![Piece::Fault(what.to_owned())];
    }
    match yaml::documents(text) {
        // `---` at both ends creates empty documents.
        Ok(values) => values.into_iter().filter(|value| !value.is_null()).map(Piece::Document).collect(),
        Err(why) => vec![Piece::Fault(placed(why, lines))],
    }
}

/// Output that is meant for people, and the option that prints a document instead.
fn human_output(block: &str) -> Option<&'static str> {
    let first = block.lines().next().unwrap_or_default();
    if first.starts_with('<') {
        Some("is HTML or XML, such as the response of a proxy, not output of aws or kubectl")
    } else if first.starts_with("-----") && block.contains('|') {
        Some("is a table from aws: use --output json")
    } else if first.contains('\t') && !first.contains(": ") {
        Some("is text in columns: use --output json (aws) or -o json (kubectl)")
    } else if first.starts_with("NAME ") || first.starts_with("NAMESPACE ") {
        Some("is a table from kubectl: use -o json")
    } else if first.starts_with("Name:") && block.contains("\nLabels:") {
        Some("is output of kubectl describe, which is read for pods and service accounts only: use kubectl get -o json")
    } else if first.starts_with("eyJ") && !first.contains(' ') {
        Some("is a token, not a document: use irsa-probe trust-policy --token-file")
    } else {
        None
    }
}
