use crate::causes::{Advice, Cause, Diagnosis, Fix, Outcome, Severity};
use crate::probe::evidence::{Evidence, Token};
use crate::text::timestamp::{Timestamp, span};

/// The kubelet's jitter of up to 10 s, its sync period of a minute, and room for a slow API server; but never more than
/// half of what is left, so that a token of ten minutes is told before it expires.
const GRACE_SECONDS: i64 = 180;
/// The kubelet renews a token of any lifetime after this (Kubernetes, `pkg/kubelet/token`).
const MAX_AGE_SECONDS: i64 = 24 * 3600;

/// The kubelet should have renewed the token by now.
pub static TOKEN_NOT_REFRESHED: Cause = Cause {
        code: "token-not-refreshed",
        title: "the kubelet has not renewed the token in time",
        severity: Severity::Warning,
        advice: Advice::RecreatePod,
        // Source: Kubernetes, pkg/kubelet/token/token_manager.go, requiresRefresh.
        explanation: "\
The kubelet renews a projected token when 80 % of its lifetime have passed or after 24 hours, whichever comes first. \
This one is older, so it will run out and IRSA with it. The usual reasons: the file is mounted with subPath, which never \
sees a renewal; the variable points to a copy; or the kubelet cannot reach the API server.

Mount the volume without subPath, or see to the kubelet, before the token expires.",
    judge: Some(judge),
};

fn judge(evidence: &Evidence) -> Outcome {
    let Some(token) = evidence.token.seen() else { return Outcome::skip(evidence.why_no_token()) };
    if !token.is_of_kubernetes() {
        return Outcome::skip("no kubelet refreshes this token: it is not a service account token");
    }
    let (now, there) = (evidence.now, evidence.time_at_sts());
    let (Some(issued_at), Some(expires_at)) = (token.issued_at, token.expires_at) else {
        return Outcome::skip("the token does not tell its lifetime");
    };
    if token.is_over(there) {
        return Outcome::skip("the token has expired");
    }
    // The kubelet goes by the node's clock, so a clock that is behind explains what is late by STS's clock only.
    let (Some(late), Some(_)) = (seconds_late(token, there), seconds_late(token, now)) else { return Outcome::Pass };
    let cause = format!(
        "The token is {} old and should have been renewed {} ago; it expires in {}.",
        span(there.since(issued_at)),
        span(late),
        span(expires_at.since(there))
    );
    let fix =
        Fix::new("look for subPath in the container's volumeMounts, and for the kubelet's errors about this volume")
            .command(format!("kubectl get events --field-selector involvedObject.name={}", evidence.kubectl_pod()));
    Diagnosis::new(cause, fix).into()
}

/// How long ago a kubelet whose clock shows `now` should have refreshed the token; `None` if it is not late yet.
pub(super) fn seconds_late(token: &Token, now: Timestamp) -> Option<i64> {
    let (issued_at, expires_at) = (token.issued_at?, token.expires_at?);
    let lifetime = expires_at.since(issued_at);
    let due = (lifetime / 5 * 4).min(MAX_AGE_SECONDS);
    let grace = GRACE_SECONDS.min((lifetime - due) / 2);
    let late = now.since(issued_at) - due;
    (late > grace).then_some(late)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::causes::testing;
    use crate::probe::evidence::{Clock, ClockSource, Seen};

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

    #[test]
    fn a_wrong_clock_and_a_foreign_issuer_are_no_fault_of_the_kubelet() {
        const HOUR: i64 = 3600;
        let aged = |hours: i64, ahead_hours: i64| {
            let mut evidence = testing::token(|token| {
                token.issued_at = Some(testing::NOW.plus(-hours * HOUR));
                token.expires_at = Some(testing::NOW.plus((24 - hours) * HOUR));
            });
            let clock = Clock { ahead_seconds: ahead_hours * HOUR, source: ClockSource::DateHeader };
            evidence.clock = Seen::Seen(clock);
            evidence
        };
        // Age by the local clock, by how much STS is ahead of it, verdict.
        for (hours, ahead, late) in
            [(20, 0, true), (1, 21, false), (20, -19, false), (30, -29, false), (21, 1, true), (20, 5, false)]
        {
            assert_eq!(matches!(judge(&aged(hours, ahead)), Outcome::Fault(_)), late, "{hours} {ahead}");
        }
        let mut foreign = aged(23, 0);
        if let Seen::Seen(token) = &mut foreign.token {
            (token.subject, token.kubernetes) = (Some("repo:octo/app:ref:refs/heads/main".into()), Default::default());
        }
        assert!(matches!(judge(&foreign), Outcome::Skip(_)));
    }
}
