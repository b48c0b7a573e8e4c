use crate::checks::Check;
use crate::finding::{Advice, Cause, Severity};
use crate::sts_errors;

/// STS itself failed.
pub static CHECK: Check = Check {
    cause: Cause {
        code: "sts-server-error",
        title: "STS failed by itself",
        severity: Severity::Error,
        advice: Advice::Retry,
        explanation: "\
STS answered with a status of 500 or more. Nothing is wrong with the request. Look again; if it stays, look at AWS's \
health dashboard for the region, and call another region's endpoint meanwhile.",
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
            (AssumeRoleWithWebIdentity, 500, "InternalFailure", "We encountered an internal error.", true),
            (AssumeRoleWithWebIdentity, 503, "ServiceUnavailable", "", true),
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
