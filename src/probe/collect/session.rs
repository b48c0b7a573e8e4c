//! The calls to STS: a session for the token, then whose it is.

use super::transport::{Log, Transport};
use super::{RawToken, alternate_route, endpoint, sts};
use crate::aws::arn::RoleArn;
use crate::probe::evidence::{CallFault, Clock, ClockSource, Endpoint, Evidence, Operation, Seen, Step};
use crate::probe::subject::Subject;
use crate::text::timestamp::Timestamp;
use aws_config::SdkConfig;
use aws_credential_types::Credentials;
use tokio::time::Instant;

/// The name of the session where the user sets none; it is what CloudTrail shows of this call.
const SESSION_NAME: &str = "irsa-probe";

/// A token is only sent where that can tell something: not what is known to be no token for STS.
pub(super) fn reason_not_to_call(evidence: &Evidence) -> Option<String> {
    match evidence.role_arn().map(RoleArn::parse) {
        None => return Some(evidence.why_no_role()),
        Some(Err(fault)) => return Some(format!("{} {fault}", evidence.role_setting())),
        Some(Ok(_)) => {}
    }
    match &evidence.token {
        Seen::NotChecked(why) => Some(why.clone()),
        Seen::Failed(_) => Some("the file holds no token".to_owned()),
        // A profile is written by hand, and so may be the IAM provider for its token's audience.
        Seen::Seen(_) if evidence.has_profile_identity() => None,
        Seen::Seen(token) => token.is_for_another_use().then(|| "the token is not meant for STS".to_owned()),
    }
}

/// Nothing is sent, for a reason that holds for every step of the calls.
pub(super) fn not_asked(evidence: &mut Evidence, reason: String) {
    for operation in [Operation::AssumeRoleWithWebIdentity, Operation::GetCallerIdentity] {
        evidence.steps.push(Step::skipped(operation.step(), reason.clone()));
    }
    evidence.endpoint = Seen::NotChecked(reason.clone());
    evidence.dial = Seen::NotChecked(reason.clone());
    evidence.session = Seen::NotChecked(reason.clone());
    evidence.caller = Seen::NotChecked(reason);
}

/// The two calls of a run: for a session, and for the identity that it has.
pub(super) async fn ask(
    subject: &Subject,
    sdk: &SdkConfig,
    evidence: &mut Evidence,
    transport: &Transport,
    token: &RawToken,
    role: &RoleArn,
    deadline: Instant,
) {
    let claims = evidence.token.seen();
    let located = endpoint::locate(sdk, &subject.variables, Some(role.partition), claims, transport).await;
    let endpoint = match located {
        Ok(endpoint) => endpoint,
        Err(fault) => {
            not_asked(evidence, "there is no endpoint that the token may be sent to".to_owned());
            evidence.endpoint = Seen::Failed(fault);
            return;
        }
    };
    let client = sts::Client::new(sdk, &endpoint.region, transport, deadline);
    evidence.endpoint = Seen::Seen(endpoint.clone());
    let role_arn = role.to_string();
    let session_name = evidence.session_name().unwrap_or(SESSION_NAME).to_owned();
    let assumed = client.assume(sts::Request { role_arn: &role_arn, session_name: &session_name, token }).await;
    evidence.note(assumed.log, assumed.step, assumed.result.as_ref().err());
    match assumed.result {
        Ok((session, credentials)) => {
            evidence.session = Seen::Seen(session);
            identify(evidence, client, credentials).await;
        }
        Err(fault) => {
            evidence.session = Seen::Failed(fault);
            let no_credentials = "no credentials";
            evidence.steps.push(Step::skipped(Operation::GetCallerIdentity.step(), no_credentials.to_owned()));
            evidence.caller = Seen::not_checked(no_credentials);
        }
    }
    try_alternate_route(evidence, &endpoint, transport, deadline).await;
}

/// Asks STS whose credentials these are.
pub(super) async fn identify(evidence: &mut Evidence, client: sts::Client, credentials: Credentials) {
    let asked = client.who_am_i(credentials).await;
    evidence.note(asked.log, asked.step, asked.result.as_ref().err());
    let denied = asked.result.as_ref().err().and_then(CallFault::denied_caller);
    evidence.caller = denied.map_or_else(|| asked.result.into(), Seen::Seen);
}

pub(super) async fn try_alternate_route(
    evidence: &mut Evidence,
    endpoint: &Endpoint,
    transport: &Transport,
    deadline: Instant,
) {
    evidence.alternate_route = Seen::not_checked("STS was reached");
    if let Seen::Failed(failed) = &evidence.dial {
        let (alternate_route, log) = alternate_route::collect(endpoint, failed, transport, deadline).await;
        evidence.alternate_route = alternate_route;
        evidence.steps.extend(log.steps);
    }
}

/// Proxies may take the header away; STS's words stay.
fn time_of(fault: &CallFault) -> Option<Timestamp> {
    match fault {
        CallFault::Refused(refusal) => crate::aws::sts_time::time_in(&refusal.message),
        CallFault::NotSts(_) | CallFault::NoAnswer(_) => None,
    }
}

impl Evidence {
    fn note(&mut self, log: Log, step: Step, fault: Option<&CallFault>) {
        // A portal's or a proxy's clock is not STS's.
        let is_of_sts = !matches!(fault, Some(CallFault::NotSts(_)));
        let clock = log.answer.as_ref().filter(|_| is_of_sts).and_then(|answer| {
            let header = answer.date().map(|time| (time, ClockSource::DateHeader));
            let (time, source) = header.or_else(|| Some((fault.and_then(time_of)?, ClockSource::ErrorText)))?;
            Some(Clock { ahead_seconds: time.since(answer.received_at), source })
        });
        if let Some(clock) = clock {
            self.clock = Seen::Seen(clock);
        } else if self.clock.seen().is_none() {
            self.clock = Seen::Failed(match log.answer {
                None => "STS did not answer, so nothing told the time".to_owned(),
                Some(_) if is_of_sts => "the answer has no Date header".to_owned(),
                Some(_) => "the answer is not from STS".to_owned(),
            });
        }
        if let Some(dial) = log.dial {
            self.dial = if dial.failed_at().is_some() { Seen::Failed(dial) } else { Seen::Seen(dial) };
        }
        self.steps.extend(log.steps);
        self.steps.push(step);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::causes::testing::{answered, healthy};
    use crate::probe::collect::transport::{Answer, End};
    use hyper::header::{DATE, HeaderMap, HeaderValue};

    #[test]
    fn the_time_comes_from_the_date_header_or_the_message() {
        let expired = "Token expired: current date/time 1731098245 must be before the expiration date/time 1731095240";
        for (date, message, clock) in [
            (None, expired, Some((3_000, ClockSource::ErrorText))),
            (Some("Fri, 08 Nov 2024 20:20:45 GMT"), expired, Some((2_000, ClockSource::DateHeader))),
            (None, "Incorrect token audience", None),
        ] {
            let refused = answered(Operation::AssumeRoleWithWebIdentity, 400, "ExpiredTokenException", message);
            let headers = HeaderMap::from_iter(date.map(|date| (DATE, HeaderValue::from_static(date))));
            let received_at = Timestamp(1_731_095_245);
            let (body, secrets) = Default::default();
            let answer = Answer { status: 400, headers, body, end: End::Whole, received_at, secrets };
            let mut evidence = Evidence { clock: Seen::not_checked(""), ..healthy() };
            let step = Step::skipped("", String::new());
            evidence.note(Log { answer: Some(answer), ..Log::default() }, step, refused.session.failed());
            let seen = evidence.clock.seen().map(|clock| (clock.ahead_seconds, clock.source));
            assert_eq!(seen, clock, "{date:?} {message}");
        }
    }
}
