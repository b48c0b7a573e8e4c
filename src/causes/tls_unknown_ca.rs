use crate::causes::{Advice, Cause, Severity};
use crate::diagnosis::unreached;

/// No CA that the pod trusts has signed the server's certificate.
pub static TLS_UNKNOWN_CA: Cause = Cause {
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
    judge: Some(|evidence| unreached::judge(&TLS_UNKNOWN_CA, evidence)),
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::causes::testing::{found, unreached};
    use crate::probe::evidence::{Dial, TlsFault};

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
}
