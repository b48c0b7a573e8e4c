use crate::causes::{Advice, Cause, Severity};
use crate::diagnosis::sts_errors;

/// STS returned a server error.
pub static STS_SERVER_ERROR: Cause = Cause {
    code: "sts-server-error",
    title: "STS returned a server error",
    compare: "does a retry succeed?",
    severity: Severity::Error,
    advice: Advice::Retry,
    explanation: "\
STS answered with a status of 500 or more. Nothing is wrong with the request. Retry the call. If the error persists, \
check AWS's health dashboard for the region, and call another region's endpoint meanwhile.",
    judge: Some(|evidence| sts_errors::judge(&STS_SERVER_ERROR, evidence)),
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::causes::testing::assert_told;
    use crate::probe::evidence::Operation::AssumeRoleWithWebIdentity;

    #[test]
    fn no_other_check_reports_its_answers() {
        assert_told(
            &STS_SERVER_ERROR,
            AssumeRoleWithWebIdentity,
            &["500 InternalFailure: We encountered an internal error.", "503 ServiceUnavailable: "],
        );
    }
}
