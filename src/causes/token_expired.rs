use crate::causes::{
    Advice, Cause, Diagnosis, Facts, Fix, Names, Outcome, Priority, REQUEST_CLOCK_SKEW, Reading, Saying, Severity,
    WEB_IDENTITY, agent, any, request_clock_skew, webhook, with,
};
use crate::probe::evidence::{AgentReason, Evidence, Token};
use crate::text::timestamp::span;

/// The token has expired.
pub(crate) static TOKEN_EXPIRED: Cause = Cause {
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
    says: &[Saying::new(
        Priority::Aws,
        &[
            any(&[
                "token too old",
                "must be before the expiration date",
                "web identity token has expired",
                "web identity token that was passed is expired",
            ]),
            any(&[
                "]: (expiredtokenexception):",
                "claim validations: token is expired",
                "invalid claims: token is expired",
            ]),
            with(&["expired by"], &[&["service account token", "claim validations"]]),
            with(
                &["expiredtokenexception", "expiredidtokenexception", "token expired", "token is expired"],
                &[WEB_IDENTITY],
            ),
        ],
        reading,
    )],
    settles: false,
    hides_caller: false,
    judge: Some(judge),
    fix,
};

fn judge(evidence: &Evidence) -> Outcome {
    let Some(token) = evidence.token.seen() else { return Outcome::skip(evidence.why_no_token()) };
    if request_clock_skew::hides_expiry(evidence) {
        return Outcome::skip("the local clock is behind, so the kubelet cannot know that the token has expired");
    }
    let there = evidence.time_at_sts();
    let expired = token.expires_at.filter(|at| *at <= there && evidence.session.seen().is_none());
    let Some(expires_at) = expired else {
        if evidence.agent_reason() == Some(AgentReason::TokenExpired) {
            return said_by_the_agent(evidence, token);
        }
        return match token.expires_at {
            Some(_) => Outcome::Pass,
            None => Outcome::skip("the token has no exp"),
        };
    };
    let ago = span(there.since(expires_at));
    let fix = fix(&Facts::of(evidence));
    if !token.is_of_kubernetes() {
        let cause =
            format!("The token expired at {expires_at}, {ago} ago. It is not a Kubernetes service account token.");
        return Diagnosis::new(cause, fix).advise(Advice::Fix).into();
    }
    let frozen = match webhook::is_frozen(evidence) {
        true => " The file is mounted with subPath, and such a mount never gets the refreshed token.",
        false => "",
    };
    let cause = format!("The token expired at {expires_at}, {ago} ago. The kubelet has not refreshed it.{frozen}");
    Diagnosis::new(cause, fix).into()
}

/// STS judges by its own clock.
fn reading(facts: &Facts) -> Reading {
    if facts.clock_hides_expiry {
        return Reading::decided(&REQUEST_CLOCK_SKEW, "the local clock is behind, so the kubelet did not refresh it");
    }
    let why = match facts.clock_ahead {
        Some(ahead) if ahead.abs() > 900 => {
            format!("STS's clock is {} from the local clock, and STS's decides", span(ahead))
        }
        _ if facts.is_pod_identity() => {
            "the agent or EKS rejected the service account token as expired: it was not read again after the kubelet \
             replaced the file"
                .to_owned()
        }
        _ => "STS rejected the service account token as expired: it was not read again after the kubelet replaced the \
              file"
            .to_owned(),
    };
    Reading::decided(&TOKEN_EXPIRED, why)
}

fn fix(facts: &Facts) -> Fix {
    let names = facts.names();
    let Names { token_path, pod, .. } = &names;
    if names.is_foreign {
        return Fix::new("Get a new token from its issuer just before the call: this one is not refreshed.");
    }
    if facts.file_is_expired {
        return Fix::new(
            "Check the container's volumeMounts for subPath and the kubelet's log for errors, then recreate the pod.",
        )
        .command(format!(
            "kubectl get pod {pod} -o 'jsonpath={{.spec.containers[*].volumeMounts}}' | grep -o 'subPath[^,]*'"
        ));
    }
    Fix::new(
        "Read the token file for each call, because the kubelet replaces it before it expires: update the SDK or restart \
         the program. If the file itself is old, check the kubelet.",
    )
    .command(format!("ls -lL {token_path}"))
}

/// The agent goes by its node's clock, and eks-auth by its own.
fn said_by_the_agent(evidence: &Evidence, token: &Token) -> Outcome {
    let expiry = token.expires_at.map(|at| format!(" By the clock of this container, the token expires at {at}."));
    let cause = format!("{}{}", agent::in_words(evidence), expiry.unwrap_or_default());
    let fix = Fix::new("Compare the node's clock with the true time, then restart the agent's pod on this node.")
        .command("date -u")
        .command(agent::SHOW_AGENT_PODS);
    Diagnosis::new(cause, fix).advise(Advice::Fix).into()
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
        assert!(!said.contains("kubelet") && said.contains("from its issuer"), "{said}");
    }
}
