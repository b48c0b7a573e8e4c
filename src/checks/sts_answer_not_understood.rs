use crate::checks::Check;
use crate::evidence::Evidence;
use crate::finding::{Advice, Cause, Diagnosis, Outcome, Severity};
use crate::sts_errors::{self, Clues, fix};

/// An answer that no other check has a name for.
pub static CHECK: Check = Check {
    cause: Cause {
        code: "sts-answer-not-understood",
        title: "the answer is none that STS is known to give",
        severity: Severity::Error,
        advice: Advice::Fix,
        explanation: "\
Something answered the call to STS, but either it was not STS (a proxy's page, a portal, another service behind an \
endpoint override), or STS said something that this version has no entry for. AWS's own words are in the report; the \
code decides more than the prose.

If the answer is HTML or comes with a Server header that is not Amazon's, look at proxies and at AWS_ENDPOINT_URL. \
If it is STS's, its code is described in the API reference of AssumeRoleWithWebIdentity.",
    },
    judge,
};

fn judge(evidence: &Evidence) -> Outcome {
    match evidence.session.seen().filter(|session| session.expires_at <= evidence.time_at_sts()) {
        // Where STS's clock is not known, the local one may be at fault.
        Some(session) if evidence.clock.seen().is_some() => {
            let cause = format!(
                "STS issued a session that expires at {}, which by the Date header of the same answer is over. SDKs do \
                 not use such credentials.",
                session.expires_at
            );
            Diagnosis::new(cause, fix(CHECK.cause.code, &Clues::of(evidence))).into()
        }
        _ => sts_errors::judge(CHECK.cause.code, evidence),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::{assert_told, found, healthy};
    use crate::evidence::{Operation::*, Seen};

    #[test]
    fn its_answers_are_told_by_no_other_check() {
        assert_told(&CHECK, AssumeRoleWithWebIdentity, &["400 SomethingNew: Never seen before"]);
        assert_told(
            &CHECK,
            GetCallerIdentity,
            &["403 PackedPolicyTooLarge: Packed size of session tags consumes 112% of allotted space."],
        );
    }

    #[test]
    fn a_session_that_is_over_by_sts_s_own_clock_is_none() {
        for (left, is) in [(3600, false), (0, true), (-60, true)] {
            let mut evidence = healthy();
            if let Seen::Seen(session) = &mut evidence.session {
                session.expires_at = evidence.now.plus(left);
            }
            assert_eq!(found(&CHECK, &evidence), is, "{left}");
            evidence.clock = Seen::Failed("the answer has no Date header".into());
            assert!(!found(&CHECK, &evidence), "{left}");
        }
    }
}
