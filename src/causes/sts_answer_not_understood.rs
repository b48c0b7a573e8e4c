use crate::causes::{Advice, Cause, Diagnosis, Outcome, Severity};
use crate::diagnosis::sts_errors::{self, Clues, fix};
use crate::probe::evidence::Evidence;

/// An answer that no other check recognises.
pub static STS_ANSWER_NOT_UNDERSTOOD: Cause = Cause {
    code: "sts-answer-not-understood",
    title: "unrecognised response from STS",
    compare: "the error code and text from STS",
    severity: Severity::Error,
    advice: Advice::Fix,
    explanation: "\
Something answered the call to STS with a response that this version does not recognise. Either it was not STS (a \
proxy's page, a portal, another service behind an endpoint override), or STS gave an answer that this version does \
not have in its table. The report shows AWS's own words. Rely on the error code more than on the message.

If the answer is HTML, or comes with a Server header that is not Amazon's, check proxies and AWS_ENDPOINT_URL. If it \
comes from STS, look up its code in the API reference of AssumeRoleWithWebIdentity.",
    judge: Some(judge),
};

fn judge(evidence: &Evidence) -> Outcome {
    match evidence.session.seen().filter(|session| session.expires_at <= evidence.time_at_sts()) {
        // If STS's clock is not known, the local clock may be wrong.
        Some(session) if evidence.clock.seen().is_some() => {
            let cause = format!(
                "STS issued a session that expires at {}. By the Date header of the same answer, it has already \
                 expired. SDKs do not use such credentials.",
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
    fn no_other_check_reports_its_answers() {
        assert_told(&STS_ANSWER_NOT_UNDERSTOOD, AssumeRoleWithWebIdentity, &["400 SomethingNew: Never seen before"]);
        assert_told(
            &STS_ANSWER_NOT_UNDERSTOOD,
            GetCallerIdentity,
            &["403 PackedPolicyTooLarge: Packed size of session tags consumes 112% of allotted space."],
        );
    }

    #[test]
    fn a_session_that_has_expired_by_sts_s_own_clock_is_this_fault() {
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
