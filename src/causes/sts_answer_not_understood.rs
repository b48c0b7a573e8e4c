use crate::causes::{
    Advice, Candidate, Cause, Diagnosis, Facts, Fix, INVALID_SESSION_NAME, MALFORMED_ARN, NO_OIDC_PROVIDER, Outcome,
    Priority, Reading, SESSION_DURATION_EXCEEDS_MAX, STS_ENDPOINT_UNREACHABLE_TIMEOUT, Saying, Severity,
    THUMBPRINT_MISMATCH, TOKEN_FILE_MALFORMED, TOKEN_NOT_YET_VALID, WEB_IDENTITY_OR_STS, WRONG_ACCOUNT_IN_ROLE_ARN,
    WRONG_AUDIENCE, WRONG_SUBJECT_IN_TRUST_POLICY, answered, any, token_file_malformed, verification_key_not_retrieved,
    with, wrong_audience,
};
use crate::probe::evidence::Evidence;

/// An answer that no other check recognises.
pub(crate) static STS_ANSWER_NOT_UNDERSTOOD: Cause = Cause {
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
    says: &[
        // The token was refused.
        Saying::new(
            Priority::Vague(10),
            &[any(&[
                "invalididentitytoken",
                "invalididentitytokenexception",
                "token provided could not be validated",
                "token that was passed could not be validated",
            ])],
            token_rejected,
        ),
        // Cut off after web identity was tried.
        Saying::new(Priority::Chain(10), &[any(&["webidentityerr"])], cut_off),
        // The request was refused.
        Saying::new(
            Priority::Vague(30),
            &[
                with(&["validationerror", "validationexception", "invalidparametervalue"], &[WEB_IDENTITY_OR_STS]),
                any(&["could not be sourced by the sts web identity provider", "sts_web_identity_source_failure"]),
            ],
            request_rejected,
        ),
    ],
    settles: false,
    hides_caller: true,
    judge: Some(judge),
    fix,
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
            Diagnosis::new(cause, fix(&Facts::of(evidence))).into()
        }
        _ => answered(evidence),
    }
}

fn token_rejected(facts: &Facts) -> Reading {
    if let Some(reading) = token_file_malformed::padded(facts) {
        return reading;
    }
    if facts.early.is_some() {
        let why = "the claims iat and nbf say that the token is not valid yet";
        return Reading::decided(&TOKEN_NOT_YET_VALID, why);
    }
    let issuer = facts.issuer.as_deref().unwrap_or("its issuer");
    let mut candidates = vec![
        Candidate::new(
            &NO_OIDC_PROVIDER,
            format!(
                "AWS does not say what is wrong with the token; most often the role's account has no provider for \
                 {issuer}"
            ),
        ),
        Candidate::new(&WRONG_AUDIENCE, wrong_audience::why(facts)),
        Candidate::new(&THUMBPRINT_MISMATCH, "the issuer's certificate chain may have changed"),
    ];
    candidates.extend(verification_key_not_retrieved::candidates(facts).into_iter().take(2));
    candidates.push(Candidate::new(&WRONG_ACCOUNT_IN_ROLE_ARN, "STS looks for the provider in the role's account"));
    Reading::open(&STS_ANSWER_NOT_UNDERSTOOD, candidates)
}

/// The variables are there, since web identity was tried; what STS answered is not in the text.
fn cut_off(facts: &Facts) -> Reading {
    let issuer = facts.issuer.as_deref().unwrap_or("the token's issuer");
    Reading::open(
        &STS_ANSWER_NOT_UNDERSTOOD,
        vec![
            Candidate::new(
                &WRONG_SUBJECT_IN_TRUST_POLICY,
                "most frequent, but AWS's own words are missing here: paste the lines that follow",
            ),
            Candidate::new(&NO_OIDC_PROVIDER, format!("if AWS said that it finds no provider for {issuer}")),
            Candidate::new(&STS_ENDPOINT_UNREACHABLE_TIMEOUT, "if the call ended with a timeout"),
        ],
    )
}

fn request_rejected(facts: &Facts) -> Reading {
    if let Some(reading) = token_file_malformed::padded(facts) {
        return reading;
    }
    let arn = Candidate::new(&MALFORMED_ARN, "usually the role ARN: a typo, a name instead of an ARN, or empty");
    let name = Candidate::new(&INVALID_SESSION_NAME, "the role session name: 2 to 64 letters, digits and _+=,.@-");
    let token = Candidate::new(&TOKEN_FILE_MALFORMED, "the token: empty, or the file's path instead of its content");
    let duration = Candidate::new(&SESSION_DURATION_EXCEEDS_MAX, "the duration: 900 s to the role's maximum");
    // An ARN that parses is not what was refused.
    let candidates =
        if facts.role.is_some() { vec![name, token, duration, arn] } else { vec![arn, name, token, duration] };
    Reading::open(&STS_ANSWER_NOT_UNDERSTOOD, candidates)
}

fn fix(_: &Facts) -> Fix {
    Fix::new("Read AWS's response above. If a proxy or portal answered, bypass it for STS.")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::causes::testing::{assert_named, found, healthy};
    use crate::probe::evidence::{Operation::*, Seen};

    #[test]
    fn no_other_check_reports_its_answers() {
        assert_named(&STS_ANSWER_NOT_UNDERSTOOD, AssumeRoleWithWebIdentity, &["400 SomethingNew: Never seen before"]);
        assert_named(
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
