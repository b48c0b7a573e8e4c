use crate::causes::{Advice, Cause, Severity};
use crate::diagnosis::sts_errors;

/// The session asked for is longer than the role allows.
pub static SESSION_DURATION_EXCEEDS_MAX: Cause = Cause {
    code: "session-duration-exceeds-max",
    title: "the session is longer than the role allows",
    severity: Severity::Error,
    advice: Advice::Fix,
    // Source: IAM API reference, CreateRole: MaxSessionDuration (3600 by default, 43200 at most); IAM user guide,
    // "Methods to assume a role" (one hour for role chaining).
    explanation: "\
A role has a MaxSessionDuration, an hour unless somebody raised it, 12 hours at most. A call that asks for more is \
refused: \"The requested DurationSeconds exceeds the MaxSessionDuration set for this role.\" Sessions taken from \
another role's session (chaining) are limited to one hour whatever the role says.

Ask for less, or raise the role's maximum.",
    judge: Some(|evidence| sts_errors::judge(&SESSION_DURATION_EXCEEDS_MAX, evidence)),
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::causes::testing::assert_told;
    use crate::probe::evidence::Operation::AssumeRoleWithWebIdentity;

    #[test]
    fn its_answers_are_told_by_no_other_check() {
        assert_told(
            &SESSION_DURATION_EXCEEDS_MAX,
            AssumeRoleWithWebIdentity,
            &["400 ValidationError: The requested DurationSeconds exceeds the MaxSessionDuration set for this role."],
        );
    }
}
