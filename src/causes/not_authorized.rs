use crate::causes::{Advice, Cause, Severity};
use crate::diagnosis::sts_errors;

/// STS refuses the token for this role, and its answer is one for nine different mistakes.
pub static NOT_AUTHORIZED: Cause = Cause {
    code: "not-authorized",
    title: "the role's trust policy does not let this service account in",
    severity: Severity::Error,
    advice: Advice::Fix,
    // Source of the delay: IAM user guide, "Troubleshoot IAM: Changes that I make are not always immediately
    // visible"; it gives no number, public reports speak of seconds, seldom of minutes.
    explanation: "\
STS answers \"Not authorized to perform sts:AssumeRoleWithWebIdentity\" to nine different mistakes, and never says \
which: the trust policy names another provider, another subject or another audience; its condition keys are \
misspelt; a * stands under StringEquals; it has no statement for web identity at all; the pod runs under another \
service account than meant; the role does not exist; or an organization's policy denies the call.

What the answer does tell: STS verified the token. Issuer, keys and the provider's audience are in order, so the \
fault is in the role or around it.

Compare four things, letter by letter. The action must be sts:AssumeRoleWithWebIdentity. The federated principal \
must be arn:PARTITION:iam::ACCOUNT:oidc-provider/ISSUER with the role's own account and the issuer without https://. \
The condition ISSUER:sub must equal the token's sub, system:serviceaccount:NAMESPACE:NAME. The condition ISSUER:aud, \
if there is one, must equal the token's aud. `irsa-probe trust-policy` prints the policy that this token needs, and \
with --check FILE says which part of a given one fails.

A role or provider that was made or changed within the last minute may only need time: IAM tells all of AWS within \
seconds, seldom minutes. Otherwise waiting does not help; once the policy is right, the same pod recovers without \
being made anew.",
    judge: Some(|evidence| sts_errors::judge(&NOT_AUTHORIZED, evidence)),
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::causes::testing::assert_told;
    use crate::probe::evidence::Operation::AssumeRoleWithWebIdentity;

    #[test]
    fn its_answers_are_told_by_no_other_check() {
        assert_told(
            &NOT_AUTHORIZED,
            AssumeRoleWithWebIdentity,
            &["403 AccessDenied: Not authorized to perform sts:AssumeRoleWithWebIdentity", "403 AccessDenied: "],
        );
    }
}
