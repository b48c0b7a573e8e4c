//! A YAML list from kubectl or helm: its items follow a line `items:`, and each is parsed separately. Indentation shows
//! where an item ends ("Block sequences" of the YAML specification).

use super::piece::{MAX_BYTES, Piece};
use super::source::{Boundary, NOT_UTF8, Stream, placed};
use crate::documents::yaml;
use serde_json::Value;

impl Stream<'_> {
    /// Reads a list. Without one, reads nothing and returns false.
    pub(super) fn yaml_list(&mut self) -> bool {
        let Some((start, mut boundary)) = self.start_of_items() else { return false };
        let mut around = self.window.rest()[..start].to_vec();
        let Ok(head) = only_document(&around) else { return false };
        self.window.take(start);
        self.put(Piece::List(head));
        let mut indent = None;
        while self.yaml_item(&mut indent, &mut boundary) {}
        loop {
            let end = self.window.end_of_line(0, MAX_BYTES);
            let line = &self.window.rest()[..end];
            if end == 0 || boundary.is_crossed_by(line) {
                break;
            }
            if around.len() + end > MAX_BYTES {
                self.put(Piece::ListEnd(None));
                self.too_large(self.window.lines);
                self.skip_to_boundary(0);
                return true;
            }
            around.extend_from_slice(line);
            self.window.take(end);
        }
        match only_document(&around) {
            Ok(list) => self.put(Piece::ListEnd(Some(list))),
            Err(why) => {
                self.put(Piece::ListEnd(None));
                self.put(Piece::Fault(format!("{why}, not counting the items")));
            }
        }
        true
    }

    /// Where the first item begins, if this is a list.
    fn start_of_items(&mut self) -> Option<(usize, Boundary)> {
        let mut end = self.window.end_of_line(0, MAX_BYTES);
        let mut boundary = Boundary::after(&self.window.rest()[..end]);
        let mut start = 0;
        while end > start && end <= MAX_BYTES {
            let line = &self.window.rest()[start..end];
            if start > 0 && boundary.is_crossed_by(line) {
                return None;
            }
            if line.trim_ascii_end() == b"items:" {
                return Some((end, boundary));
            }
            start = end;
            end = self.window.end_of_line(start, MAX_BYTES);
        }
        None
    }

    /// Reads one item. Returns false at the end of the list. All items have the same indentation.
    fn yaml_item(&mut self, indent: &mut Option<usize>, boundary: &mut Boundary) -> bool {
        let mut end = self.window.end_of_line(0, MAX_BYTES);
        while end > 0 && is_empty(&self.window.rest()[..end]) {
            self.window.take(end);
            end = self.window.end_of_line(0, MAX_BYTES);
        }
        let first = &self.window.rest()[..end];
        let depth = depth(first);
        if !is_item(&first[depth..]) || *indent.get_or_insert(depth) != depth {
            return false;
        }
        while end <= MAX_BYTES {
            let line_end = self.window.end_of_line(end, MAX_BYTES);
            let line = &self.window.rest()[end..line_end];
            if line.is_empty() || !is_empty(line) && self::depth(line) <= depth || boundary.is_crossed_by(line) {
                self.put_item(end);
                self.window.take(end);
                return true;
            }
            end = line_end;
        }
        self.too_large(self.window.lines);
        loop {
            self.window.take(end);
            end = self.window.end_of_line(0, MAX_BYTES);
            let line = &self.window.rest()[..end];
            if line.is_empty() || !is_empty(line) && self::depth(line) <= depth || boundary.is_crossed_by(line) {
                return true;
            }
        }
    }

    fn put_item(&mut self, end: usize) {
        let items = match std::str::from_utf8(&self.window.rest()[..end]) {
            Ok(text) => yaml::documents(text).map_err(|why| placed(why, self.window.lines)),
            Err(_) => Err(NOT_UTF8.to_owned()),
        };
        match items {
            Err(why) => self.put(Piece::Fault(why)),
            Ok(lists) => {
                let items = lists.into_iter().flat_map(|list| match list {
                    Value::Array(items) => items,
                    other => vec![other],
                });
                items.for_each(|item| self.put(Piece::Document(item)));
            }
        }
    }
}

/// Empty, or a comment.
fn is_empty(line: &[u8]) -> bool {
    line.trim_ascii().first().is_none_or(|first| *first == b'#')
}

fn depth(line: &[u8]) -> usize {
    line.iter().take_while(|byte| **byte == b' ').count()
}

fn is_item(line: &[u8]) -> bool {
    line.strip_prefix(b"-").is_some_and(|rest| rest.first().is_none_or(u8::is_ascii_whitespace))
}

fn only_document(bytes: &[u8]) -> Result<Value, String> {
    let text = std::str::from_utf8(bytes).map_err(|_| NOT_UTF8.to_owned())?;
    yaml::documents(text)?.pop().ok_or_else(|| "contains no document".to_owned())
}
