//! Finds the values in a text in one pass, whatever their number.

use super::forms::Stream;
use super::{LONG, Value, Whose};
use std::ops::Range;

/// Values are found by blocks of so many bytes.
const BLOCK: usize = 8;

/// The blocks of all values, in a table with linear probing: most of a text is passed over by one look into it. Of a
/// long value every eighth block is enough: 15 bytes of it in a row hold a whole one.
pub(super) struct Index {
    values: Vec<Folded>,
    /// 0 where there is none: no value holds a zero.
    blocks: Box<[u64]>,
    /// Which value each is of, and where in it.
    places: Box<[(u32, u32)]>,
    shift: u32,
}

struct Folded {
    bytes: Vec<u8>,
    /// So much of it in a row counts as found.
    shortest: usize,
}

impl Index {
    pub(super) fn of(values: &[Value]) -> Index {
        let mut folded = Vec::new();
        for value in values {
            folded.extend(value.folded().into_iter().map(|bytes| Folded {
                shortest: if value.whole { bytes.len() } else { bytes.len().min(LONG) },
                bytes,
            }));
        }
        let count: usize = folded.iter().map(|value| value.bytes.len() / BLOCK).sum();
        let size = (count * 2 + 1).next_power_of_two().max(2);
        let (mut blocks, mut places) = (vec![0; size].into_boxed_slice(), vec![(0, 0); size].into_boxed_slice());
        let shift = 64 - size.trailing_zeros();
        for (number, value) in folded.iter().enumerate() {
            for (place, block) in value.bytes.as_chunks().0.iter().enumerate() {
                let block = u64::from_be_bytes(*block);
                let from = slot(block, shift);
                // Half of the table is free.
                let slots = blocks[from..].iter().chain(&blocks[..from]);
                let slot = (from + slots.take_while(|there| **there != 0).count()) & (size - 1);
                blocks[slot] = block;
                places[slot] = (number as u32, (place * BLOCK) as u32);
            }
        }
        Index { values: folded, blocks, places, shift }
    }

    /// Whether the block is of a value.
    pub(super) fn has(&self, block: u64) -> bool {
        // The one line that a whole report goes through.
        let mut slot = slot(block, self.shift);
        loop {
            match self.blocks[slot] {
                0 => return false,
                there if there == block => return true,
                _ => slot = (slot + 1) & (self.blocks.len() - 1),
            }
        }
    }

    /// The parts of the text where it holds values.
    pub(super) fn find(&self, stream: &Stream, whose: Whose, found: &mut Vec<Range<usize>>) {
        let text = &stream.bytes;
        let (mut block, mut found_to) = (0_u64, 0);
        for (at, byte) in text.iter().enumerate() {
            block = block << 8 | u64::from(byte.to_ascii_lowercase());
            if at + 1 < found_to + BLOCK {
                continue;
            }
            let hits = self.at(block).filter_map(|(number, offset)| {
                let value = &self.values[number as usize];
                let long_enough = value.bytes.len() >= whose.shortest();
                let range = extended(&value.bytes, offset as usize, text, at + 1 - BLOCK);
                let apart = value.bytes.len() >= LONG || stream.is_apart(&range);
                (long_enough && range.len() >= value.shortest && apart).then_some(range)
            });
            if let Some(longest) = hits.max_by_key(Range::len) {
                found_to = longest.end;
                found.push(stream.source(&longest));
            }
        }
    }

    fn at(&self, block: u64) -> impl Iterator<Item = (u32, u32)> {
        let from = slot(block, self.shift);
        let slots = (from..self.blocks.len()).chain(0..from).take_while(|slot| self.blocks[*slot] != 0);
        slots.filter(move |slot| self.blocks[*slot] == block).map(|slot| self.places[slot])
    }
}

/// Where in the table a block is looked for first: Fibonacci hashing.
fn slot(block: u64, shift: u32) -> usize {
    (block.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> shift) as usize
}

/// The block of `value` at `offset` is in `text` at `place`: how far they are the same to both sides.
fn extended(value: &[u8], offset: usize, text: &[u8], place: usize) -> Range<usize> {
    let same = |(one, other): &(&u8, &u8)| **one == other.to_ascii_lowercase();
    let before = value[..offset].iter().rev().zip(text[..place].iter().rev()).take_while(same).count();
    let behind = value[offset + BLOCK..].iter().zip(&text[place + BLOCK..]).take_while(same).count();
    place - before..place + BLOCK + behind
}
