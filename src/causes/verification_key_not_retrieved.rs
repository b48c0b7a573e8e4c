use crate::causes::{
    Advice, Candidate, Cause, ISSUER_NOT_PUBLIC_DEFAULT, ISSUER_UNREACHABLE, JWKS_KEY_MISMATCH, Outcome, Severity,
};
use crate::diagnosis::sts_errors;
use crate::probe::evidence::{Evidence, Seen, Signature};

/// STS could not retrieve the key that verifies the token.
pub static VERIFICATION_KEY_NOT_RETRIEVED: Cause = Cause {
    code: "verification-key-not-retrieved",
    title: "STS could not retrieve the key that verifies this token",
    compare: "is iss's JWKS public?",
    severity: Severity::Error,
    advice: Advice::Retry,
    // Source: AWS re:Post knowledge center, "iam-sts-invalididentitytoken" (latency over 5 s, too many requests).
    explanation: "\
To verify a token, STS fetches the issuer's discovery document and keys from the internet, within about five seconds. \
If that fails, STS answers \"Couldn't retrieve verification key from your identity provider\". It gives the same \
answer if it gets the keys but none of them has the token's kid.

Usually the fault passes: the reason is an outage, or many calls at once. It persists if the issuer cannot be reached \
from the internet, if keys were rotated and the published set is old, or if something adds an Authorization or \
X-Amz-Security-Token header to the call.

The check retries a few times. If the issuer answers you and its keys include the token's kid, wait. Otherwise \
publish the keys.",
    judge: Some(judge),
};

fn judge(evidence: &Evidence) -> Outcome {
    let outcome = sts_errors::judge(&VERIFICATION_KEY_NOT_RETRIEVED, evidence);
    let Outcome::Fault(mut diagnosis) = outcome else {
        return outcome;
    };
    let (words, first) = match &evidence.issuer {
        Seen::NotChecked(_) => return Outcome::Fault(diagnosis),
        Seen::Failed(fault) => (format!(" From here too, {fault}."), &ISSUER_UNREACHABLE),
        Seen::Seen(issuer) => match &issuer.signature {
            Signature::KeyNotPublished | Signature::Invalid => {
                return Outcome::skip("the issuer does not publish the token's key");
            }
            Signature::Valid if issuer.is_private() => {
                let why = "its name resolves to private addresses here; STS needs a public address";
                let private = Candidate { cause: &ISSUER_NOT_PUBLIC_DEFAULT, why: why.to_owned() };
                diagnosis.candidates.retain(|candidate| candidate.cause != &JWKS_KEY_MISMATCH);
                diagnosis.candidates.push(private);
                let words = " From here, the issuer answers and its key verifies the token.";
                (words.to_owned(), &ISSUER_NOT_PUBLIC_DEFAULT)
            }
            Signature::Valid => {
                let words = " From here, the issuer answers and its key verifies the token. Either STS could not reach \
                             it in time, which passes, or its address is not public.";
                diagnosis.candidates.retain(|candidate| candidate.cause != &JWKS_KEY_MISMATCH);
                (words.to_owned(), &ISSUER_UNREACHABLE)
            }
            Signature::NotVerified(why) => (format!(" From here, the issuer answers; {why}."), &JWKS_KEY_MISMATCH),
        },
    };
    diagnosis.cause += &words;
    diagnosis.candidates.sort_by_key(|candidate| candidate.cause != first);
    Outcome::Fault(diagnosis)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::causes::testing::{answered, assert_told};
    use crate::probe::evidence::{Issuer, Operation::AssumeRoleWithWebIdentity};

    #[test]
    fn no_other_check_reports_its_answers() {
        assert_told(
            &VERIFICATION_KEY_NOT_RETRIEVED,
            AssumeRoleWithWebIdentity,
            &[
                "400 InvalidIdentityToken: Couldn't retrieve verification key from your identity provider,  please reference AssumeRoleWithWebIdentity documentation for requirements",
            ],
        );
    }

    #[test]
    fn what_the_issuer_publishes_decides_or_ranks_the_candidates() {
        let text = "Couldn't retrieve verification key from your identity provider";
        for (signature, address, first) in [
            (None, [8, 8, 8, 8], Some("issuer-unreachable")),
            (Some(Signature::Valid), [8, 8, 8, 8], Some("issuer-unreachable")),
            (Some(Signature::Valid), [10, 0, 0, 1], Some("issuer-not-public-default")),
            (Some(Signature::KeyNotPublished), [8, 8, 8, 8], None),
            (Some(Signature::Invalid), [8, 8, 8, 8], None),
        ] {
            let mut evidence = answered(AssumeRoleWithWebIdentity, 400, "InvalidIdentityToken", text);
            if let Some(signature) = &signature {
                let issuer = crate::causes::testing::issuer(signature.clone());
                evidence.issuer = Seen::Seen(Issuer { addresses: vec![address.into()], ..issuer });
            }
            let candidate = match judge(&evidence) {
                Outcome::Fault(diagnosis) => diagnosis.candidates.first().map(|candidate| candidate.cause.code),
                _ => None,
            };
            assert_eq!(candidate, first, "{signature:?}");
        }
    }
}
