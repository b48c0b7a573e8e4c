use crate::causes::{Advice, Cause, Diagnosis, Facts, Fix, Outcome, Severity};
use crate::probe::evidence::{Evidence, SYSTEM, Seen, TlsSession};
use crate::probe::sdks::network::{Client, clients, listed};

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
SSL_CERT_FILE and the image's bundle. Where SSL_CERT_FILE is set, Go and .NET still trust the image's bundle, and Rust \
does not.

Name the bundle in AWS_CA_BUNDLE and in NODE_EXTRA_CA_CERTS, and import the CA into Java's truststore. Then recreate \
the pod. Alternatively, exclude STS from TLS inspection.",
    says: &[],
    settles: false,
    hides_caller: false,
    judge: Some(judge),
    fix,
};

/// What several SDKs read; see `collect/roots.rs`.
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
    if let Some(cause) = session.and_then(|session| beside_named_bundles(evidence, session)) {
        return Outcome::Warning(Box::new(Diagnosis::new(cause, fix(&Facts::of(evidence)))));
    }
    // At a custom endpoint, any CA may have issued the certificate.
    let issuer = session.filter(|session| endpoint.partition.is_some() && !session.is_of_amazon());
    let Some(issuer) = issuer.and_then(|session| session.issuer.as_deref()) else {
        return Outcome::Pass;
    };
    let environment = &evidence.environment;
    let bundle = session.map_or(SYSTEM, |session| session.bundle);
    let clients = clients(evidence);
    // What one runtime alone reads is enough, or an error, where the SDKs are known: `tls-unknown-ca`.
    if ![SYSTEM].iter().chain(&BUNDLES).any(|name| *name == bundle) && clients.iter().any(|client| client.is_known) {
        return Outcome::Pass;
    }
    let does_not_read = |client: &Client| {
        let own = client.bundles().iter().filter(|name| **name != SYSTEM && !BUNDLES.contains(name));
        // A user who sets AWS_CA_BUNDLE chose it for the SDK in the image.
        let counts = client.is_known || bundle != "AWS_CA_BUNDLE";
        counts && !client.trusts(bundle) && !own.into_iter().any(|name| environment.variable(name).is_filled())
    };
    let mut names: Vec<String> = clients.into_iter().filter(does_not_read).map(|client| client.name).collect();
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

/// The SDKs that read only what `SSL_CERT_FILE` or `SSL_CERT_DIR` names, where another bundle verified STS.
fn beside_named_bundles(evidence: &Evidence, session: &TlsSession) -> Option<String> {
    let (variable, path) = evidence.environment.first(&["SSL_CERT_FILE", "SSL_CERT_DIR"])?;
    let (true, host) = (session.bundle == SYSTEM, &evidence.endpoint.seen()?.host) else { return None };
    let names = clients(evidence).into_iter().filter(Client::reads_named_bundles_alone).map(|client| client.name);
    let names: Vec<String> = names.collect();
    let verb = if names.len() > 1 { "trust" } else { "trusts" };
    (!names.is_empty()).then(|| {
        format!(
            "The CA of {host} is in the image's bundle, but not in {variable} ({path}). {} {verb} only what this variable \
             names.",
            listed(&names)
        )
    })
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
        const FILE: (&str, &str) = ("SSL_CERT_FILE", "/ca.pem");
        const AMAZON: &str = "C=US, O=Amazon, CN=Amazon RSA 2048 M02";
        for (issuer, variables, bundle, sdk, words) in [
            ("CN=Corp CA", &[FILE][..], "SSL_CERT_FILE", None, "boto3"),
            ("CN=Corp CA", &[], SYSTEM, None, "JavaScript 3"),
            ("CN=Corp CA", &[("AWS_CA_BUNDLE", "/ca.pem")], "AWS_CA_BUNDLE", None, ""),
            ("CN=Corp CA", &[("AWS_CA_BUNDLE", "/ca.pem")], "AWS_CA_BUNDLE", Some(("python3", Boto3)), ""),
            ("CN=Corp CA", &[("AWS_CA_BUNDLE", "/ca.pem")], "AWS_CA_BUNDLE", Some(("java", JavaV2)), "Java 2"),
            ("CN=Corp CA", &[FILE], "SSL_CERT_FILE", Some(("app", GoV2)), ""),
            ("CN=Corp CA", &[("NODE_EXTRA_CA_CERTS", "/ca.pem")], SYSTEM, Some(("node", JavaScriptV3)), ""),
            ("CN=Corp CA", &[("REQUESTS_CA_BUNDLE", "/ca.pem")], SYSTEM, Some(("python3", Boto3)), ""),
            ("CN=Corp CA", &[("NODE_EXTRA_CA_CERTS", "/ca.pem")], "NODE_EXTRA_CA_CERTS", None, "boto3"),
            // Then it is an error, or none: `tls-unknown-ca`.
            ("CN=Corp CA", &[("NODE_EXTRA_CA_CERTS", "/ca.pem")], "NODE_EXTRA_CA_CERTS", Some(("app", GoV2)), ""),
            (AMAZON, &[FILE], "SSL_CERT_FILE", None, ""),
            (AMAZON, &[FILE], SYSTEM, None, "Rust trusts only"),
            (AMAZON, &[FILE], SYSTEM, Some(("app", Rust)), "Rust 2.20.0 trusts only"),
            (AMAZON, &[FILE], SYSTEM, Some(("app", GoV2)), ""),
        ] {
            let session =
                TlsSession { protocol: "TLSv1.3".into(), issuer: Some(issuer.into()), top_thumbprint: None, bundle };
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
