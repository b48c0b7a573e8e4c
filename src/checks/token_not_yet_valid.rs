use crate::checks::Check;
use crate::evidence::Evidence;
use crate::finding::{Advice, Cause, Diagnosis, Fix, Outcome, Severity};
use crate::timestamp::span;

/// Longer than the leeway that validators usually grant.
const LEEWAY_SECONDS: i64 = 300;

/// The token's time has not come.
pub static CHECK: Check = Check {
    cause: Cause {
        code: "token-not-yet-valid",
        title: "the token is not valid yet",
        severity: Severity::Error,
        advice: Advice::Retry,
        explanation: "\
The claims nbf (not before) or iat (issued at) lie in the future. The API server stamps tokens with its own clock, so \
the clock of the control plane is ahead, or the clock here is behind. STS judges by its own clock.

Put the clocks right. A token that is only early becomes valid by itself.",
    },
    judge,
};

fn judge(evidence: &Evidence) -> Outcome {
    let Some(token) = evidence.token.seen() else { return Outcome::skip(evidence.why_no_token()) };
    let Some(begins) = token.not_before.max(token.issued_at) else {
        return Outcome::skip("the token has neither nbf nor iat");
    };
    let ahead = evidence.clock.seen().map_or(0, |clock| clock.ahead_seconds);
    let early = begins.since(evidence.now.plus(ahead));
    if early <= LEEWAY_SECONDS || evidence.session.seen().is_some() {
        return Outcome::Pass;
    }
    let whose = if evidence.clock.seen().is_some() { "STS's clock" } else { "the clock here" };
    let cause = format!("The token begins at {begins}, {} from now by {whose}.", span(early));
    Diagnosis::new(cause, Fix::new("compare the node's clock and the API server's with true time").command("date -u"))
        .into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing;
    use crate::evidence::Seen;

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
