//! JSON: the end of a value is found before it is parsed, so that lists are parsed item by item.

use super::piece::{Lists, MAX_BYTES, Piece};
use super::scan::Cut;
use super::source::{NOT_UTF8, Stream};
use crate::text::json::{MAX_VALUES, TYPOGRAPHIC_QUOTES, Unique, has_too_many_values, has_typographic_quotes};
use memchr::memchr_iter;
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::Value;
use std::borrow::Cow;
use std::mem;

/// How deep lists in lists are read item by item.
const MAX_LISTS: usize = 3;

impl Stream<'_> {
    /// Reads one value. A broken one ends where the next document begins.
    pub(super) fn json(&mut self) {
        self.before.clear();
        let Err(cut) = self.value(0) else { return };
        let lines = self.window.lines;
        let (said, is_cut_off) = self.fault(&cut);
        match cut {
            Cut::TooLarge if is_cut_off => {
                self.too_large(lines);
                self.skip_to_boundary(MAX_BYTES);
            }
            Cut::Refused(end) => {
                self.put(Piece::Fault(said));
                self.window.take(end);
            }
            Cut::Broken | Cut::TooLarge => {
                let (end, is_whole) = self.end_of_block();
                let block = String::from_utf8_lossy(&self.window.rest()[..end]);
                let is_typographic = has_typographic_quotes(&block);
                self.put(Piece::Fault(if is_typographic { TYPOGRAPHIC_QUOTES.to_owned() } else { said }));
                if is_whole { self.window.take(end) } else { self.skip_to_boundary(end) }
            }
        }
    }

    fn value(&mut self, depth: usize) -> Result<(), Cut> {
        let is_by_item = self.lists == Lists::Apart && depth < MAX_LISTS;
        match self.window.byte(0) {
            Some(b'[') if is_by_item => {
                self.window.take(1);
                self.items(depth)
            }
            Some(b'{') if is_by_item => self.object(depth),
            _ => {
                let end = self.window.end_of_value(0)?;
                self.whole(end)
            }
        }
    }

    /// Reads a value that ends there as one document.
    fn whole(&mut self, end: usize) -> Result<(), Cut> {
        let value = self.parsed(&[], end)?;
        self.put(Piece::Document(value));
        self.window.take(end);
        Ok(())
    }

    /// The value that ends there and begins with `before`.
    fn parsed(&self, before: &[u8], end: usize) -> Result<Value, Cut> {
        let rest = &self.window.rest()[..end];
        let text = if before.is_empty() { Cow::Borrowed(rest) } else { Cow::Owned([before, rest].concat()) };
        if has_too_many_values(&text) {
            return Err(Cut::Refused(end));
        }
        match serde_json::from_slice(&text) {
            Ok(Unique(value)) => Ok(value),
            Err(error) if error.is_data() => Err(Cut::Refused(end)),
            Err(_) => Err(Cut::Broken),
        }
    }

    /// Reads the items after the bracket of a list.
    fn items(&mut self, depth: usize) -> Result<(), Cut> {
        self.window.take_space();
        if self.window.byte(0) == Some(b']') {
            self.window.take(1);
            return Ok(());
        }
        loop {
            match self.value(depth + 1) {
                // The other items are still valid.
                Err(cut @ Cut::Refused(end)) => {
                    let (said, _) = self.fault(&cut);
                    self.put(Piece::Fault(said));
                    self.window.take(end);
                }
                taken => taken?,
            }
            self.window.take_space();
            let next = self.window.byte(0);
            if !matches!(next, Some(b',' | b']')) {
                return Err(Cut::Broken);
            }
            self.window.take(1);
            if next == Some(b']') {
                return Ok(());
            }
            self.window.take_space();
        }
    }

    fn object(&mut self, depth: usize) -> Result<(), Cut> {
        // What was read already, without the items.
        let mut before = Vec::new();
        let end = self.members(depth, &mut before);
        if before.is_empty() {
            return end.and_then(|end| self.whole(end));
        }
        let list = end.and_then(|end| Ok((self.parsed(&before, end)?, end)));
        match list {
            Ok((list, end)) => {
                self.put(Piece::ListEnd(Some(list)));
                self.window.take(end);
                Ok(())
            }
            Err(cut) => {
                self.put(Piece::ListEnd(None));
                self.before = before;
                Err(cut)
            }
        }
    }

    /// Where the object ends. If it is a list, reads its items, and puts what precedes them into `before`.
    fn members(&mut self, depth: usize, before: &mut Vec<u8>) -> Result<usize, Cut> {
        let mut place = 1;
        loop {
            let key = self.window.space(place);
            match self.window.byte(key) {
                Some(b'}') => return Ok(key + 1),
                Some(b'"') => place = self.window.end_of_value(key)?,
                _ => return Err(Cut::Broken),
            }
            let is_items = &self.window.rest()[key..place] == b"\"items\"";
            place = self.window.space(place);
            if self.window.byte(place) != Some(b':') {
                return Err(Cut::Broken);
            }
            place = self.window.space(place + 1);
            if is_items && self.window.byte(place) == Some(b'[') {
                self.begin_list(place + 1, before)?;
                if let Err(cut) = self.items(depth) {
                    // The broken part is an item.
                    before.clear();
                    self.put(Piece::ListEnd(None));
                    return Err(cut);
                }
                before.push(b']');
                place = 0;
            } else {
                place = self.window.end_of_value(place)?;
            }
            if before.len() + place > MAX_BYTES {
                return Err(Cut::TooLarge);
            }
            place = self.window.space(place);
            match self.window.byte(place) {
                Some(b',') => place += 1,
                Some(b'}') => {}
                _ => return Err(Cut::Broken),
            }
        }
    }

    /// Reads what precedes the items, if it is complete.
    fn begin_list(&mut self, length: usize, before: &mut Vec<u8>) -> Result<(), Cut> {
        let is_first = before.is_empty();
        let text = [before, &self.window.rest()[..length]].concat();
        let closed = [&text, b"]}".as_slice()].concat();
        if has_too_many_values(&closed) {
            return Err(Cut::TooLarge);
        }
        let Ok(Unique(head)) = serde_json::from_slice(&closed) else { return Err(Cut::Broken) };
        self.window.take(length);
        *before = text;
        if is_first {
            self.put(Piece::List(head));
        }
        Ok(())
    }

    /// What is wrong with a value, and whether it is only that the value is cut off.
    fn fault(&mut self, cut: &Cut) -> (String, bool) {
        let before = mem::take(&mut self.before);
        let rest = self.window.rest();
        let text = [&before, &rest[..rest.len().min(MAX_BYTES)]].concat();
        let lines_before = memchr_iter(b'\n', &before).count();
        let line = |line: usize| (self.window.lines + line).saturating_sub(lines_before);
        let error = match cut {
            Cut::Refused(end) if has_too_many_values(&text[..before.len() + end]) => {
                return (format!("contains a document of more than {MAX_VALUES} values in line {}", line(1)), false);
            }
            Cut::Refused(_) => first_error::<Unique>(&text),
            // Parsed without keeping the value.
            Cut::Broken | Cut::TooLarge => first_error::<IgnoredAny>(&text),
        };
        let Some(error) = error else {
            return (format!("is not complete JSON: see line {}", self.window.lines + 1), false);
        };
        let said = error.to_string();
        let said = match said.rsplit_once(" at line ") {
            Some((what, _)) if error.is_data() => format!("{what} in line {}", line(error.line())),
            _ if std::str::from_utf8(&text).is_err_and(|error| error.error_len().is_some()) => NOT_UTF8.to_owned(),
            _ => format!("is not complete JSON: see line {}, column {}", line(error.line()), error.column()),
        };
        (said, error.is_eof())
    }
}

fn first_error<'t, T: Deserialize<'t>>(text: &'t [u8]) -> Option<serde_json::Error> {
    serde_json::Deserializer::from_slice(text).into_iter::<T>().next()?.err()
}
