//! Reads a text document by document: what kubectl, aws and people write one after the other into a file or pipe, JSON and
//! YAML mixed, with an error of a command in place of its output. Lists are read item by item, so that no more than one
//! document is in memory.

mod block;
mod json;
mod piece;
mod scan;
mod source;
#[cfg(test)]
mod tests;
mod window;
mod yaml_list;

pub(super) use piece::{Lists, Piece};

use source::Stream;
use std::io::{self, Read};
use window::Window;

const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// Passes every piece of a text to `put`. Returns whether there was any. A fault of one piece does not affect the others.
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
