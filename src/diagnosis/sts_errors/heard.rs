//! Where a text says what: all phrases of the table are found in one pass, so that a text costs what its length is,
//! however often it repeats itself.

use super::symptoms::Row;
use super::table;
use std::collections::HashMap;
use std::ops::Range;
use std::sync::LazyLock;

/// How far apart the phrases of one statement may be, in bytes.
const NEAR: usize = 400;

/// How many places of one phrase are told: logs repeat themselves.
const MAX_PLACES: usize = 32;

/// The table's phrases by their first byte, in order.
static PHRASES: LazyLock<[Vec<&'static str>; 256]> = LazyLock::new(|| {
    let mut phrases = [const { Vec::new() }; 256];
    for phrase in table::rows().flat_map(Row::phrases) {
        phrases[usize::from(phrase.as_bytes()[0])].push(phrase);
    }
    for phrases in &mut phrases {
        phrases.sort_unstable();
        phrases.dedup();
    }
    phrases
});

/// Where each phrase of the table begins in one text.
pub struct Heard(HashMap<&'static str, Vec<usize>>);

impl Heard {
    /// `text` is lower case. Phrases count as whole words: `expiredtoken` is not in `expiredtokenexception`.
    pub fn in_text(text: &str) -> Heard {
        let bytes = text.as_bytes();
        // Whether two bytes are of the same word.
        let joins = |at: usize| {
            let pair = at.checked_sub(1).and_then(|before| bytes.get(before..=at));
            pair.is_some_and(|pair| pair.iter().all(u8::is_ascii_alphanumeric))
        };
        let mut heard: HashMap<&str, Vec<usize>> = HashMap::new();
        for (at, first) in bytes.iter().enumerate().filter(|(at, _)| !joins(*at)) {
            // Those that begin as the text does here; the one that ends first stands first.
            let mut phrases = PHRASES[usize::from(*first)].as_slice();
            for length in 1.. {
                let Some(phrase) = phrases.first() else { break };
                if phrase.len() == length && !joins(at + length) {
                    heard.entry(*phrase).or_default().push(at);
                }
                let Some(next) = bytes.get(at + length) else { break };
                let beyond = |phrase: &&str| phrase.as_bytes().get(length) > Some(next);
                let before = |phrase: &&str| phrase.as_bytes().get(length) < Some(next);
                phrases = &phrases[phrases.partition_point(before)..phrases.partition_point(|it| !beyond(it))];
            }
        }
        Heard(heard)
    }

    /// Where the text says a row of the table.
    pub fn places(&self, row: &Row) -> Vec<Range<usize>> {
        let said: Vec<Phrase> = self.said_of(row.says).collect();
        if said.is_empty() {
            return Vec::new();
        }
        let near: Vec<Vec<Phrase>> = row.near.iter().map(|group| self.said_of(group).collect()).collect();
        let is_near = |place: &Range<usize>, (phrase, starts): &Phrase| {
            let first = starts.partition_point(|at| *at < place.start.saturating_sub(NEAR));
            starts.get(first).is_some_and(|at| at + phrase.len() <= place.end + NEAR)
        };
        let is_said = |place: &Range<usize>| near.iter().all(|group| group.iter().any(|phrase| is_near(place, phrase)));
        let places = said.into_iter().flat_map(|(phrase, starts)| {
            let places = starts.iter().map(|at| *at..at + phrase.len());
            places.filter(is_said).take(MAX_PLACES)
        });
        places.collect()
    }

    /// Those of some phrases that the text says.
    fn said_of<'h>(&'h self, phrases: &'static [&'static str]) -> impl Iterator<Item = Phrase<'h>> {
        phrases.iter().filter_map(|phrase| Some((*phrase, self.0.get(phrase)?.as_slice())))
    }
}

/// A phrase and where it begins in the text.
type Phrase<'h> = (&'static str, &'h [usize]);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnosis::sts_errors::symptoms::Symptom;

    fn row(says: &'static [&'static str], near: &'static [&'static [&'static str]]) -> Row {
        Row { symptom: Symptom::Throttled, says, near }
    }

    #[test]
    fn a_phrase_is_heard_wherever_it_stands_as_whole_words() {
        for (text, places) in [
            ("expiredtoken", vec![0]),
            ("expiredtoken expiredtoken", vec![0, 13]),
            ("an expiredtokenexception", vec![]),
            ("unexpiredtoken", vec![]),
            ("\u{e9}expiredtoken\u{e9}", vec![2]),
            ("_expiredtoken(", vec![1]),
            ("expiredtoke", vec![]),
            ("", vec![]),
        ] {
            let heard = Heard::in_text(text).places(&row(&["expiredtoken"], &[]));
            assert_eq!(heard.iter().map(|place| place.start).collect::<Vec<_>>(), places, "{text}");
        }
    }

    #[test]
    fn all_phrases_are_heard_at_once() {
        let text = table::rows().flat_map(Row::phrases).collect::<Vec<_>>().join("\n");
        let heard = Heard::in_text(&text);
        for phrase in table::rows().flat_map(Row::phrases) {
            let places = &heard.0[phrase];
            assert!(places.iter().all(|at| text[*at..].starts_with(phrase)), "{phrase}");
        }
    }

    #[test]
    fn what_belongs_to_a_statement_may_stand_before_and_behind_it_but_not_far() {
        let row = row(&["throttling"], &[&["assumerole", "securitytoken"], &["sts"]]);
        let far = " ".repeat(NEAR);
        for (text, said) in [
            ("sts assumerole throttling".to_owned(), true),
            ("throttling sts securitytoken".to_owned(), true),
            ("throttling sts".to_owned(), false),
            (format!("sts assumerole{far}throttling"), false),
            (format!("throttling{far} sts assumerole"), false),
        ] {
            assert_eq!(!Heard::in_text(&text).places(&row).is_empty(), said, "{text}");
        }
    }

    #[test]
    fn a_log_that_repeats_itself_tells_no_more() {
        let log = "rate exceeded ".repeat(1_000);
        assert_eq!(Heard::in_text(&log).places(&row(&["rate exceeded"], &[])).len(), MAX_PLACES);
    }
}
