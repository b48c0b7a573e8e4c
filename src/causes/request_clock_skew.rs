use crate::causes::{
    Advice, Cause, Diagnosis, Facts, Fix, Outcome, Priority, Reading, Saying, Severity, any,
    token_not_refreshed::seconds_late,
};
use crate::probe::evidence::{ClockSource, Evidence, Seen};
use crate::text::timestamp::span;

/// How far off a signed request may be, according to STS's own answer ("15 min.").
const TOLERANCE_SECONDS: i64 = 15 * 60;
/// Some services allow only this much.
const STRICT_SECONDS: i64 = 5 * 60;

/// The local clock is so far off that AWS rejects signed requests.
pub(crate) static REQUEST_CLOCK_SKEW: Cause = Cause {
    code: "request-clock-skew",
    title: "the local clock is too far off for signed requests",
    compare: "the local clock must be within 5 min of STS's",
    severity: Severity::Error,
    advice: Advice::Fix,
    // Sources: STS's own answer ("Signature expired: ... (... - 15 min.)"); IAM user guide, "AWS Signature Version
    // 4 for API requests" (5 minutes for most services); EC2 user guide, "Amazon Time Sync Service"
    // (169.254.169.123).
    explanation: "\
STS rejects signed requests whose time is more than 15 minutes off (some services allow 5 minutes). It answers \
SignatureDoesNotMatch with \"Signature expired\" or \"Signature not yet current\". Some SDKs correct the time by the \
Date header of that answer and retry; boto3 and the AWS CLI do not.

The web identity call is not signed, so it still works. But the kubelet refreshes tokens by the same clock, so a \
token can expire unnoticed. An SDK also discards credentials that run expired to it.

A container uses the clock of its node, and nothing in the pod can set it. Check the node's time service (chrony with \
169.254.169.123 on EC2). Also check laptops and virtual machines that were suspended. The pod recovers by itself once \
the clock is right.",
    says: &[Saying::new(
        Priority::Aws,
        &[any(&[
            "signature not yet current",
            "signature expired",
            "requesttimetooskewed",
            "difference between the request time and the current time is too large",
        ])],
        |facts| Reading::decided(&REQUEST_CLOCK_SKEW, why(facts)),
    )],
    settles: false,
    hides_caller: false,
    judge: Some(judge),
    fix,
};

fn judge(evidence: &Evidence) -> Outcome {
    let clock = match &evidence.clock {
        Seen::Seen(clock) => clock,
        Seen::NotChecked(why) | Seen::Failed(why) => {
            return match over_here(evidence) {
                Some(over) => diagnosis(evidence, over).into(),
                None => Outcome::skip(why.clone()),
            };
        }
    };
    let ahead = clock.ahead_seconds;
    let hides_expiry = hides_expiry(evidence);
    if ahead.saturating_abs() <= STRICT_SECONDS && !hides_expiry {
        return Outcome::Pass;
    }
    let side = if ahead > 0 { "behind" } else { "ahead of" };
    let source = match clock.source {
        ClockSource::DateHeader => "the Date header of STS's answer",
        ClockSource::ErrorText => "the times in STS's answer",
    };
    let mut cause = format!("The local clock is {} {side} STS's clock, according to {source}.", span(ahead));
    let is_beyond = ahead.saturating_abs() > TOLERANCE_SECONDS;
    if is_beyond {
        cause += " AWS rejects signed requests that are more than 15 min off.";
    }
    if is_beyond && evidence.caller.seen().is_some() {
        // Clock skew correction: this SDK has it, boto3 does not (boto/boto3, issue 1252).
        cause += " This run succeeded because its SDK corrects the time and retries; boto3 and the AWS CLI do not.";
    }
    if let Some(over) = over_here(evidence) {
        cause += &format!(" {over}");
    }
    if hides_expiry {
        cause += " By STS's clock, the token has expired. The kubelet refreshes it by the node's clock.";
    }
    let diagnosis = diagnosis(evidence, cause);
    if is_beyond || hides_expiry { diagnosis.into() } else { Outcome::Warning(Box::new(diagnosis)) }
}

fn diagnosis(evidence: &Evidence, cause: String) -> Diagnosis {
    Diagnosis::new(cause, fix(&Facts::of(evidence)))
}

/// Every session lasts at least 15 minutes, so a new session that has already expired shows that the clock is wrong.
fn over_here(evidence: &Evidence) -> Option<String> {
    let expires_at = evidence.session.seen()?.expires_at;
    let over = evidence.now.since(expires_at);
    let says = || {
        format!(
            "By the local clock, the session that STS has just issued expired at {expires_at}, {} ago. An SDK does not \
             use such credentials.",
            span(over)
        )
    };
    // A session that has expired by STS's own clock too is not a fault of the local clock.
    let is_over_there = evidence.clock.seen().is_some() && evidence.time_at_sts() >= expires_at;
    (over >= 0 && !is_over_there).then(says)
}

/// Whether the token has expired by STS's clock while the local clock shows the kubelet no reason to refresh it.
pub(super) fn hides_expiry(evidence: &Evidence) -> bool {
    evidence.clock.seen().is_some()
        && evidence.session.seen().is_none()
        && evidence.token.seen().is_some_and(|token| {
            token.is_of_kubernetes()
                && token.is_over(evidence.time_at_sts())
                && seconds_late(token, evidence.now).is_none()
        })
}

pub(super) fn why(facts: &Facts) -> String {
    match facts.clock_ahead {
        Some(ahead) if ahead != 0 => {
            let side = if ahead > 0 { "behind" } else { "ahead of" };
            format!("the local clock is {} {side} STS's; AWS rejects requests more than 15 min off", span(ahead))
        }
        _ => "AWS rejects requests whose time is more than 15 min off its own".to_owned(),
    }
}

fn fix(_: &Facts) -> Fix {
    Fix::new("Correct the clock of the node (chrony, with 169.254.169.123 as its source).").command("date -u")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::causes::testing::{self, answered, healthy};
    use crate::probe::evidence::{Clock, Operation::GetCallerIdentity};

    #[test]
    fn skew_is_judged_by_the_limits_of_sts_and_other_services() {
        let said =
            "Signature expired: 20261122T000000Z is now earlier than 20261122T001500Z (20261122T003000Z - 15 min.)";
        for (ahead_seconds, refused, is) in [
            (0, false, "pass"),
            (-300, false, "pass"),
            (301, false, "warn"),
            (-301, false, "warn"),
            (900, false, "warn"),
            (901, false, "fail"),
            (-901, false, "fail"),
            (7200, false, "fail"),
            (7200, true, "fail"),
            (i64::MIN, true, "fail"),
            (0, true, "fail"),
        ] {
            let mut evidence =
                if refused { answered(GetCallerIdentity, 403, "SignatureDoesNotMatch", said) } else { healthy() };
            evidence.clock = Seen::Seen(Clock { ahead_seconds, source: ClockSource::DateHeader });
            let outcome = match testing::judge(&REQUEST_CLOCK_SKEW, &evidence) {
                Outcome::Pass => "pass",
                Outcome::Warning(_) => "warn",
                Outcome::Fault(_) => "fail",
                Outcome::Skip(_) => "skip",
            };
            assert_eq!(outcome, is, "{ahead_seconds} {refused}");
        }
    }

    #[test]
    fn a_new_session_that_has_already_expired_shows_a_wrong_clock() {
        // By how much STS is ahead, if it is known; for how long the session lasts by the local clock.
        for (ahead, left, is) in [
            (None, 3600, "skip"),
            (None, 0, "fail"),
            (None, -5000, "fail"),
            (Some(-7200), -3600, "fail"),
            (Some(0), -1, "pass"),
        ] {
            let mut evidence = healthy();
            evidence.clock = match ahead {
                Some(ahead_seconds) => Seen::Seen(Clock { ahead_seconds, source: ClockSource::DateHeader }),
                None => Seen::Failed("the answer has no Date header".into()),
            };
            if let Seen::Seen(session) = &mut evidence.session {
                session.expires_at = evidence.now.plus(left);
            }
            let outcome = match judge(&evidence) {
                Outcome::Pass => "pass",
                Outcome::Warning(_) => "warn",
                Outcome::Fault(diagnosis) => {
                    assert!(diagnosis.cause.contains("just issued expired"), "{}", diagnosis.cause);
                    "fail"
                }
                Outcome::Skip(_) => "skip",
            };
            assert_eq!(outcome, is, "{ahead:?} {left}");
        }
    }
}
