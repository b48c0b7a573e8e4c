use crate::checks::Check;
use crate::finding::{Advice, Cause, Severity};
use crate::sts_errors;

/// The account has switched STS off in the called region.
pub static CHECK: Check = Check {
    cause: Cause {
        code: "region-sts-disabled",
        title: "STS is switched off in this region for the account",
        severity: Severity::Error,
        advice: Advice::Fix,
        explanation: "\
An account can switch regional STS endpoints off (IAM console, Account settings), and regions that must be switched \
on have none before that. STS then answers RegionDisabledException, or to web identity calls \"No OpenIDConnect \
provider found in your account\", which another region's endpoint does not say. GetCallerIdentity works all the \
same, so it proves nothing.

Switch the endpoint on, or set AWS_REGION (and recreate the pod) so that another region's is called.",
    },
    judge: |evidence| sts_errors::judge(CHECK.cause.code, evidence),
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::{answered, found};
    use crate::evidence::Operation::*;

    #[test]
    fn its_answers_and_no_others_are_this_fault() {
        for (operation, status, code, message, is) in [
            (
                AssumeRoleWithWebIdentity,
                403,
                "RegionDisabledException",
                "STS is not activated in this region for account:111122223333.",
                true,
            ),
            (
                AssumeRoleWithWebIdentity,
                403,
                "AccessDenied",
                "Not authorized to perform sts:AssumeRoleWithWebIdentity",
                false,
            ),
        ] {
            let evidence = answered(operation, status, code, message);
            assert_eq!(found(&CHECK, &evidence), is, "{code} {message}");
        }
    }
}
