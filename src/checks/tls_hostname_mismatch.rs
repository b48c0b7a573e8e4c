use crate::finding::{Advice, Cause, Severity};

/// The certificate is for other names.
pub static CAUSE: Cause = Cause {
    code: "tls-hostname-mismatch",
    title: "the certificate of STS is for other names than the one called",
    severity: Severity::Error,
    advice: Advice::Fix,
    explanation: "\
Somebody aliased sts.amazonaws.com to a regional VPC endpoint, in CoreDNS or a private zone. The endpoint's \
certificate is for sts.REGION.amazonaws.com and its own vpce names, so TLS refuses it, rightly.

Remove the alias and have SDKs call the regional name: AWS_STS_REGIONAL_ENDPOINTS=regional and AWS_REGION.",
};
