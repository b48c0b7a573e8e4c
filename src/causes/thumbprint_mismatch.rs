use crate::causes::{Advice, Cause, Outcome, Severity};
use crate::diagnosis::sts_errors;
use crate::probe::evidence::Evidence;

/// The issuer's certificate chain does not match the provider's thumbprint.
pub static THUMBPRINT_MISMATCH: Cause = Cause {
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
    judge: Some(judge),
};

fn judge(evidence: &Evidence) -> Outcome {
    let mut outcome = sts_errors::judge(&THUMBPRINT_MISMATCH, evidence);
    let thumbprint = evidence.issuer.seen().and_then(|issuer| issuer.thumbprint.as_deref());
    if let (Outcome::Fault(diagnosis), Some(thumbprint)) = (&mut outcome, thumbprint) {
        diagnosis.cause +=
            &format!(" Seen from here, the last certificate of the chain has the thumbprint {thumbprint}.");
    }
    outcome
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::causes::testing::assert_told;
    use crate::probe::evidence::Operation::AssumeRoleWithWebIdentity;

    #[test]
    fn no_other_check_reports_its_answers() {
        assert_told(
            &THUMBPRINT_MISMATCH,
            AssumeRoleWithWebIdentity,
            &[
                "400 InvalidIdentityToken: OpenIDConnect provider's HTTPS certificate doesn't match configured thumbprint",
            ],
        );
    }
}
