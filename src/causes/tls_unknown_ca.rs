use crate::causes::{
    About, Advice, Candidate, Cause, Diagnosis, Facts, Fix, Names, Outcome, Priority, REQUEST_CLOCK_SKEW, Reading,
    Saying, Severity, any, connected,
};
use crate::probe::evidence::{Evidence, OF_THE_PROBE, SYSTEM};
use crate::probe::sdks::network::{clients, listed};

/// No CA that the pod trusts has signed the server's certificate.
pub(crate) static TLS_UNKNOWN_CA: Cause = Cause {
    code: "tls-unknown-ca",
    title: "the STS certificate cannot be verified with this pod's CA bundle",
    compare: "the CA bundle must hold the certificate's issuer",
    severity: Severity::Error,
    advice: Advice::Fix,
    // Sources: distroless, base/README.md (gcr.io/distroless/static has ca-certificates); Node.js, "Command-line
    // API" (NODE_EXTRA_CA_CERTS); Java Secure Socket Extension reference guide (javax.net.ssl.trustStore, else
    // cacerts).
    explanation: "\
Either the image has no CA bundle (an image from scratch has none, gcr.io/distroless/static has one), or its bundle \
is very old, or something between the pod and STS inspects TLS and presents its own certificate. The issuer of the \
presented certificate decides: Amazon or Starfield means that the bundle is missing; anything else means inspection.

Add a CA bundle to the image. If TLS is inspected, add the inspecting CA and name the bundle in AWS_CA_BUNDLE or \
SSL_CERT_FILE. Node.js reads NODE_EXTRA_CA_CERTS; Java reads its own truststore.",
    says: &[
        // The image has no trust store, whichever server is called.
        Saying::new(
            Priority::Network(35),
            &[any(&[
                "failed to load system roots",
                "trustanchors parameter must be non-empty",
                "error setting certificate verify locations",
                "could not find a suitable tls ca certificate bundle",
                "no ca certificates",
                "no native root ca certificates found",
                "no valid root certificates",
            ])],
            |_| Reading::decided(&TLS_UNKNOWN_CA, "the image has no usable CA bundle"),
        )
        .about(About::Anything),
        // An image without trust store shows so at the first server that is called.
        Saying::new(
            Priority::Network(40),
            &[any(&[
                "certificate signed by unknown authority",
                "unable to get local issuer certificate",
                "unable to get issuer cert",
                "unable_to_get_issuer_cert_locally",
                "unable_to_get_issuer_cert",
                "unable_to_verify_leaf_signature",
                "unable to verify the first certificate",
                "self signed certificate",
                "self-signed certificate",
                "self_signed_cert_in_chain",
                "depth_zero_self_signed_cert",
                "certificate_verify_failed",
                "certificate verify failed",
                "pkix path building failed",
                "unable to find valid certification path",
                "unknownissuer",
                "invalidcertificate(",
                "remote certificate is invalid",
                "remotecertificatechainerrors",
                "partialchain",
                "untrustedroot",
                "ssl certificate problem",
                "ssl peer certificate or ssh remote key was not ok",
                "cannot be authenticated with given ca certificates",
                "unknown ca",
                "unknown_ca",
                "certificate is not trusted",
                "tls: failed to verify certificate",
                "ssl validation failed",
                "sslcertverificationerror",
                "certificate key too weak",
                "ca md too weak",
            ])],
            |_| {
                let why = "the trust store has no CA for the certificate: the image lacks a CA bundle, or a proxy \
                           inspects TLS";
                Reading::decided(&TLS_UNKNOWN_CA, why)
            },
        )
        .about(About::Aws),
        Saying::new(
            Priority::Network(30),
            &[any(&[
                "certificate has expired",
                "certificate expired",
                "cert_has_expired",
                "certificate is not yet valid",
                "cert_not_yet_valid",
                "certificatenotyetvalidexception",
                "certificateexpiredexception",
            ])],
            |_| Reading::ranked(out_of_date()),
        )
        .about(About::Aws),
    ],
    settles: false,
    hides_caller: true,
    judge: Some(judge),
    fix,
};

/// STS was verified with authorities that not every SDK trusts: those of the probe, where the application's image has none,
/// or those that one runtime alone reads.
fn judge(evidence: &Evidence) -> Outcome {
    let session = evidence.dial.seen().and_then(|dial| dial.tls.as_ref()?.as_ref().ok());
    let bundle = session.map_or(SYSTEM, |session| session.bundle);
    let clients = clients(evidence);
    let is_known = clients.iter().any(|client| client.is_known);
    let is_custom = evidence.endpoint.seen().is_some_and(|endpoint| endpoint.partition.is_none());
    let names = clients.into_iter().filter(|client| !client.trusts(bundle)).map(|client| client.name);
    let mut names: Vec<String> = names.collect();
    names.dedup();
    let cause = match bundle {
        OF_THE_PROBE if is_known => {
            format!("This image has no CA bundle. Without one, STS cannot be verified by {}.", listed(&names))
        }
        OF_THE_PROBE => "This image has no CA bundle. Without one, most SDKs cannot verify STS.".to_owned(),
        // Who sets such a variable chose it for the SDK in the image: `sdk-trusts-other-cas`, which is about AWS's own
        // endpoints.
        "REQUESTS_CA_BUNDLE" | "NODE_EXTRA_CA_CERTS" if is_known || is_custom => {
            format!("Only {bundle} has the CA of STS. It is not read by {}.", listed(&names))
        }
        _ => return connected(evidence),
    };
    match names.is_empty() {
        true => Outcome::Pass,
        false => Diagnosis::new(cause, fix(&Facts::of(evidence))).into(),
    }
}

/// A certificate that is not valid now.
pub(crate) fn out_of_date() -> Vec<Candidate> {
    vec![
        Candidate::new(
            &REQUEST_CLOCK_SKEW,
            "STS renews its certificates in time: check whether the local clock is far off",
        ),
        Candidate::new(&TLS_UNKNOWN_CA, "the certificate is not from STS: a proxy or firewall inspects TLS"),
    ]
}

fn fix(facts: &Facts) -> Fix {
    let Names { peer, host, region, .. } = facts.names();
    if facts.is_pod_identity() {
        return Fix::new(
            "Check on the node which certificate EKS shows to the agent. If a proxy or firewall inspects TLS, exempt the \
             host of eks-auth from it.",
        )
        .command(format!("openssl s_client -connect eks-auth.{region}.api.aws:443 </dev/null | openssl x509 -noout -issuer"));
    }
    Fix::new(
        "Add a CA bundle to the image (Debian, Alpine: package ca-certificates). If TLS is inspected, add the inspecting \
         CA and name the bundle in AWS_CA_BUNDLE or SSL_CERT_FILE (Node.js: NODE_EXTRA_CA_CERTS; Java: its truststore).",
    )
    .command(format!("openssl s_client -connect {peer} -servername {host} </dev/null | openssl x509 -noout -issuer"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::causes::testing::{environment, found, unreached, with_sdk};
    use crate::probe::evidence::{Dial, SdkKind, Seen, TlsFault, TlsSession};

    #[test]
    fn missing_or_broken_trust_is_this_fault() {
        let issuer = |name: &str| TlsFault::UnknownIssuer { issuer: Some(name.into()) };
        for (fault, is) in [
            (issuer("CN=Zscaler Root CA"), true),
            (issuer("O=Amazon, CN=Amazon RSA 2048 M02"), true),
            (TlsFault::NoRoots { looked_at: vec!["/etc/ssl/certs/ca-certificates.crt".into()] }, true),
            (TlsFault::BadBundle { variable: "AWS_CA_BUNDLE", path: "/ca".into(), why: "is empty".into() }, true),
            (TlsFault::WrongName { names: vec!["example.com".into()] }, false),
            (TlsFault::NotTls, false),
        ] {
            let dial = Dial { tls: Some(Err(fault.clone())), ..Dial::default() };
            assert_eq!(found(&TLS_UNKNOWN_CA, &unreached(dial)), is, "{fault:?}");
        }
    }

    #[test]
    fn an_image_without_bundle_is_no_fault_where_the_sdk_brings_its_own() {
        use SdkKind::*;
        for (bundle, sdk, is) in [
            (OF_THE_PROBE, Some(("node", JavaScriptV3)), false),
            (OF_THE_PROBE, Some(("python3", Boto3)), false),
            (OF_THE_PROBE, Some(("java", JavaV2)), false),
            (OF_THE_PROBE, Some(("app", GoV2)), true),
            (OF_THE_PROBE, None, true),
            ("NODE_EXTRA_CA_CERTS", Some(("node", JavaScriptV3)), false),
            ("NODE_EXTRA_CA_CERTS", Some(("app", GoV2)), true),
            ("NODE_EXTRA_CA_CERTS", None, false),
            (SYSTEM, Some(("node", JavaScriptV3)), false),
        ] {
            let session = TlsSession { protocol: "TLSv1.3".into(), issuer: None, top_thumbprint: None, bundle };
            let mut evidence = environment(&[]);
            evidence.dial = Seen::Seen(Dial { tls: Some(Ok(session)), ..Dial::default() });
            evidence.target = sdk.map(|(program, kind)| with_sdk(program, kind, "2.20.0"));
            assert_eq!(found(&TLS_UNKNOWN_CA, &evidence), is, "{bundle} {sdk:?}");
        }
    }
}
