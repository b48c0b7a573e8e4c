use crate::checks::Check;
use crate::evidence::Evidence;
use crate::finding::{Advice, Cause, Diagnosis, Fix, Outcome, Severity};
use crate::timestamp::span;

/// The kubelet's jitter of up to 10 s, its sync period of a minute, and room for a slow API server; but never more than
/// half of what is left, so that a token of ten minutes is told before it expires.
const GRACE_SECONDS: i64 = 180;
/// The kubelet renews a token of any lifetime after this (Kubernetes, `pkg/kubelet/token`).
const MAX_AGE_SECONDS: i64 = 24 * 3600;

/// The kubelet should have renewed the token by now.
pub static CHECK: Check = Check {
    cause: Cause {
        code: "token-not-refreshed",
        title: "the kubelet has not renewed the token in time",
        severity: Severity::Warning,
        advice: Advice::RecreatePod,
        explanation: "\
The kubelet renews a projected token when 80 % of its lifetime have passed or after 24 hours, whichever comes first. \
This one is older, so it will run out and IRSA with it. The usual reasons: the file is mounted with subPath, which never \
sees a renewal; the variable points to a copy; or the kubelet cannot reach the API server.

Mount the volume without subPath, or see to the kubelet, before the token expires.",
    },
    judge,
};

fn judge(evidence: &Evidence) -> Outcome {
    let Some(token) = evidence.token.seen() else { return Outcome::skip(evidence.why_no_token()) };
    let (Some(issued_at), Some(expires_at)) = (token.issued_at, token.expires_at) else {
        return Outcome::skip("the token does not tell its lifetime");
    };
    let left = expires_at.since(evidence.now);
    if left <= 0 {
        return Outcome::skip("the token has expired");
    }
    let lifetime = expires_at.since(issued_at);
    let due = (lifetime / 5 * 4).min(MAX_AGE_SECONDS);
    let grace = GRACE_SECONDS.min((lifetime - due) / 2);
    let age = evidence.now.since(issued_at);
    if age <= due + grace {
        return Outcome::Pass;
    }
    let cause = format!(
        "The token is {} old and should have been renewed {} ago; it expires in {}.",
        span(age),
        span(age - due),
        span(left)
    );
    let fix =
        Fix::new("look for subPath in the container's volumeMounts, and for the kubelet's errors about this volume")
            .command("kubectl get events -n NAMESPACE --field-selector involvedObject.name=POD");
    Diagnosis::new(cause, fix).into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing;

    #[test]
    fn the_eighty_percent_rule() {
        for (age, lifetime, late) in [
            (0, 86_400, false),
            (69_120 + GRACE_SECONDS, 86_400, false),
            (69_120 + GRACE_SECONDS + 1, 86_400, true),
            (480 + 60, 600, false),
            (480 + 61, 600, true),
            (90_000, 31_536_000, true),
            (700, 600, false),
        ] {
            let outcome = judge(&testing::token(|token| {
                token.issued_at = Some(testing::NOW.plus(-age));
                token.expires_at = Some(testing::NOW.plus(lifetime - age));
            }));
            assert_eq!(matches!(outcome, Outcome::Fault(_)), late, "{age} of {lifetime}");
        }
    }
}
