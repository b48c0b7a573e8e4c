//! What an error of AWS, of an SDK, of the operating system or of TLS means: one table, used by the checks (which hand
//! in what the probe saw) and by `explain` (which hands in a text that a user pasted).
//!
//! A text says a [`Symptom`]; local facts ([`Clues`]) narrow it down to ranked [`Candidate`]s. Where they decide, the
//! first candidate is the cause; where they do not, an umbrella code stands for all of them.

mod answers;
mod clock;
mod clues;
mod fixes;
mod heard;
mod judge;
mod local;
mod network;
mod reader;
mod symptoms;
mod table;
mod unwrap;

pub use clock::time_told;
pub use clues::{Clues, VariableState};
pub use fixes::fix;
pub use judge::{finding_cause, judge, pass_unless_said, said};
pub use symptoms::{Symptom, Voice};

use crate::causes::{Candidate, Cause, STS_ANSWER_NOT_UNDERSTOOD};
use crate::probe::evidence::StsError;
use heard::Heard;
use reader::Context;
use std::ops::Range;

/// What one error means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reading {
    pub symptom: Symptom,
    /// Likeliest first, never empty.
    pub candidates: Vec<Candidate>,
    /// Stands for all candidates where nothing decides between them.
    pub umbrella: Option<&'static Cause>,
}

impl Reading {
    fn decided(symptom: Symptom, cause: &'static Cause, why: impl Into<String>) -> Self {
        Self { symptom, candidates: vec![Candidate::new(cause, why)], umbrella: None }
    }

    fn open(symptom: Symptom, umbrella: &'static Cause, candidates: Vec<Candidate>) -> Self {
        Self { symptom, candidates, umbrella: Some(umbrella) }
    }

    /// The cause of the finding: the likeliest where it is decided, else the umbrella.
    pub fn cause(&self) -> &'static Cause {
        let likeliest = self.candidates.first().map(|candidate| candidate.cause);
        self.umbrella.or(likeliest).unwrap_or(&STS_ANSWER_NOT_UNDERSTOOD)
    }

    /// The candidates as a finding shows them; none where the finding itself is the cause.
    pub fn open_candidates(&self) -> Vec<Candidate> {
        self.candidates.iter().filter(|_| self.umbrella.is_some()).cloned().collect()
    }
}

/// What STS's refusal means in the light of all else that was seen.
pub fn read_error(refusal: &StsError, clues: &Clues) -> Reading {
    let StsError { operation, status, code, message, .. } = refusal;
    // Put as an SDK would, so that one table serves.
    let text = format!("operation error STS: {}, status code: {status}, {code}: {message}", operation.name());
    let text = unwrap::unwrap(text.as_bytes()).to_ascii_lowercase();
    let reading = strongest(spoken(&text)).first().map(|(symptom, _)| interpret(*symptom, clues));
    reading.unwrap_or_else(|| answers::unknown(code, message))
}

/// What the errors in a text mean, nearest to the root cause first. Empty where none is known.
pub fn read_text(bytes: &[u8]) -> (Clues, Vec<Reading>) {
    let text = unwrap::unwrap(bytes);
    let mut clues = reader::read(&text);
    let text = text.to_ascii_lowercase();
    let of_sts = spoken(&text).into_iter().filter(|(symptom, place)| belongs(&text, *symptom, place)).collect();
    let mut readings: Vec<Reading> = Vec::new();
    for (symptom, place) in strongest(of_sts) {
        if readings.iter().any(|reading| reading.symptom == symptom) {
            continue;
        }
        if let Context::Sts(host) = reader::context(&text, &place) {
            clues.host = Some(host);
            clues.address = reader::address(&text, &place);
        }
        readings.push(interpret(symptom, &clues));
    }
    (clues, readings)
}

/// A symptom and where a text says it.
type Spoken = (Symptom, Range<usize>);

fn spoken(text: &str) -> Vec<Spoken> {
    let heard = Heard::in_text(text);
    table::rows().flat_map(|row| heard.places(row).into_iter().map(|place| (row.symptom, place))).collect()
}

/// Whether a symptom is about STS or the token: a time-out of some other server is not.
fn belongs(text: &str, symptom: Symptom, place: &Range<usize>) -> bool {
    let context = reader::context(text, place);
    match symptom {
        // An image without trust store shows so at the first server that is called, and some libraries name no host.
        Symptom::TlsAuthority | Symptom::TlsTime => context != Context::OtherHost,
        Symptom::Connecting => matches!(context, Context::Sts(_)) && text.len() - place.end < 120,
        // The nearest host is the proxy's own; an SDK that cannot get past it reaches no STS either.
        Symptom::Proxy if reader::is_about_sts(text, place) => true,
        Symptom::Proxy if context != Context::OtherAws && reader::is_of_an_sdk(text, place) => true,
        _ if symptom.voice() == Voice::Network => matches!(context, Context::Sts(_) | Context::Words),
        _ => true,
    }
}

/// Drops what only wraps or follows another symptom; the rest in the order of [`Voice`], then of the text.
fn strongest(mut spoken: Vec<Spoken>) -> Vec<Spoken> {
    // Of files and of layers, the first that fails is the one.
    for voice in [Voice::Files, Voice::Network, Voice::Elsewhere, Voice::Vague] {
        let first = spoken.iter().map(|(symptom, _)| *symptom).filter(|symptom| symptom.voice() == voice).min();
        spoken.retain(|(symptom, _)| symptom.voice() != voice || Some(*symptom) == first);
    }
    let says = |symptom| spoken.iter().any(|(spoken, _)| *spoken == symptom);
    let speaks = |voice| spoken.iter().any(|(spoken, _)| spoken.voice() == voice);
    let (denied, admission, aws) = (says(Symptom::ExplicitDeny), speaks(Voice::Admission), speaks(Voice::Aws));
    let only_the_chain = spoken.iter().all(|(symptom, _)| symptom.voice() == Voice::Chain);
    spoken.retain(|(symptom, _)| match symptom.voice() {
        Voice::Admission => true,
        _ if admission => false,
        Voice::Aws => !(denied && *symptom == Symptom::NotAuthorized),
        Voice::Vague | Voice::Elsewhere => !aws,
        Voice::Chain => only_the_chain,
        Voice::Files | Voice::Sdk | Voice::Network => true,
    });
    spoken.sort_by_key(|(symptom, place)| (symptom.voice(), place.start));
    spoken
}

fn interpret(symptom: Symptom, clues: &Clues) -> Reading {
    match symptom.voice() {
        Voice::Aws | Voice::Vague | Voice::Elsewhere => answers::interpret(symptom, clues),
        Voice::Network => network::interpret(symptom, clues),
        Voice::Admission | Voice::Files | Voice::Sdk | Voice::Chain => local::interpret(symptom, clues),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::aws::arn::RoleArn;

    #[test]
    fn every_cause_that_the_table_names_has_a_fix() {
        let role = |arn| RoleArn::parse(arn).ok();
        let all = [
            Clues::default(),
            Clues { issuer: Some("https://kubernetes.default.svc".into()), ..Clues::default() },
            Clues { issuer: Some("https://issuer.example.com".into()), ..Clues::default() },
            Clues { audience: Some(vec!["https://kubernetes.default.svc".into()]), ..Clues::default() },
            Clues { host: Some("sts.cn-north.amazonaws.com".into()), ..Clues::default() },
            Clues { host: Some("sts.eu-west1.amazonaws.com".into()), ..Clues::default() },
            Clues {
                host: Some("sts.amazonaws.com".into()),
                role: role("arn:aws-cn:iam::111122223333:role/a"),
                ..Clues::default()
            },
            Clues { region: Some("ap-east-1".into()), ..Clues::default() },
            Clues { caller: Some("arn:aws:iam::111122223333:user/a".into()), ..Clues::default() },
            Clues { caller: Some("arn:aws:sts::111122223333:assumed-role/a/i-0123456789".into()), ..Clues::default() },
            Clues {
                role_variable: VariableState::Set,
                file_variable: VariableState::Set,
                windows: true,
                ..Clues::default()
            },
            Clues { role_variable: VariableState::Empty, file_variable: VariableState::Empty, ..Clues::default() },
        ];
        for row in table::rows() {
            for clues in &all {
                let reading = interpret(row.symptom, clues);
                assert!(!reading.candidates.is_empty(), "{:?}", row.symptom);
                let candidates = reading.candidates.iter().map(|candidate| candidate.cause);
                for cause in candidates.chain([reading.cause()]) {
                    assert!(!fix(cause, clues).text.starts_with("Read the explanation"), "{cause:?} has no fix");
                }
            }
        }
    }

    #[test]
    fn every_phrase_is_as_texts_are_folded() {
        for row in table::rows() {
            for phrase in row.phrases() {
                assert_eq!(unwrap::unwrap(phrase.as_bytes()).to_ascii_lowercase(), phrase);
            }
        }
    }
}
