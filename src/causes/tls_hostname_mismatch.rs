use crate::causes::{Advice, Cause, Facts, Fix, Priority, Reading, Saying, Severity, any, connected, with};

/// The certificate is for other host names.
pub(crate) static TLS_HOSTNAME_MISMATCH: Cause = Cause {
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
    says: &[Saying::new(
        Priority::Network(20),
        &[
            any(&[
                "doesn't match either of",
                "hostname mismatch",
                "x509: certificate is valid for",
                "x509: certificate is not valid for any names",
                "err_tls_cert_altname_invalid",
                "does not match certificate's altnames",
                "no subject alternative",
                "no alternative certificate subject name matches",
                "doesn't match any of the subject alternative names",
                "notvalidforname",
                "does not match target host name",
                "remotecertificatenamemismatch",
                "does not match the server certificate",
                "does not match the server name",
                "certificate name does not match",
            ]),
            with(&["hostname", "host name"], &[&["doesn't match", "does not match"], &["certificate", "ssl"]]),
        ],
        |_| {
            let why = "the certificate is for other names: usually a DNS alias of the global name to a regional VPC \
                       endpoint";
            Reading::decided(&TLS_HOSTNAME_MISMATCH, why)
        },
    )],
    settles: false,
    hides_caller: true,
    judge: Some(connected),
    fix,
};

fn fix(_: &Facts) -> Fix {
    Fix::new(
        "Remove the DNS alias of sts.amazonaws.com, and set AWS_STS_REGIONAL_ENDPOINTS=regional so that the VPC \
         endpoint's own name is called.",
    )
}

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
