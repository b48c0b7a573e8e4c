//! What the answer of STS means: the one cause that it names, or its umbrella.

use super::matcher::{spoken, strongest};
use crate::causes::{
    Candidate, Cause, Diagnosis, Facts, PROXY_INTERFERES, Reading, STS_ANSWER_NOT_UNDERSTOOD,
    STS_ENDPOINT_MISCONFIGURED, Severity, sts_server_error,
};
use crate::probe::evidence::{CallFault, EndpointSource, Evidence, StsError, UnexpectedResponse};
use crate::text::unwrap::unwrap;

/// The cause that an answer other than a good one names, and its diagnosis. `None` if the answer was good, or there was
/// none.
pub(super) fn read(evidence: &Evidence, facts: &Facts) -> Option<(&'static Cause, Diagnosis)> {
    let (seen, reading) = match evidence.session.failed().or(evidence.caller.failed())? {
        CallFault::Refused(error) => (error.to_string(), read_error(error, facts)),
        CallFault::NotSts(response) => (unexpected(response), read_unexpected(response, evidence)),
        CallFault::NoAnswer(_) => return None,
    };
    let named = reading.cause().unwrap_or(&STS_ANSWER_NOT_UNDERSTOOD);
    let why = match (reading.candidates.first(), reading.umbrella) {
        (Some(candidate), None) => format!(" {}.", sentence(&candidate.why)),
        _ => String::new(),
    };
    let apart = if reading.seen.is_empty() { "" } else { " " };
    let candidates = if reading.umbrella.is_some() { reading.candidates } else { Vec::new() };
    let diagnosis = Diagnosis::new(format!("{seen}{why}{apart}{}", reading.seen), (named.fix)(facts));
    // A call that failed is an error. What cannot be proved in a pod, and what is only a warning, does not explain it.
    let is_shown = named.judge.is_some() && named.severity == Severity::Error;
    Some((if is_shown { named } else { &STS_ANSWER_NOT_UNDERSTOOD }, diagnosis.could_be(candidates)))
}

/// The cause of a refusal as CloudTrail records it, without the status; and what else it may be.
pub(crate) fn refused(call: &str, code: &str, message: &str, facts: &Facts) -> (&'static Cause, Vec<Candidate>) {
    let reading = read_text(&format!("operation error {call}, {code}: {message}"), code, message, facts);
    let cause = reading.cause().unwrap_or(&STS_ANSWER_NOT_UNDERSTOOD);
    (cause, if reading.umbrella.is_some() { reading.candidates } else { Vec::new() })
}

fn read_error(error: &StsError, facts: &Facts) -> Reading {
    let StsError { operation, status, code, message, .. } = error;
    let text = format!("operation error STS: {}, status code: {status}, {code}: {message}", operation.name());
    read_text(&text, code, message, facts)
}

/// Reads an answer as an SDK puts it, so that the sayings match live answers and pasted texts.
fn read_text(text: &str, code: &str, message: &str, facts: &Facts) -> Reading {
    let text = unwrap(text.as_bytes()).to_ascii_lowercase();
    let of_aws = spoken(&text).into_iter().filter(|one| one.saying.priority.is_of_aws()).collect();
    let first = strongest(of_aws).into_iter().next();
    first.map_or_else(|| unknown(code, message), |one| (one.saying.means)(facts))
}

/// An answer that no cause has among its sayings.
fn unknown(code: &str, message: &str) -> Reading {
    let why = format!("this version has no entry for the STS error {code} {message:?}");
    Reading::decided(&STS_ANSWER_NOT_UNDERSTOOD, why)
}

/// Another server answered: the one that the user put in place of STS, or one in between.
fn read_unexpected(unexpected: &UnexpectedResponse, evidence: &Evidence) -> Reading {
    let endpoint = evidence.endpoint.seen();
    let host = endpoint.map_or("the endpoint", |endpoint| endpoint.host.as_str());
    if let Some(EndpointSource::Override(variable)) = endpoint.map(|endpoint| &endpoint.source) {
        let why = format!("{variable} points to {host}, which does not answer like STS");
        return Reading::decided(&STS_ENDPOINT_MISCONFIGURED, why);
    }
    if unexpected.status >= 500 {
        return sts_server_error::reading();
    }
    let proxy = match endpoint.and_then(|endpoint| endpoint.proxy.as_deref()) {
        Some(proxy) => format!("the proxy {proxy} may have answered instead of {host}"),
        None => format!("a transparent proxy, a portal or a mesh may have answered instead of {host}"),
    };
    let candidates = vec![
        Candidate::new(&PROXY_INTERFERES, proxy),
        Candidate::new(&STS_ENDPOINT_MISCONFIGURED, format!("{host} may not be STS, despite its name")),
    ];
    Reading::open(&STS_ANSWER_NOT_UNDERSTOOD, candidates)
}

fn unexpected(response: &UnexpectedResponse) -> String {
    let UnexpectedResponse { operation, status, kind, server, .. } = response;
    let server = server.as_deref().map(|server| format!(" Its Server header is {server:?}.")).unwrap_or_default();
    format!("{} was answered with status {status} {kind}.{server}", operation.name())
}

/// A clause as the beginning of a sentence.
fn sentence(clause: &str) -> String {
    let mut characters = clause.chars();
    characters.next().map_or_else(String::new, |first| first.to_uppercase().chain(characters).collect())
}
