use crate::causes::{Advice, Cause, Severity};
use crate::diagnosis::unreached;

/// The certificate is for other host names.
pub static TLS_HOSTNAME_MISMATCH: Cause = Cause {
    code: "tls-hostname-mismatch",
    title: "the STS certificate is not valid for the host name that was called",
    compare: "the certificate's names and the host called",
    severity: Severity::Error,
    advice: Advice::Fix,
    explanation: "\
Someone aliased sts.amazonaws.com to a regional VPC endpoint, in CoreDNS or in a private zone. The endpoint's \
certificate is valid for sts.REGION.amazonaws.com and for its own vpce names, so TLS clients correctly reject it for \
another name.

Remove the alias and make SDKs call the regional name: set AWS_STS_REGIONAL_ENDPOINTS=regional and AWS_REGION.",
    judge: Some(|evidence| unreached::judge(&TLS_HOSTNAME_MISMATCH, evidence)),
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::causes::testing::{found, unreached};
    use crate::probe::evidence::{Dial, TlsFault};

    #[test]
    fn only_a_certificate_for_other_names_is_this_fault() {
        for (fault, is) in [
            (TlsFault::WrongName { names: vec!["sts.eu-west-1.amazonaws.com".into()] }, true),
            (TlsFault::UnknownIssuer { issuer: None }, false),
        ] {
            let dial = Dial { tls: Some(Err(fault.clone())), ..Dial::default() };
            assert_eq!(found(&TLS_HOSTNAME_MISMATCH, &unreached(dial)), is, "{fault:?}");
        }
    }
}
