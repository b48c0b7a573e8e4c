use crate::causes::{Advice, Cause, Diagnosis, Facts, Fix, Outcome, Priority, Reading, Saying, Severity, agent, with};
use crate::probe::evidence::{AgentReason, Evidence};
use crate::text::timestamp::span;

/// Longer than the leeway that validators usually grant.
const LEEWAY_SECONDS: i64 = 300;

/// The longest wait for a token to become valid that is worth a retry.
const WAITABLE_SECONDS: i64 = 15 * 60;

/// The token is not valid yet.
pub(crate) static TOKEN_NOT_YET_VALID: Cause = Cause {
    code: "token-not-yet-valid",
    title: "the token is not valid yet",
    compare: "the token's nbf and the local clock",
    severity: Severity::Error,
    advice: Advice::Retry,
    explanation: "\
The claim nbf (not before) or iat (issued at) is in the future. The API server sets both from its own clock, so \
either the clock of the control plane is ahead or the local clock is behind. STS compares them with its own clock.

Correct the clocks. A token that is only early becomes valid by itself.",
    says: &[Saying::new(
        Priority::Aws,
        &[with(&["token is not valid yet", "token used before issued"], &[&["service account token", "claims"]])],
        |_| Reading::decided(&TOKEN_NOT_YET_VALID, "by the node's clock, the token is not valid yet"),
    )],
    settles: false,
    hides_caller: false,
    judge: Some(judge),
    fix,
};

fn judge(evidence: &Evidence) -> Outcome {
    let Some(token) = evidence.token.seen() else { return Outcome::skip(evidence.why_no_token()) };
    let Some(begins) = token.not_before.max(token.issued_at) else {
        return Outcome::skip("the token has neither nbf nor iat");
    };
    let Some(early) = seconds_too_early(evidence).filter(|_| evidence.session.seen().is_none()) else {
        if evidence.agent_reason() == Some(AgentReason::TokenNotYetValid) {
            let fix = Fix::new("Compare the node's clock with that of the API server.").command("date -u");
            return Diagnosis::new(format!("{} The token becomes valid at {begins}.", agent::in_words(evidence)), fix)
                .into();
        }
        return Outcome::Pass;
    };
    let whose = if evidence.clock.seen().is_some() { "STS's clock" } else { "the local clock" };
    let cause = format!("The token becomes valid at {begins}, {} from now by {whose}.", span(early));
    let diagnosis = Diagnosis::new(cause, fix(&Facts::of(evidence)));
    // Retrying helps for minutes; a clock that is hours off must be corrected.
    if early > WAITABLE_SECONDS { diagnosis.advise(Advice::Fix).into() } else { diagnosis.into() }
}

/// How far the start of the token's validity is ahead of STS's clock (or of the local clock, if STS's is not known), if
/// that is more than the leeway.
pub(crate) fn seconds_too_early(evidence: &Evidence) -> Option<i64> {
    let token = evidence.token.seen()?;
    let early = token.not_before.max(token.issued_at)?.since(evidence.time_at_sts());
    (early > LEEWAY_SECONDS).then_some(early)
}

fn fix(_: &Facts) -> Fix {
    Fix::new("Compare the clocks of the node and the API server with the true time.").command("date -u")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::causes::testing;
    use crate::probe::evidence::Seen;

    #[test]
    fn only_a_start_beyond_the_leeway_is_a_fault() {
        for (early, accepted, fault) in
            [(0, false, false), (300, false, false), (301, false, true), (4000, true, false)]
        {
            let mut evidence = testing::token(|token| token.not_before = Some(testing::NOW.plus(early)));
            if !accepted {
                evidence.session = Seen::not_checked("");
            }
            assert_eq!(matches!(judge(&evidence), Outcome::Fault(_)), fault, "{early}");
        }
    }
}
