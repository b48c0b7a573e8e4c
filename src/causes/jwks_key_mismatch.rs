use crate::causes::{Advice, Cause, Diagnosis, Facts, Fix, Outcome, Severity};
use crate::probe::evidence::{Evidence, Issuer, Seen, Signature};

/// The issuer's published keys do not include the one that signed the token.
pub(crate) static JWKS_KEY_MISMATCH: Cause = Cause {
    code: "jwks-key-mismatch",
    title: "the issuer does not publish the key that signed this token",
    compare: "the token's kid must be in iss's JWKS",
    severity: Severity::Error,
    advice: Advice::Fix,
    // A day: the lifetime of the tokens that the webhook asks for, 86400 s. Source: pods sent through it,
    // tests/webhook.
    explanation: "\
The token's header names the key that signed it (kid), but the issuer's published key set does not contain that key. \
The signing key was rotated, the cluster was recreated behind the same issuer, or a manually created key set was \
never updated. STS answers \"Couldn't retrieve verification key\", as it does when it cannot reach the issuer.

Compare `kubectl get --raw /openid/v1/jwks` with the document at the issuer's jwks_uri. Publish the new key, and keep \
the old one until its last token has expired (a day).",
    says: &[],
    settles: false,
    hides_caller: false,
    judge: Some(judge),
    fix,
};

fn judge(evidence: &Evidence) -> Outcome {
    let issuer = match &evidence.issuer {
        Seen::NotChecked(why) => return Outcome::skip(why.clone()),
        Seen::Failed(fault) => return Outcome::skip(format!("the issuer's keys could not be fetched: {fault}")),
        Seen::Seen(issuer) => issuer,
    };
    let Issuer { key_ids, .. } = issuer;
    let key_id = evidence.token.seen().and_then(|token| token.key_id.as_deref());
    let named = key_id.map_or("names no key (kid)".to_owned(), |id| format!("names the key {id}"));
    let cause = match &issuer.signature {
        Signature::Valid => return Outcome::Pass,
        Signature::NotVerified(why) => return Outcome::skip(why.clone()),
        Signature::KeyNotPublished => {
            let published = if key_ids.is_empty() { "no keys".to_owned() } else { key_ids.join(", ") };
            format!("The token {named}. The issuer publishes {published}.")
        }
        Signature::Invalid => format!(
            "The token {named}, which the issuer publishes, but that key does not match the token's signature. Another \
             cluster signed the token, or the token was modified."
        ),
    };
    let fix = fix(&Facts::of(evidence));
    let diagnosis = Diagnosis::new(cause, fix);
    match evidence.session.seen() {
        // STS caches keys for some time: it still had this one.
        Some(_) => Outcome::Warning(Box::new(diagnosis)),
        None => diagnosis.into(),
    }
}

fn fix(facts: &Facts) -> Fix {
    let names = facts.names();
    Fix::new(
        "Publish the key that signs the cluster's tokens at the issuer's jwks_uri. Keep an old key there until its last \
         token has expired.",
    )
    .command("kubectl get --raw /openid/v1/jwks")
    .command(names.show_issuer())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::causes::testing::{healthy, issuer};

    #[test]
    fn only_a_key_that_is_missing_or_does_not_match_is_this_fault() {
        for (signature, accepted, is) in [
            (Signature::Valid, true, "pass"),
            (Signature::NotVerified("ES512".into()), false, "skip"),
            (Signature::KeyNotPublished, false, "fail"),
            (Signature::Invalid, false, "fail"),
            (Signature::KeyNotPublished, true, "warn"),
        ] {
            let mut evidence = healthy();
            evidence.issuer = Seen::Seen(issuer(signature.clone()));
            if !accepted {
                evidence.session = Seen::not_checked("");
            }
            let outcome = match judge(&evidence) {
                Outcome::Pass => "pass",
                Outcome::Skip(_) => "skip",
                Outcome::Warning(_) => "warn",
                Outcome::Fault(_) => "fail",
            };
            assert_eq!(outcome, is, "{signature:?} {accepted}");
        }
    }
}
