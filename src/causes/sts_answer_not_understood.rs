use crate::causes::{Advice, Cause, Diagnosis, Outcome, Severity};
use crate::diagnosis::sts_errors::{self, Clues, fix};
use crate::probe::evidence::Evidence;

/// An answer that no other check has a name for.
pub static STS_ANSWER_NOT_UNDERSTOOD: Cause = Cause {
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
    judge: Some(judge),
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
            Diagnosis::new(cause, fix(&STS_ANSWER_NOT_UNDERSTOOD, &Clues::of(evidence))).into()
        }
        _ => sts_errors::judge(&STS_ANSWER_NOT_UNDERSTOOD, evidence),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::causes::testing::{assert_told, found, healthy};
    use crate::probe::evidence::{Operation::*, Seen};

    #[test]
    fn its_answers_are_told_by_no_other_check() {
        assert_told(&STS_ANSWER_NOT_UNDERSTOOD, AssumeRoleWithWebIdentity, &["400 SomethingNew: Never seen before"]);
        assert_told(
            &STS_ANSWER_NOT_UNDERSTOOD,
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
            assert_eq!(found(&STS_ANSWER_NOT_UNDERSTOOD, &evidence), is, "{left}");
            evidence.clock = Seen::Failed("the answer has no Date header".into());
            assert!(!found(&STS_ANSWER_NOT_UNDERSTOOD, &evidence), "{left}");
        }
    }
}
