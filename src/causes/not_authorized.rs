use crate::causes::{Advice, Cause, Severity};
use crate::diagnosis::sts_errors;

/// STS rejects the token for this role. Nine different mistakes cause the same answer.
pub static NOT_AUTHORIZED: Cause = Cause {
    code: "not-authorized",
    title: "the role's trust policy does not allow this service account",
    compare: "the role's trust policy and this token",
    severity: Severity::Error,
    advice: Advice::Fix,
    // Source of the delay: IAM user guide, "Troubleshoot IAM: Changes that I make are not always immediately
    // visible"; it gives no number, public reports speak of seconds, seldom of minutes.
    explanation: "\
STS answers \"Not authorized to perform sts:AssumeRoleWithWebIdentity\" for nine different mistakes and never says \
which: the trust policy names another provider, another subject or another audience; its condition keys are misspelt; \
it has a wildcard under StringEquals; it has no statement for web identity; the pod runs under another service \
account than intended; the role does not exist; or an organization's policy denies the call.

The answer does show that STS verified the token. The issuer, its keys and the provider's audience are correct. Check \
the role, its trust policy, the pod's service account and the organization's policies.

Compare four values, letter by letter. The action must be sts:AssumeRoleWithWebIdentity. The federated principal must \
be arn:PARTITION:iam::ACCOUNT:oidc-provider/ISSUER, with the role's own account and the issuer without https://. The \
condition ISSUER:sub must equal the token's sub, system:serviceaccount:NAMESPACE:NAME. The condition ISSUER:aud, if \
there is one, must equal the token's aud. `irsa-probe trust-policy` prints the policy that this token needs. With \
--check FILE, it shows which part of an existing policy fails.

A role or provider that was created or changed within the last minute may only need time: IAM propagates changes to \
all of AWS within seconds, rarely minutes. Otherwise, waiting does not help. Once the policy is correct, the pod \
recovers without being recreated.",
    judge: Some(|evidence| sts_errors::judge(&NOT_AUTHORIZED, evidence)),
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::causes::testing::assert_told;
    use crate::probe::evidence::Operation::AssumeRoleWithWebIdentity;

    #[test]
    fn no_other_check_reports_its_answers() {
        assert_told(
            &NOT_AUTHORIZED,
            AssumeRoleWithWebIdentity,
            &["403 AccessDenied: Not authorized to perform sts:AssumeRoleWithWebIdentity", "403 AccessDenied: "],
        );
    }
}
