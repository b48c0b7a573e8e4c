use crate::causes::{Advice, Cause, Facts, Fix, Names, Priority, Reading, Saying, Severity, answered, with};

/// The issuer's certificate chain does not match the provider's thumbprint.
pub(crate) static THUMBPRINT_MISMATCH: Cause = Cause {
    code: "thumbprint-mismatch",
    title: "the issuer's certificates do not match the provider's thumbprint",
    compare: "iss's certificate and the provider's thumbprint",
    severity: Severity::Error,
    advice: Advice::Fix,
    // Source: IAM user guide, "Obtain the thumbprint for an OpenID Connect identity provider".
    // Source: IAM API reference, UpdateOpenIDConnectProviderThumbprint: "completely replaces the existing list";
    // AWS uses its own library of trusted CAs, and thumbprints only where the certificate is not signed by one of
    // them.
    explanation: "\
The issuer's host presents a certificate that does not match the thumbprint in the IAM OIDC provider. The provider \
holds SHA-1 thumbprints of the topmost certificate that the host presents. For EKS and other issuers with well-known \
CAs, AWS uses its own trust store instead. For private CAs and some self-hosted issuers, the thumbprint decides, and \
it changes when the host's chain changes.

Compute the SHA-1 fingerprint of the last certificate of the chain that the host presents, and set it in the provider \
(`aws iam update-open-id-connect-provider-thumbprint`, which replaces the whole list). If the host presents only its \
leaf certificate, use the leaf's fingerprint. On EKS, do not change thumbprints.

The pod recovers by itself.",
    says: &[Saying::new(
        Priority::Aws,
        &[with(&["thumbprint"], &[&["match", "doesn't match", "does not match", "mismatch"]])],
        |facts| {
            let why = "the issuer's certificate chain does not match the provider's thumbprints";
            let reading = Reading::decided(&THUMBPRINT_MISMATCH, why);
            match &facts.thumbprint {
                Some(thumbprint) => reading.seen(format!(
                    "Seen from here, the last certificate of the chain has the thumbprint {thumbprint}."
                )),
                None => reading,
            }
        },
    )],
    settles: true,
    hides_caller: false,
    judge: Some(answered),
    fix,
};

fn fix(facts: &Facts) -> Fix {
    let names = facts.names();
    let Names { provider_arn, iam_region, .. } = &names;
    let key = names.key();
    if names.is_of_aws {
        return Fix::new(
            "Leave the provider's thumbprints unchanged: AWS runs the issuer and does not use them for it. Run the check \
             again; if the error stays, open a case with AWS Support.",
        );
    }
    if let Some(thumbprint) = &names.thumbprint {
        let fix = Fix::new(
            "Set the provider's thumbprint to the one that was seen, if a private CA signed the issuer's certificate. \
             The command replaces the whole list of thumbprints. If a public CA signed it, AWS does not use \
             thumbprints.",
        );
        return names.with_credentials(fix).command(format!(
            "aws iam update-open-id-connect-provider-thumbprint{iam_region} --open-id-connect-provider-arn {provider_arn} --thumbprint-list {thumbprint}"
        ));
    }
    let host = key.split(['/', ':']).next().unwrap_or(key);
    Fix::new(
        "Set the provider's thumbprint to the SHA-1 fingerprint of the last certificate that the issuer presents, if a \
         private CA signed it (aws iam update-open-id-connect-provider-thumbprint, which replaces the whole list). If a \
         public CA signed it, AWS does not use thumbprints.",
    )
    .command(format!(
        "openssl s_client -connect {} -servername {host} -showcerts </dev/null",
        names.issuer_peer()
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::causes::testing::assert_named;
    use crate::probe::evidence::Operation::AssumeRoleWithWebIdentity;

    #[test]
    fn no_other_check_reports_its_answers() {
        assert_named(
            &THUMBPRINT_MISMATCH,
            AssumeRoleWithWebIdentity,
            &[
                "400 InvalidIdentityToken: OpenIDConnect provider's HTTPS certificate doesn't match configured thumbprint",
            ],
        );
    }
}
