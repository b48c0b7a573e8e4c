use crate::causes::{Advice, Cause, Diagnosis, Facts, Fix, Names, Outcome, Severity};
use crate::probe::evidence::{Evidence, Token};
use crate::text::timestamp::{Timestamp, span};

/// The kubelet's jitter of up to 10 s, its sync period of a minute, and time for a slow API server; at most half of the
/// remaining time, so that a ten-minute token is reported before it expires.
const GRACE_SECONDS: i64 = 180;
/// The kubelet refreshes a token of any lifetime after this time (Kubernetes, `pkg/kubelet/token`).
const MAX_AGE_SECONDS: i64 = 24 * 3600;

/// The kubelet should have refreshed the token by now.
pub(crate) static TOKEN_NOT_REFRESHED: Cause = Cause {
    code: "token-not-refreshed",
    title: "the kubelet has not refreshed the token in time",
    compare: "the token's iat; the kubelet on this node",
    severity: Severity::Warning,
    advice: Advice::RecreatePod,
    // Source: Kubernetes, pkg/kubelet/token/token_manager.go, requiresRefresh.
    explanation: "\
The kubelet refreshes a projected token when 80 % of its lifetime have passed or after 24 hours, whichever comes \
first. This token is older than that. It will expire, and IRSA will then stop working. Common reasons are a file that \
is mounted with subPath, which never gets the refreshed token, a variable that points to a copy, or a kubelet that \
cannot reach the API server.

Mount the volume without subPath, or repair the kubelet, before the token expires.",
    says: &[],
    settles: false,
    hides_caller: false,
    judge: Some(judge),
    fix,
};

fn judge(evidence: &Evidence) -> Outcome {
    let Some(token) = evidence.token.seen() else { return Outcome::skip(evidence.why_no_token()) };
    if !token.is_of_kubernetes() {
        return Outcome::skip("no kubelet refreshes this token: it is not a service account token");
    }
    let (now, there) = (evidence.now, evidence.time_at_sts());
    let (Some(issued_at), Some(expires_at)) = (token.issued_at, token.expires_at) else {
        return Outcome::skip("the token does not state its lifetime");
    };
    if token.is_over(there) {
        return Outcome::skip("the token has expired");
    }
    // The kubelet uses the node's clock: a clock that is behind explains a token that is late by STS's clock only.
    let (Some(late), Some(_)) = (seconds_late(token, there), seconds_late(token, now)) else { return Outcome::Pass };
    let cause = format!(
        "The token is {} old and should have been refreshed {} ago. It expires in {}.",
        span(there.since(issued_at)),
        span(late),
        span(expires_at.since(there))
    );
    Diagnosis::new(cause, fix(&Facts::of(evidence))).into()
}

/// How long ago a kubelet whose clock shows `now` should have refreshed the token; `None` if it is not late yet.
pub(super) fn seconds_late(token: &Token, now: Timestamp) -> Option<i64> {
    let (issued_at, expires_at) = (token.issued_at?, token.expires_at?);
    let lifetime = expires_at.since(issued_at);
    let due = (lifetime / 5 * 4).min(MAX_AGE_SECONDS);
    let grace = GRACE_SECONDS.min(lifetime.saturating_sub(due) / 2);
    let late = now.since(issued_at).saturating_sub(due);
    (late > grace).then_some(late)
}

fn fix(facts: &Facts) -> Fix {
    let Names { pod_name, namespace, .. } = facts.names();
    Fix::new(
        "Check the container's volumeMounts for subPath, and the events for the kubelet's errors about this volume.",
    )
    .command(format!("kubectl get events --field-selector involvedObject.name={pod_name} -n {namespace}"))
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
    fn a_wrong_clock_or_a_foreign_issuer_is_no_fault_of_the_kubelet() {
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
