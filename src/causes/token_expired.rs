use super::request_clock_skew;
use crate::causes::{Advice, Cause, Diagnosis, Fix, Outcome, Severity};
use crate::diagnosis::{injection, sts_errors};
use crate::probe::evidence::Evidence;
use crate::text::timestamp::span;

/// The token has expired.
pub static TOKEN_EXPIRED: Cause = Cause {
    code: "token-expired",
    title: "the token has expired",
    compare: "the token's exp and the local clock",
    severity: Severity::Error,
    advice: Advice::RecreatePod,
    // Source: Kubernetes, pkg/kubelet/token/token_manager.go, requiresRefresh: 80 % of the lifetime or maxTTL of 24
    // h, with a jitter of 10 s.
    explanation: "\
The kubelet refreshes the file when 80 % of the token's lifetime have passed, and after 24 hours at the latest. An \
expired token in the file means that the kubelet did not refresh it: the file is mounted with subPath (such mounts \
never change), it is a copy, the kubelet cannot reach the API server, or the node's clock is wrong.

If the file is fresh and an SDK still sends an expired token, the SDK read the file once and kept the token. That is \
a fault of the application, and restarting the container fixes it for a day.

Check whether the mount uses subPath and whether the node's clock is right. A recreated pod gets a fresh token.",
    judge: Some(judge),
};

fn judge(evidence: &Evidence) -> Outcome {
    let Some(token) = evidence.token.seen() else { return Outcome::skip(evidence.why_no_token()) };
    if request_clock_skew::hides_expiry(evidence) {
        return Outcome::skip("the local clock is behind, so the kubelet cannot know that the token has expired");
    }
    let there = evidence.time_at_sts();
    let expired = token.expires_at.filter(|at| *at <= there && evidence.session.seen().is_none());
    let Some(expires_at) = expired else {
        return match token.expires_at {
            Some(_) => sts_errors::pass_unless_said(&TOKEN_EXPIRED, evidence),
            None => sts_errors::said(&TOKEN_EXPIRED, evidence).unwrap_or_else(|| Outcome::skip("the token has no exp")),
        };
    };
    let ago = span(there.since(expires_at));
    if !token.is_of_kubernetes() {
        let issuer = token.issuer.as_deref().unwrap_or("its issuer");
        let cause =
            format!("The token expired at {expires_at}, {ago} ago. It is not a Kubernetes service account token.");
        return Diagnosis::new(cause, Fix::new(format!("Get a new token from {issuer}, then run the check again.")))
            .advise(Advice::Fix)
            .into();
    }
    let frozen = match injection::is_frozen(evidence) {
        true => " The file is mounted with subPath, and such a mount never gets the refreshed token.",
        false => "",
    };
    let cause = format!("The token expired at {expires_at}, {ago} ago. The kubelet has not refreshed it.{frozen}");
    let pod = evidence.kubectl_pod();
    let fix = Fix::new(
        "Check the container's volumeMounts for subPath and the kubelet's log for errors, then recreate the pod.",
    )
    .command(format!(
        "kubectl get pod {pod} -o 'jsonpath={{.spec.containers[*].volumeMounts}}' | grep -o 'subPath[^,]*'"
    ));
    Diagnosis::new(cause, fix).into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::causes::testing;
    use crate::probe::evidence::{Clock, ClockSource, Seen};

    #[test]
    fn expiry_is_judged_by_sts_s_clock_where_it_is_known() {
        for (left, ahead, accepted, expired) in [
            (60, None, false, false),
            (0, None, false, true),
            (-60, None, false, true),
            (-60, Some(3600), false, true),
            (-60, Some(-3600), false, false),
            (-60, None, true, false),
        ] {
            let mut evidence = testing::token(|token| token.expires_at = Some(testing::NOW.plus(left)));
            if let Some(ahead_seconds) = ahead {
                evidence.clock = Seen::Seen(Clock { ahead_seconds, source: ClockSource::DateHeader });
            }
            if !accepted {
                evidence.session = Seen::not_checked("");
            }
            assert_eq!(matches!(judge(&evidence), Outcome::Fault(_)), expired, "{left} {ahead:?} {accepted}");
        }
    }

    #[test]
    fn no_kubelet_is_blamed_for_another_issuer_s_token() {
        let mut evidence = testing::token(|token| {
            token.expires_at = Some(testing::NOW.plus(-60));
            token.issuer = Some("https://token.actions.githubusercontent.com".into());
            (token.subject, token.kubernetes) = (Some("repo:octo/app:ref:refs/heads/main".into()), Default::default());
        });
        evidence.session = Seen::not_checked("");
        let Outcome::Fault(diagnosis) = judge(&evidence) else { panic!("no fault") };
        assert_eq!(diagnosis.advice, Some(Advice::Fix));
        let said = format!("{} {}", diagnosis.cause, diagnosis.fix.text);
        assert!(!said.contains("kubelet") && said.contains("githubusercontent.com"), "{said}");
    }
}
