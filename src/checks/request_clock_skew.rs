use crate::checks::Check;
use crate::evidence::{ClockSource, Evidence, Seen};
use crate::finding::{Advice, Cause, Diagnosis, Outcome, Severity};
use crate::sts_errors::{self, Clues, fix};
use crate::timestamp::span;

/// What a signed call may be off, by STS's own words ("15 min.").
const TOLERANCE_SECONDS: i64 = 15 * 60;
/// Some services allow no more than this.
const STRICT_SECONDS: i64 = 5 * 60;

/// The local clock is so far off that signed calls are refused.
pub static CHECK: Check = Check {
    cause: Cause {
        code: "request-clock-skew",
        title: "the local clock is too far off for signed calls",
        severity: Severity::Error,
        advice: Advice::Fix,
        explanation: "\
Signed calls carry their time, and STS refuses those that are more than 15 minutes off (some services 5): \
SignatureDoesNotMatch with \"Signature expired\" or \"Signature not yet current\". The web identity call is not signed, \
so it works all the same; but a token can look expired, or not yet valid, to a clock that is wrong.

A container has the clock of its node; nothing in the pod sets it. Look at the node's time service (chrony with \
169.254.169.123 on EC2), and at laptops and virtual machines that slept. The pod recovers by itself.",
    },
    judge,
};

fn judge(evidence: &Evidence) -> Outcome {
    let clock = match &evidence.clock {
        Seen::Seen(clock) => clock,
        Seen::NotLooked(why) | Seen::Failed(why) => {
            return match sts_errors::pass_unless_said(CHECK.cause.code, evidence) {
                Outcome::Pass => Outcome::skip(why.clone()),
                fault => fault,
            };
        }
    };
    let ahead = clock.ahead_seconds;
    if ahead.saturating_abs() <= STRICT_SECONDS {
        return sts_errors::pass_unless_said(CHECK.cause.code, evidence);
    }
    let side = if ahead > 0 { "behind" } else { "ahead of" };
    let source = match clock.source {
        ClockSource::DateHeader => "the Date header of its answer",
        ClockSource::ErrorText => "the times in its answer",
    };
    let cause = format!("The local clock is {} {side} STS's, by {source}.", span(ahead));
    let diagnosis = Box::new(Diagnosis::new(cause, fix(CHECK.cause.code, &Clues::of(evidence))));
    // SDKs that put right what the Date header shows get through; others do not.
    match ahead.saturating_abs() > TOLERANCE_SECONDS && evidence.caller.seen().is_none() {
        true => Outcome::Fault(diagnosis),
        false => Outcome::Warning(diagnosis),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::{answered, healthy};
    use crate::evidence::{Clock, Operation::GetCallerIdentity};

    #[test]
    fn skew_is_judged_by_what_sts_and_others_bear() {
        let said =
            "Signature expired: 20261122T000000Z is now earlier than 20261122T001500Z (20261122T003000Z - 15 min.)";
        for (ahead_seconds, refused, is) in [
            (0, false, "pass"),
            (-300, false, "pass"),
            (301, false, "warn"),
            (-301, false, "warn"),
            (7200, false, "warn"),
            (7200, true, "fail"),
            (i64::MIN, true, "fail"),
            (0, true, "fail"),
        ] {
            let mut evidence =
                if refused { answered(GetCallerIdentity, 403, "SignatureDoesNotMatch", said) } else { healthy() };
            evidence.clock = Seen::Seen(Clock { ahead_seconds, source: ClockSource::DateHeader });
            let outcome = match judge(&evidence) {
                Outcome::Pass => "pass",
                Outcome::Warning(_) => "warn",
                Outcome::Fault(_) => "fail",
                Outcome::Skip(_) => "skip",
            };
            assert_eq!(outcome, is, "{ahead_seconds} {refused}");
        }
    }
}
