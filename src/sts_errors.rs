//! What an error of AWS, of an SDK, of the operating system or of TLS means: one table, used by the checks (which hand
//! in what the probe saw) and by `explain` (which hands in a text that a user pasted).
//!
//! A text says a [`Symptom`]; local facts ([`Clues`]) narrow it down to ranked [`Suspect`]s. Where they decide, the
//! first suspect is the cause; where they do not, an umbrella code stands for all of them.

mod answers;
mod clues;
mod fixes;
mod local;
mod network;
mod reader;
mod symptoms;
mod table;
mod unwrap;

pub use clues::{Clues, Told};
pub use fixes::fix;
pub use symptoms::{Symptom, Voice};

use crate::checks;
use crate::evidence::{Evidence, Refusal};
use crate::finding::Candidate;
use reader::Context;
use std::ops::Range;

/// A possible cause and what speaks for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Suspect {
    pub code: &'static str,
    pub why: String,
}

impl Suspect {
    fn new(code: &'static str, why: impl Into<String>) -> Self {
        Self { code, why: why.into() }
    }
}

/// What one error means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reading {
    pub symptom: Symptom,
    /// Likeliest first, never empty.
    pub suspects: Vec<Suspect>,
    /// The code that stands for all suspects where nothing decides between them.
    pub umbrella: Option<&'static str>,
}

impl Reading {
    fn decided(symptom: Symptom, code: &'static str, why: impl Into<String>) -> Self {
        Self { symptom, suspects: vec![Suspect::new(code, why)], umbrella: None }
    }

    fn open(symptom: Symptom, umbrella: &'static str, suspects: Vec<Suspect>) -> Self {
        Self { symptom, suspects, umbrella: Some(umbrella) }
    }

    /// The code of the finding: the cause where it is decided, else the umbrella.
    pub fn code(&self) -> &'static str {
        self.umbrella.or(self.suspects.first().map(|suspect| suspect.code)).unwrap_or("sts-answer-not-understood")
    }

    /// The suspects as a finding shows them; none where the finding itself is the cause.
    pub fn candidates(&self) -> Vec<Candidate> {
        let suspects = self.suspects.iter().filter(|_| self.umbrella.is_some());
        suspects.filter_map(|suspect| Some(Candidate { cause: checks::cause(suspect.code)?, why: suspect.why.clone() })).collect()
    }
}

/// What STS's refusal means in the light of all else that was seen.
pub fn read_refusal(refusal: &Refusal, clues: &Clues) -> Reading {
    let Refusal { operation, status, code, message, .. } = refusal;
    // Put as an SDK would, so that one table serves.
    let text = format!("operation error STS: {}, status code: {status}, {code}: {message}", operation.name());
    let text = unwrap::unwrap(text.as_bytes()).to_ascii_lowercase();
    let found = strongest(spoken(&text));
    let reading = found.first().map(|(symptom, _)| interpret(*symptom, clues));
    reading.unwrap_or_else(|| answers::unknown(code, message))
}

/// What the probe's refusal means; `None` where STS did not refuse.
pub fn read_evidence(evidence: &Evidence) -> Option<(&Refusal, Reading)> {
    let refusal = evidence.refusal()?;
    Some((refusal, read_refusal(refusal, &Clues::of(evidence))))
}

/// What the errors in a text mean, nearest to the root cause first. Empty where none is known.
pub fn read_text(bytes: &[u8]) -> (Clues, Vec<Reading>) {
    let text = unwrap::unwrap(bytes);
    let mut clues = reader::read(&text);
    let text = text.to_ascii_lowercase();
    let found = strongest(spoken(&text).into_iter().filter(|(symptom, place)| belongs(&text, *symptom, place)).collect());
    let mut readings: Vec<Reading> = Vec::new();
    for (symptom, place) in found {
        if let Context::Sts(host) = reader::context(&text, &place) {
            clues.host = Some(host);
            clues.address = reader::address(&text, &place);
        }
        if !readings.iter().any(|reading| reading.symptom == symptom) {
            readings.push(interpret(symptom, &clues));
        }
    }
    (clues, readings)
}

/// Every symptom that the text says, and where.
fn spoken(text: &str) -> Vec<(Symptom, Range<usize>)> {
    table::TABLE.iter().flat_map(|row| row.places(text).map(|place| (row.symptom, place))).collect()
}

/// Whether a symptom is about STS or the token: a time-out of some other server is not.
fn belongs(text: &str, symptom: Symptom, place: &Range<usize>) -> bool {
    let context = reader::context(text, place);
    match symptom {
        // An image without trust store shows so at the first server that is called, and some libraries name no host.
        Symptom::TlsAuthority | Symptom::TlsTime => context != Context::OtherHost,
        Symptom::Connecting => matches!(context, Context::Sts(_)) && text.len() - place.end < 120,
        _ if symptom.voice() == Voice::Network => matches!(context, Context::Sts(_) | Context::Words),
        _ => true,
    }
}

/// Drops what only wraps or follows another symptom; the rest in the order of [`Voice`], then of the text.
fn strongest(mut found: Vec<(Symptom, Range<usize>)>) -> Vec<(Symptom, Range<usize>)> {
    let strongest_of = |voice: Voice, found: &[(Symptom, Range<usize>)]| {
        found.iter().map(|(symptom, _)| *symptom).filter(|symptom| symptom.voice() == voice).min()
    };
    // Of files and of layers, the first that fails is the one.
    for voice in [Voice::Files, Voice::Network, Voice::Elsewhere, Voice::Vague] {
        if let Some(first) = strongest_of(voice, &found) {
            found.retain(|(symptom, _)| symptom.voice() != voice || *symptom == first);
        }
    }
    let speaks = |voice: Voice, found: &[(Symptom, Range<usize>)]| found.iter().any(|(symptom, _)| symptom.voice() == voice);
    if speaks(Voice::Admission, &found) {
        found.retain(|(symptom, _)| symptom.voice() == Voice::Admission);
    }
    if speaks(Voice::Aws, &found) {
        found.retain(|(symptom, _)| !matches!(symptom.voice(), Voice::Vague | Voice::Elsewhere | Voice::Network));
    }
    if found.iter().any(|(symptom, _)| !matches!(symptom.voice(), Voice::Chain)) {
        found.retain(|(symptom, _)| symptom.voice() != Voice::Chain);
    }
    found.sort_by_key(|(symptom, place)| (symptom.voice(), place.start));
    found
}

fn interpret(symptom: Symptom, clues: &Clues) -> Reading {
    match symptom.voice() {
        Voice::Aws | Voice::Vague | Voice::Elsewhere => answers::interpret(symptom, clues),
        Voice::Network => network::interpret(symptom, clues),
        Voice::Admission | Voice::Files | Voice::Sdk | Voice::Chain => local::interpret(symptom, clues),
    }
}
