//! The checks' common ground: what STS answered, and which one finding that is.

use super::{Clues, Reading, Symptom, answers, fix, read_error};
use crate::causes::{
    Candidate, Cause, Diagnosis, IDP_REJECTED_CLAIM, INVALID_SESSION_NAME, ISSUER_NOT_PUBLIC_DEFAULT,
    ISSUER_UNREACHABLE, MALFORMED_ARN, NOT_AUTHORIZED, OIDC_PROVIDER_NOT_FOUND, OPT_IN_REGION_V1_TOKEN, Outcome,
    PROXY_INTERFERES, REGION_STS_DISABLED, REQUEST_CLOCK_SKEW, SCP_OR_BOUNDARY_DENY, SERVICE_ACCOUNT_MISMATCH,
    SESSION_DURATION_EXCEEDS_MAX, SIGNED_CALL_REFUSED, STS_ANSWER_NOT_UNDERSTOOD, STS_ENDPOINT_MISCONFIGURED,
    STS_SERVER_ERROR, THROTTLED, THUMBPRINT_MISMATCH, TOKEN_AUDIENCE_FOR_OTHER_USE, TOKEN_EXPIRED,
    TOKEN_FILE_MALFORMED, TOKEN_NOT_YET_VALID, VERIFICATION_KEY_NOT_RETRIEVED, WRONG_AUDIENCE,
    WRONG_PARTITION_ENDPOINT,
};
use crate::probe::evidence::{CallFault, EndpointSource, Evidence, Seen, UnexpectedResponse};

/// Whether `cause` (or umbrella) is what the answer of STS means. At most one cause is.
pub fn judge(cause: &Cause, evidence: &Evidence) -> Outcome {
    let clues = Clues::of(evidence);
    let (said, reading) = match answer(evidence) {
        Answer::None(why) => return Outcome::Skip(why),
        Answer::Good => return Outcome::Pass,
        Answer::Bad(fault) => match read_fault(fault, evidence, &clues) {
            Some(reading) => (in_words(fault), reading),
            None => return Outcome::skip("STS did not answer"),
        },
    };
    let found = reading.cause();
    // What no check of answers looks for is still told: by the last of them.
    let found = if ANSWERED.contains(&found) { found } else { &STS_ANSWER_NOT_UNDERSTOOD };
    if found != cause {
        return Outcome::skip(match answer(evidence) {
            Answer::Bad(CallFault::NotSts(_)) => "a server other than STS answered",
            _ => "STS refused for another reason",
        });
    }
    let why = match (reading.candidates.first(), reading.umbrella) {
        (Some(candidate), None) => format!(" {}.", sentence(&candidate.why)),
        _ => String::new(),
    };
    let fix = fix(reading.cause(), &clues);
    Diagnosis::new(format!("{said}{why}"), fix).could_be(reading.open_candidates()).into()
}

/// The cause that the answer of STS means, or its umbrella; `None` where it was good or there was none.
pub fn finding_cause(evidence: &Evidence) -> Option<&'static Cause> {
    read_evidence(evidence).map(|reading| reading.cause())
}

fn read_evidence(evidence: &Evidence) -> Option<Reading> {
    match answer(evidence) {
        Answer::Bad(fault) => read_fault(fault, evidence, &Clues::of(evidence)),
        Answer::None(_) | Answer::Good => None,
    }
}

/// The causes that answers prove. Every other reading is told by `sts-answer-not-understood`.
static ANSWERED: &[&Cause] = &[
    &NOT_AUTHORIZED,
    &SERVICE_ACCOUNT_MISMATCH,
    &SCP_OR_BOUNDARY_DENY,
    &OIDC_PROVIDER_NOT_FOUND,
    &ISSUER_NOT_PUBLIC_DEFAULT,
    &WRONG_PARTITION_ENDPOINT,
    &WRONG_AUDIENCE,
    &TOKEN_AUDIENCE_FOR_OTHER_USE,
    &THUMBPRINT_MISMATCH,
    &VERIFICATION_KEY_NOT_RETRIEVED,
    &ISSUER_UNREACHABLE,
    &IDP_REJECTED_CLAIM,
    &TOKEN_EXPIRED,
    &TOKEN_NOT_YET_VALID,
    &MALFORMED_ARN,
    &INVALID_SESSION_NAME,
    &SESSION_DURATION_EXCEEDS_MAX,
    &TOKEN_FILE_MALFORMED,
    &REGION_STS_DISABLED,
    &THROTTLED,
    &STS_SERVER_ERROR,
    &SIGNED_CALL_REFUSED,
    &OPT_IN_REGION_V1_TOKEN,
    &REQUEST_CLOCK_SKEW,
    &STS_ENDPOINT_MISCONFIGURED,
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
        (Seen::NotChecked(why), _) | (_, Seen::NotChecked(why)) => Answer::None(why.clone()),
        (Seen::Seen(_), Seen::Seen(_)) => Answer::Good,
    }
}

fn read_fault(fault: &CallFault, evidence: &Evidence, clues: &Clues) -> Option<Reading> {
    match fault {
        CallFault::Refused(refusal) => Some(read_error(refusal, clues)),
        CallFault::NotSts(unexpected) => Some(read_unexpected(unexpected, evidence)),
        CallFault::NoAnswer(_) => None,
    }
}

/// Somebody else answered: whom the user put in STS's place, else whoever stands in between.
fn read_unexpected(unexpected: &UnexpectedResponse, evidence: &Evidence) -> Reading {
    let endpoint = evidence.endpoint.seen();
    let host = endpoint.map_or("the endpoint", |endpoint| endpoint.host.as_str());
    if let Some(EndpointSource::Override(variable)) = endpoint.map(|endpoint| endpoint.source.clone()) {
        let why = format!("{variable} points to {host}, which does not answer like STS");
        return Reading::decided(Symptom::NotSts, &STS_ENDPOINT_MISCONFIGURED, why);
    }
    if unexpected.status >= 500 {
        return answers::interpret(Symptom::ServerError, &Clues::default());
    }
    let proxy = match endpoint.and_then(|endpoint| endpoint.proxy.as_deref()) {
        Some(proxy) => format!("the proxy {proxy} may have answered instead of {host}"),
        None => format!("a transparent proxy, a portal or a mesh may have answered instead of {host}"),
    };
    let candidates = vec![
        Candidate::new(&PROXY_INTERFERES, proxy),
        Candidate::new(&STS_ENDPOINT_MISCONFIGURED, format!("{host} may not be STS, despite its name")),
    ];
    Reading::open(Symptom::NotSts, &STS_ANSWER_NOT_UNDERSTOOD, candidates)
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
        CallFault::NotSts(unexpected) => {
            let server = unexpected.server.as_deref().map(|server| format!(" Its Server header is {server:?}."));
            let server = server.unwrap_or_default();
            format!(
                "{} was answered with status {} {}.{server}",
                unexpected.operation.name(),
                unexpected.status,
                unexpected.kind
            )
        }
        CallFault::NoAnswer(_) => "STS did not answer.".to_owned(),
    }
}

/// A clause as a sentence's beginning.
fn sentence(clause: &str) -> String {
    let mut characters = clause.chars();
    characters.next().map_or_else(String::new, |first| first.to_uppercase().chain(characters).collect())
}

/// For causes that inspect more than the answer: the fault, if the answer alone decides for `cause`.
pub fn said(cause: &Cause, evidence: &Evidence) -> Option<Outcome> {
    let reading = read_evidence(evidence)?;
    (reading.umbrella.is_none() && reading.cause() == cause).then(|| judge(cause, evidence))
}

/// For causes that inspect something else first: a fault if the answer alone decides for `cause`, else passed.
pub fn pass_unless_said(cause: &Cause, evidence: &Evidence) -> Outcome {
    said(cause, evidence).unwrap_or(Outcome::Pass)
}
