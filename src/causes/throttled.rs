use crate::causes::{Advice, Cause, Severity};
use crate::diagnosis::sts_errors;

/// STS limits the rate.
pub static THROTTLED: Cause = Cause {
    code: "throttled",
    title: "STS limits the rate of calls",
    severity: Severity::Error,
    advice: Advice::Retry,
    // Source: IAM user guide, "IAM and AWS STS quotas": requests per second, per account and Region; STS API
    // reference, Common errors: Throttling, HTTP 400.
    explanation: "\
STS answers Throttling \"Rate exceeded\" (with status 400) when an account calls too often: mass rollouts, programs \
that take a session for each request, many pods that fail and try again at once. Some SDKs then go on to the node's \
role, so the fault shows up as AccessDenied much later.

Wait; it passes. Start fewer pods at once, let programs keep their session for its hour, and use regional endpoints, \
which each have their own limit.",
    judge: Some(|evidence| sts_errors::judge(&THROTTLED, evidence)),
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::causes::testing::assert_told;
    use crate::probe::evidence::Operation::AssumeRoleWithWebIdentity;

    #[test]
    fn its_answers_are_told_by_no_other_check() {
        assert_told(&THROTTLED, AssumeRoleWithWebIdentity, &["400 Throttling: Rate exceeded"]);
    }
}
