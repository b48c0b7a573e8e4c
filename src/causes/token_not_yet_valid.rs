use crate::causes::{Advice, Cause, Diagnosis, Fix, Outcome, Severity};
use crate::probe::evidence::Evidence;
use crate::text::timestamp::span;

/// Longer than the leeway that validators usually grant.
const LEEWAY_SECONDS: i64 = 300;

/// Longer than this nobody waits for a token to become valid.
const WAITABLE_SECONDS: i64 = 15 * 60;

/// The token's time has not come.
pub static TOKEN_NOT_YET_VALID: Cause = Cause {
    code: "token-not-yet-valid",
    title: "the token is not valid yet",
    severity: Severity::Error,
    advice: Advice::Retry,
    explanation: "\
The claims nbf (not before) or iat (issued at) lie in the future. The API server stamps tokens with its own clock, so \
the clock of the control plane is ahead, or the clock here is behind. STS judges by its own clock.

Put the clocks right. A token that is only early becomes valid by itself.",
    judge: Some(judge),
};

fn judge(evidence: &Evidence) -> Outcome {
    let Some(token) = evidence.token.seen() else { return Outcome::skip(evidence.why_no_token()) };
    let Some(begins) = token.not_before.max(token.issued_at) else {
        return Outcome::skip("the token has neither nbf nor iat");
    };
    let Some(early) = seconds_too_early(evidence).filter(|_| evidence.session.seen().is_none()) else {
        return Outcome::Pass;
    };
    let whose = if evidence.clock.seen().is_some() { "STS's clock" } else { "the clock here" };
    let cause = format!("The token begins at {begins}, {} from now by {whose}.", span(early));
    let fix = Fix::new("compare the node's clock and the API server's with true time").command("date -u");
    let diagnosis = Diagnosis::new(cause, fix);
    // Minutes can be waited for; a clock that is hours off has to be corrected.
    if early > WAITABLE_SECONDS { diagnosis.advise(Advice::Fix).into() } else { diagnosis.into() }
}

/// How far the token's beginning is ahead of STS's clock (of the local one, where STS's is not known), if that is more
/// than the leeway.
pub(crate) fn seconds_too_early(evidence: &Evidence) -> Option<i64> {
    let token = evidence.token.seen()?;
    let early = token.not_before.max(token.issued_at)?.since(evidence.time_at_sts());
    (early > LEEWAY_SECONDS).then_some(early)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::causes::testing;
    use crate::probe::evidence::Seen;

    #[test]
    fn only_a_beginning_beyond_the_leeway_is_a_fault() {
        for (early, accepted, fault) in
            [(0, false, false), (300, false, false), (301, false, true), (4000, true, false)]
        {
            let mut evidence = testing::token(|token| token.not_before = Some(testing::NOW.plus(early)));
            if !accepted {
                evidence.session = Seen::not_looked("");
            }
            assert_eq!(matches!(judge(&evidence), Outcome::Fault(_)), fault, "{early}");
        }
    }
}
