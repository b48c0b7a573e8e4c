use crate::causes::{
    Advice, Candidate, Cause, Facts, Fix, ISSUER_NOT_PUBLIC_DEFAULT, ISSUER_UNREACHABLE, IssuerKeys, JWKS_KEY_MISMATCH,
    Priority, Reading, Saying, Severity, UNEXPECTED_AUTH_HEADER_ON_UNSIGNED_CALL, answered, with,
};

/// STS could not retrieve the key that verifies the token.
pub(crate) static VERIFICATION_KEY_NOT_RETRIEVED: Cause = Cause {
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
    says: &[Saying::new(
        Priority::Aws,
        &[with(
            &["verification key"],
            &[&[
                "couldn't retrieve",
                "could not retrieve",
                "unable to retrieve",
                "failed to retrieve",
                "can't retrieve",
            ]],
        )],
        reading,
    )],
    settles: false,
    hides_caller: false,
    judge: Some(answered),
    fix,
};

/// What the issuer publishes decides, or ranks the candidates.
fn reading(facts: &Facts) -> Reading {
    let mut candidates = candidates(facts);
    let (seen, first) = match &facts.issuer_keys {
        IssuerKeys::Unknown => return Reading::open(&VERIFICATION_KEY_NOT_RETRIEVED, candidates),
        IssuerKeys::Wrong => {
            return Reading::decided(&JWKS_KEY_MISMATCH, "the issuer does not publish the key that signed the token");
        }
        IssuerKeys::Unreachable(fault) => (format!("From here too, {fault}."), &ISSUER_UNREACHABLE),
        IssuerKeys::Unverified(why) => (format!("From here, the issuer answers; {why}."), &JWKS_KEY_MISMATCH),
        IssuerKeys::Verified { is_private } => {
            candidates.retain(|candidate| candidate.cause != &JWKS_KEY_MISMATCH);
            let seen = "From here, the issuer's key verifies the token.";
            if *is_private {
                let why = "its name resolves to private addresses here; STS needs a public address";
                candidates.push(Candidate::new(&ISSUER_NOT_PUBLIC_DEFAULT, why));
                (seen.to_owned(), &ISSUER_NOT_PUBLIC_DEFAULT)
            } else {
                let either = "STS timed out, or the issuer's address is not public.";
                (format!("{seen} {either}"), &ISSUER_UNREACHABLE)
            }
        }
    };
    candidates.sort_by_key(|candidate| candidate.cause != first);
    Reading::open(&VERIFICATION_KEY_NOT_RETRIEVED, candidates).seen(seen)
}

pub(super) fn candidates(facts: &Facts) -> Vec<Candidate> {
    let issuer = facts.issuer.as_deref().unwrap_or("the issuer");
    vec![
        Candidate::new(
            &ISSUER_UNREACHABLE,
            format!("STS must fetch the keys of {issuer} within 5 s: check for outages, firewalls and bursts of calls"),
        ),
        Candidate::new(
            &JWKS_KEY_MISMATCH,
            "compare the token's kid with the keys that the issuer publishes: they may have been rotated or recreated",
        ),
        Candidate::new(
            &UNEXPECTED_AUTH_HEADER_ON_UNSIGNED_CALL,
            "a client or proxy that adds an X-Amz-Security-Token or Authorization header has caused this error",
        ),
    ]
}

fn fix(facts: &Facts) -> Fix {
    let names = facts.names();
    Fix::new(
        "Check that the issuer publishes the token's key on the internet. If it does, retry: the fault is temporary.",
    )
    .command(names.show_issuer())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::causes::Outcome;
    use crate::causes::testing::{answered, assert_named, judge};
    use crate::probe::evidence::{Issuer, Operation::AssumeRoleWithWebIdentity, Seen, Signature};

    #[test]
    fn no_other_check_reports_its_answers() {
        assert_named(
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
            let candidate = match judge(&VERIFICATION_KEY_NOT_RETRIEVED, &evidence) {
                Outcome::Fault(diagnosis) => diagnosis.candidates.first().map(|candidate| candidate.cause.code),
                _ => None,
            };
            assert_eq!(candidate, first, "{signature:?}");
        }
    }
}
