use crate::causes::{Advice, Cause, Diagnosis, Facts, Fix, Outcome, Severity};
use crate::probe::evidence::{Evidence, Seen};
use crate::probe::sdks::network::{Client, SYSTEM, clients, listed};

/// SDKs do not read the bundle with the private certificate authority that the probe trusted.
pub(crate) static SDK_TRUSTS_OTHER_CAS: Cause = Cause {
    code: "sdk-trusts-other-cas",
    title: "some SDKs do not read the CA bundle that STS was verified with",
    compare: "the CA bundle that the SDK reads",
    severity: Severity::Warning,
    advice: Advice::RecreatePod,
    // Which bundle each SDK reads, with sources, is in `probe::sdks::network`.
    explanation: "\
Something between this pod and STS inspects TLS: the certificate is not one of Amazon's. A private CA issued it, and \
this pod has that CA in a bundle. Not every SDK reads that bundle.

boto3 and the AWS CLI read AWS_CA_BUNDLE, or else the list that comes with certifi or botocore; they read neither \
SSL_CERT_FILE nor the image's bundle. Node.js reads NODE_EXTRA_CA_CERTS. Java and Kotlin read the truststore of the \
Java runtime. Rust and .NET read SSL_CERT_FILE and the image's bundle, but not AWS_CA_BUNDLE. Go reads AWS_CA_BUNDLE, \
SSL_CERT_FILE and the image's bundle.

Name the bundle in AWS_CA_BUNDLE and in NODE_EXTRA_CA_CERTS, and import the CA into Java's truststore. Then recreate \
the pod. Alternatively, exclude STS from TLS inspection.",
    says: &[],
    settles: false,
    hides_caller: false,
    judge: Some(judge),
    fix,
};

/// In the order in which the probe reads them; see `collect/roots.rs`.
const BUNDLES: [&str; 3] = ["AWS_CA_BUNDLE", "SSL_CERT_FILE", "SSL_CERT_DIR"];

fn judge(evidence: &Evidence) -> Outcome {
    if let Some(why) = evidence.why_not_irsa() {
        return Outcome::skip(why);
    }
    let endpoint = match &evidence.endpoint {
        Seen::Seen(endpoint) => endpoint,
        Seen::NotChecked(why) => return Outcome::skip(why.clone()),
        Seen::Failed(_) => return Outcome::skip("there is no endpoint"),
    };
    let session = evidence.dial.seen().and_then(|dial| dial.tls.as_ref()?.as_ref().ok());
    // At a custom endpoint, any CA may have issued the certificate.
    let issuer = session.filter(|session| endpoint.partition.is_some() && !session.is_of_amazon());
    let Some(issuer) = issuer.and_then(|session| session.issuer.as_deref()) else {
        return Outcome::Pass;
    };
    let environment = &evidence.environment;
    let bundle = environment.first(&BUNDLES).map_or(SYSTEM, |(variable, _)| variable);
    let does_not_read = |client: &Client| {
        let own = client.bundles().iter().filter(|name| **name != SYSTEM && !BUNDLES.contains(name));
        // A user who sets AWS_CA_BUNDLE chose it for the SDK in the image.
        let counts = client.is_known || bundle != "AWS_CA_BUNDLE";
        counts && !client.trusts(bundle) && !own.into_iter().any(|name| environment.variable(name).is_filled())
    };
    let mut names: Vec<String> =
        clients(evidence).into_iter().filter(does_not_read).map(|client| client.name).collect();
    names.dedup();
    if names.is_empty() {
        return Outcome::Pass;
    }
    let place = if bundle == SYSTEM { "the image's CA bundle" } else { bundle };
    let cause = format!(
        "The certificate of {} is issued by {issuer}, not by Amazon: something inspects TLS or impersonates STS. The \
         CA is in {place}, which is not read by {}.",
        endpoint.host,
        listed(&names)
    );
    Outcome::Warning(Box::new(Diagnosis::new(cause, fix(&Facts::of(evidence)))))
}

fn fix(_: &Facts) -> Fix {
    Fix::new(
        "Name the bundle in AWS_CA_BUNDLE for boto3 and the AWS CLI, in NODE_EXTRA_CA_CERTS for Node.js and in \
         SSL_CERT_FILE for Rust and .NET, or import the CA into Java's truststore. Then recreate the pod.",
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::causes::testing::{environment, found, with_sdk};
    use crate::probe::evidence::{Dial, SdkKind, TlsSession};

    #[test]
    fn only_sdks_that_do_not_read_the_bundle_of_a_private_ca_are_named() {
        use SdkKind::*;
        for (issuer, variables, sdk, words) in [
            ("CN=Corp CA", &[("SSL_CERT_FILE", "/ca.pem")][..], None, "boto3"),
            ("CN=Corp CA", &[], None, "JavaScript 3"),
            ("CN=Corp CA", &[("AWS_CA_BUNDLE", "/ca.pem")], None, ""),
            ("CN=Corp CA", &[("AWS_CA_BUNDLE", "/ca.pem")], Some(("python3", Boto3)), ""),
            ("CN=Corp CA", &[("AWS_CA_BUNDLE", "/ca.pem")], Some(("java", JavaV2)), "Java 2"),
            ("CN=Corp CA", &[("SSL_CERT_FILE", "/ca.pem")], Some(("app", GoV2)), ""),
            ("CN=Corp CA", &[("NODE_EXTRA_CA_CERTS", "/ca.pem")], Some(("node", JavaScriptV3)), ""),
            ("CN=Corp CA", &[("REQUESTS_CA_BUNDLE", "/ca.pem")], Some(("python3", Boto3)), ""),
            ("C=US, O=Amazon, CN=Amazon RSA 2048 M02", &[("SSL_CERT_FILE", "/ca.pem")], None, ""),
        ] {
            let session = TlsSession { protocol: "TLSv1.3".into(), issuer: Some(issuer.into()), top_thumbprint: None };
            let mut evidence = environment(variables);
            evidence.dial = Seen::Seen(Dial { tls: Some(Ok(session)), ..Dial::default() });
            evidence.target = sdk.map(|(program, kind)| with_sdk(program, kind, "2.20.0"));
            assert_eq!(found(&SDK_TRUSTS_OTHER_CAS, &evidence), !words.is_empty(), "{issuer} {variables:?} {sdk:?}");
            if let Outcome::Warning(diagnosis) = judge(&evidence) {
                assert!(diagnosis.cause.contains(words), "{}", diagnosis.cause);
            }
        }
    }
}
