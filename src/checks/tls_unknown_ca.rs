use crate::finding::{Advice, Cause, Severity};

/// Nobody vouches for the server's certificate.
pub static CAUSE: Cause = Cause {
    code: "tls-unknown-ca",
    title: "the certificate of STS is issued by nobody this image trusts",
    severity: Severity::Error,
    advice: Advice::Fix,
    explanation: "\
Either the image has no CA bundle (scratch and distroless-like images; package ca-certificates), or the one it has \
is ancient, or something on the way inspects TLS and presents a certificate of its own. Who issued the presented \
certificate decides: Amazon or Starfield means that the bundle is missing; anything else means inspection.

Put a bundle into the image; where TLS is inspected, add the inspecting CA and name the bundle in AWS_CA_BUNDLE or \
SSL_CERT_FILE.",
};
