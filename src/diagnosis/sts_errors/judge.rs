//! The checks' common ground: what STS answered, and which one finding that is.

use super::{Clues, Reading, Suspect, Symptom, answers, fix, read_refusal};
use crate::causes::{Diagnosis, Outcome};
use crate::probe::evidence::{Alien, CallFault, EndpointSource, Evidence, Seen};

/// Whether the cause (or umbrella) `code` is what the answer of STS means. At most one code is.
pub fn judge(code: &str, evidence: &Evidence) -> Outcome {
    let clues = Clues::of(evidence);
    let (said, reading) = match answer(evidence) {
        Answer::None(why) => return Outcome::Skip(why),
        Answer::Good => return Outcome::Pass,
        Answer::Bad(fault) => match read_fault(fault, evidence, &clues) {
            Some(reading) => (in_words(fault), reading),
            None => return Outcome::skip("STS did not answer"),
        },
    };
    let found = reading.code();
    // What no check of answers looks for is still told: by the last of them.
    let found = if ANSWERED.contains(&found) { found } else { "sts-answer-not-understood" };
    if found != code {
        return Outcome::skip(match answer(evidence) {
            Answer::Bad(CallFault::NotSts(_)) => "something other than STS answered",
            _ => "STS refused for another reason",
        });
    }
    let why = match (reading.suspects.first(), reading.candidates().is_empty()) {
        (Some(suspect), true) => format!(" {}.", sentence(&suspect.why)),
        _ => String::new(),
    };
    let fix = fix(reading.code(), &clues);
    Diagnosis::new(format!("{said}{why}"), fix).could_be(reading.candidates()).into()
}

/// The code that the answer of STS means, cause or umbrella; `None` where it was good or there was none.
pub fn finding_code(evidence: &Evidence) -> Option<&'static str> {
    read_evidence(evidence).map(|reading| reading.code())
}

fn read_evidence(evidence: &Evidence) -> Option<Reading> {
    match answer(evidence) {
        Answer::Bad(fault) => read_fault(fault, evidence, &Clues::of(evidence)),
        Answer::None(_) | Answer::Good => None,
    }
}

/// The codes whose checks look at answers. Every other reading is told by `sts-answer-not-understood`.
const ANSWERED: &[&str] = &[
    "not-authorized",
    "service-account-mismatch",
    "scp-or-boundary-deny",
    "oidc-provider-not-found",
    "issuer-not-public-default",
    "wrong-partition-endpoint",
    "wrong-audience",
    "token-audience-for-other-use",
    "thumbprint-mismatch",
    "verification-key-not-retrieved",
    "issuer-unreachable",
    "idp-rejected-claim",
    "token-expired",
    "token-not-yet-valid",
    "malformed-arn",
    "invalid-session-name",
    "session-duration-exceeds-max",
    "token-file-malformed",
    "region-sts-disabled",
    "throttled",
    "sts-server-error",
    "signed-call-refused",
    "opt-in-region-v1-token",
    "request-clock-skew",
    "sts-endpoint-misconfigured",
];

enum Answer<'e> {
    /// Why there is none.
    None(String),
    Good,
    Bad(&'e CallFault),
}

fn answer(evidence: &Evidence) -> Answer<'_> {
    match (&evidence.session, &evidence.caller) {
        (Seen::Failed(fault), _) | (_, Seen::Failed(fault)) => Answer::Bad(fault),
        (Seen::NotLooked(why), _) | (_, Seen::NotLooked(why)) => Answer::None(why.clone()),
        (Seen::Seen(_), Seen::Seen(_)) => Answer::Good,
    }
}

fn read_fault(fault: &CallFault, evidence: &Evidence, clues: &Clues) -> Option<Reading> {
    match fault {
        CallFault::Refused(refusal) => Some(read_refusal(refusal, clues)),
        CallFault::NotSts(alien) => Some(read_alien(alien, evidence)),
        CallFault::NoAnswer(_) => None,
    }
}

/// Somebody else answered: whom the user put in STS's place, else whoever stands in between.
fn read_alien(alien: &Alien, evidence: &Evidence) -> Reading {
    let endpoint = evidence.endpoint.seen();
    let host = endpoint.map_or("the endpoint", |endpoint| endpoint.host.as_str());
    if let Some(EndpointSource::Override(variable)) = endpoint.map(|endpoint| endpoint.source.clone()) {
        let why = format!("{variable} leads to {host}, which answers as STS never does");
        return Reading::decided(Symptom::NotSts, "sts-endpoint-misconfigured", why);
    }
    if alien.status >= 500 {
        return answers::interpret(Symptom::ServerError, &Clues::default());
    }
    let proxy = match endpoint.and_then(|endpoint| endpoint.proxy.as_deref()) {
        Some(proxy) => format!("the proxy {proxy} may have answered in place of {host}"),
        None => format!("something between here and {host} may have answered: a transparent proxy, a portal, a mesh"),
    };
    let suspects = vec![
        Suspect::new("proxy-interferes", proxy),
        Suspect::new("sts-endpoint-misconfigured", format!("or {host} is not STS, whatever its name says")),
    ];
    Reading::open(Symptom::NotSts, "sts-answer-not-understood", suspects)
}

fn in_words(fault: &CallFault) -> String {
    match fault {
        CallFault::Refused(refusal) => {
            let operation = refusal.operation.name();
            let message = match refusal.message.trim() {
                "" => String::new(),
                message => format!(", {message:?}"),
            };
            format!("STS refused {operation} with {} {}{message}.", refusal.status, refusal.code)
        }
        CallFault::NotSts(alien) => {
            let server = alien.server.as_deref().map(|server| format!(" Its Server header is {server:?}."));
            let server = server.unwrap_or_default();
            format!("{} was answered with status {} {}.{server}", alien.operation.name(), alien.status, alien.kind)
        }
        CallFault::NoAnswer(_) => "STS did not answer.".to_owned(),
    }
}

/// A clause as a sentence's beginning.
fn sentence(clause: &str) -> String {
    let mut characters = clause.chars();
    characters.next().map_or_else(String::new, |first| first.to_uppercase().chain(characters).collect())
}

/// For checks that look at more than the answer: the fault, if the answer alone decides for `code`.
pub fn said(code: &str, evidence: &Evidence) -> Option<Outcome> {
    let reading = read_evidence(evidence)?;
    (reading.umbrella.is_none() && reading.code() == code).then(|| judge(code, evidence))
}

/// For checks that look at something else first: a fault if the answer alone decides for `code`, else passed.
pub fn pass_unless_said(code: &str, evidence: &Evidence) -> Outcome {
    said(code, evidence).unwrap_or(Outcome::Pass)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_that_answers_decide_is_registered_as_a_check() {
        for code in ANSWERED.iter().chain(&["sts-answer-not-understood"]) {
            assert!(crate::causes::cause(code).is_some_and(|cause| cause.judge.is_some()), "{code}");
        }
    }
}
