use crate::causes::{Advice, Cause, Severity};
use crate::diagnosis::sts_errors;

/// The requested session is longer than the role allows.
pub static SESSION_DURATION_EXCEEDS_MAX: Cause = Cause {
    code: "session-duration-exceeds-max",
    title: "the requested session is longer than the role allows",
    compare: "the role's MaxSessionDuration",
    severity: Severity::Error,
    advice: Advice::Fix,
    // Source: IAM API reference, CreateRole: MaxSessionDuration (3600 by default, 43200 at most); IAM user guide,
    // "Methods to assume a role" (one hour for role chaining).
    explanation: "\
A role has a MaxSessionDuration: one hour unless it was raised, and 12 hours at most. STS refuses a call that \
requests more: \"The requested DurationSeconds exceeds the MaxSessionDuration set for this role.\" A session obtained \
with another role's session (role chaining) is limited to one hour, whatever the role allows.

Request a shorter session, or raise the role's MaxSessionDuration.",
    judge: Some(|evidence| sts_errors::judge(&SESSION_DURATION_EXCEEDS_MAX, evidence)),
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::causes::testing::assert_told;
    use crate::probe::evidence::Operation::AssumeRoleWithWebIdentity;

    #[test]
    fn no_other_check_reports_its_answers() {
        assert_told(
            &SESSION_DURATION_EXCEEDS_MAX,
            AssumeRoleWithWebIdentity,
            &["400 ValidationError: The requested DurationSeconds exceeds the MaxSessionDuration set for this role."],
        );
    }
}
