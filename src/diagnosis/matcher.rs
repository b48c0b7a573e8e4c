//! Which sayings of the causes a text has, and where. All phrases are found in one pass, so that the cost depends on the
//! length of the text, however often it repeats itself.

use crate::causes::{CAUSES, Priority, Saying, Wording};
use std::collections::HashMap;
use std::mem::discriminant;
use std::ops::Range;
use std::sync::LazyLock;

/// How far apart the phrases of one statement may be, in bytes.
const NEAR: usize = 400;

/// How many places of one phrase count: logs repeat themselves.
const MAX_PLACES: usize = 32;

/// A saying and where a text has it.
#[derive(Clone)]
pub(crate) struct Spoken {
    pub saying: &'static Saying,
    pub place: Range<usize>,
}

/// All sayings of all causes, in the order of the registry.
pub(crate) fn sayings() -> impl Iterator<Item = &'static Saying> {
    CAUSES.iter().flat_map(|cause| cause.says)
}

/// The sayings in a text. `text` is lower case.
pub(crate) fn spoken(text: &str) -> Vec<Spoken> {
    let found = Found::in_text(text);
    let places = |saying: &'static Saying| saying.wordings.iter().flat_map(|wording| found.places(wording));
    sayings().flat_map(|saying| places(saying).map(move |place| Spoken { saying, place }).collect::<Vec<_>>()).collect()
}

/// Drops what only wraps or follows another saying; the rest in the order of [`Priority`], then of the text.
pub(crate) fn strongest(mut spoken: Vec<Spoken>) -> Vec<Spoken> {
    let firsts: Vec<Priority> = spoken.iter().map(|one| first_of(one.saying.priority, &spoken)).collect();
    let mut firsts = firsts.into_iter();
    spoken.retain(|one| firsts.next() == Some(one.saying.priority));
    let priorities: Vec<Priority> = spoken.iter().map(|one| one.saying.priority).collect();
    let has = |priority| priorities.contains(&priority);
    let (admission, aws) = (has(Priority::Admission), has(Priority::Aws));
    let only_the_chain = priorities.iter().all(|priority| matches!(priority, Priority::Chain(_)));
    let general: Vec<&Saying> =
        spoken.iter().filter_map(|one| one.saying.instead_of).flat_map(|cause| cause.says).collect();
    spoken.retain(|Spoken { saying, .. }| match saying.priority {
        Priority::Admission => true,
        _ if admission || general.iter().any(|general| std::ptr::eq(*general, *saying)) => false,
        Priority::Vague(_) | Priority::Elsewhere(_) => !aws,
        Priority::Chain(_) => only_the_chain,
        Priority::Aws | Priority::File(_) | Priority::Sdk | Priority::Network(_) => true,
    });
    spoken.sort_by_key(|one| (one.saying.priority, one.place.start));
    spoken
}

/// The first of those that the same speaker says.
fn first_of(priority: Priority, spoken: &[Spoken]) -> Priority {
    let same =
        spoken.iter().map(|one| one.saying.priority).filter(|other| discriminant(other) == discriminant(&priority));
    same.min().unwrap_or(priority)
}

/// The phrases by their first byte, in order.
static PHRASES: LazyLock<[Vec<&'static str>; 256]> = LazyLock::new(|| {
    let mut phrases = [const { Vec::new() }; 256];
    for phrase in sayings().flat_map(Saying::phrases) {
        phrases[usize::from(phrase.as_bytes()[0])].push(phrase);
    }
    for phrases in &mut phrases {
        phrases.sort_unstable();
        phrases.dedup();
    }
    phrases
});

/// Where each phrase begins in one text.
struct Found(HashMap<&'static str, Vec<usize>>);

impl Found {
    /// Phrases count as whole words: `expiredtoken` is not in `expiredtokenexception`.
    fn in_text(text: &str) -> Found {
        let bytes = text.as_bytes();
        // Whether two bytes are of the same word.
        let joins = |at: usize| {
            let pair = at.checked_sub(1).and_then(|before| bytes.get(before..=at));
            pair.is_some_and(|pair| pair.iter().all(u8::is_ascii_alphanumeric))
        };
        let mut found: HashMap<&str, Vec<usize>> = HashMap::new();
        for (at, first) in bytes.iter().enumerate().filter(|(at, _)| !joins(*at)) {
            // Those that begin as the text does here; the one that ends first stands first.
            let mut phrases = PHRASES[usize::from(*first)].as_slice();
            for length in 1.. {
                let Some(phrase) = phrases.first() else { break };
                if phrase.len() == length && !joins(at + length) {
                    found.entry(*phrase).or_default().push(at);
                }
                let Some(next) = bytes.get(at + length) else { break };
                let beyond = |phrase: &&str| phrase.as_bytes().get(length) > Some(next);
                let before = |phrase: &&str| phrase.as_bytes().get(length) < Some(next);
                phrases = &phrases[phrases.partition_point(before)..phrases.partition_point(|it| !beyond(it))];
            }
        }
        Found(found)
    }

    /// Where the text has a wording.
    fn places(&self, wording: &Wording) -> Vec<Range<usize>> {
        let said: Vec<Phrase> = self.said_of(wording.says).collect();
        if said.is_empty() {
            return Vec::new();
        }
        let near: Vec<Vec<Phrase>> = wording.near.iter().map(|group| self.said_of(group).collect()).collect();
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

    /// Those of some phrases that the text has.
    fn said_of<'h>(&'h self, phrases: &'static [&'static str]) -> impl Iterator<Item = Phrase<'h>> {
        phrases.iter().filter_map(|phrase| Some((*phrase, self.0.get(phrase)?.as_slice())))
    }
}

/// A phrase and where it begins in the text.
type Phrase<'h> = (&'static str, &'h [usize]);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::causes::{any, with};

    #[test]
    fn a_phrase_is_found_as_whole_words_anywhere() {
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
            let found = Found::in_text(text).places(&any(&["expiredtoken"]));
            assert_eq!(found.iter().map(|place| place.start).collect::<Vec<_>>(), places, "{text}");
        }
    }

    #[test]
    fn all_phrases_are_found_at_once() {
        let text = sayings().flat_map(Saying::phrases).collect::<Vec<_>>().join("\n");
        let found = Found::in_text(&text);
        for phrase in sayings().flat_map(Saying::phrases) {
            let places = &found.0[phrase];
            assert!(places.iter().all(|at| text[*at..].starts_with(phrase)), "{phrase}");
        }
    }

    #[test]
    fn parts_of_a_statement_may_be_before_and_after_it_but_not_far() {
        let wording = with(&["throttling"], &[&["assumerole", "securitytoken"], &["sts"]]);
        let far = " ".repeat(NEAR);
        for (text, said) in [
            ("sts assumerole throttling".to_owned(), true),
            ("throttling sts securitytoken".to_owned(), true),
            ("throttling sts".to_owned(), false),
            (format!("sts assumerole{far}throttling"), false),
            (format!("throttling{far} sts assumerole"), false),
        ] {
            assert_eq!(!Found::in_text(&text).places(&wording).is_empty(), said, "{text}");
        }
    }

    #[test]
    fn a_log_that_repeats_itself_says_no_more() {
        let log = "rate exceeded ".repeat(1_000);
        assert_eq!(Found::in_text(&log).places(&any(&["rate exceeded"])).len(), MAX_PLACES);
    }

    #[test]
    fn every_phrase_is_as_texts_are_folded() {
        for phrase in sayings().flat_map(Saying::phrases) {
            assert_eq!(crate::text::unwrap::unwrap(phrase.as_bytes()).to_ascii_lowercase(), phrase);
        }
    }

    /// Of two that are equal in rank, neither would be dropped.
    #[test]
    fn each_rank_is_given_once() {
        let mut ranks: Vec<Priority> = sayings().map(|saying| saying.priority).collect();
        ranks.retain(|priority| !matches!(priority, Priority::Aws | Priority::Sdk));
        ranks.sort();
        assert!(ranks.windows(2).all(|pair| pair[0] != pair[1]), "{ranks:?}");
    }
}
