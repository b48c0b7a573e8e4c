use crate::causes::{Advice, Cause, Facts, Fix, Priority, Reading, Saying, Severity, answered, any};

/// STS cannot reach the token's issuer.
pub(crate) static ISSUER_UNREACHABLE: Cause = Cause {
    code: "issuer-unreachable",
    title: "STS cannot reach the token's issuer",
    compare: "is iss reachable from the internet?",
    severity: Severity::Error,
    advice: Advice::Retry,
    // Source: AWS re:Post knowledge center, "iam-sts-invalididentitytoken" (latency over 5 s, too many requests);
    // STS API reference, IDPCommunicationError ("often a transient error").
    explanation: "\
STS could not fetch ISSUER/.well-known/openid-configuration or the keys that it names. STS fetches both over the \
internet and gives up after about five seconds. An outage, a firewall, a slow host, or hundreds of pods that start in \
the same second can prevent this. STS answers \"Couldn't retrieve verification key\" or IDPCommunicationError. AWS \
says that IDPCommunicationError is often transient.

EKS runs its issuers itself, so retrying helps on EKS. A self-hosted issuer must answer quickly from the whole \
internet: put its two documents on S3 or behind a CDN.",
    says: &[Saying::new(
        Priority::Aws,
        &[any(&[
            "idpcommunicationerror",
            "idpcommunicationerrorexception",
            "asked to verify the incoming identity token could not be reached",
        ])],
        |_| {
            let why = "STS could not reach the issuer; AWS calls this often transient";
            Reading::decided(&ISSUER_UNREACHABLE, why)
        },
    )],
    settles: false,
    hides_caller: false,
    judge: Some(answered),
    fix,
};

fn fix(facts: &Facts) -> Fix {
    let names = facts.names();
    Fix::new(
        "Wait and retry: this fault is usually temporary. If it stays, make the issuer's discovery document and keys \
         reachable from the internet, and start fewer pods at once.",
    )
    .command(names.show_issuer())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::causes::testing::assert_named;
    use crate::probe::evidence::Operation::AssumeRoleWithWebIdentity;

    #[test]
    fn no_other_check_reports_its_answers() {
        assert_named(
            &ISSUER_UNREACHABLE,
            AssumeRoleWithWebIdentity,
            &["400 IDPCommunicationError: An error occurred while communicating with the identity provider"],
        );
    }
}
