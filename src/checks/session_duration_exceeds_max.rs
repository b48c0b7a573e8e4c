use crate::checks::Check;
use crate::finding::{Advice, Cause, Severity};
use crate::sts_errors;

/// The session asked for is longer than the role allows.
pub static CHECK: Check = Check {
    cause: Cause {
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
    },
    judge: |evidence| sts_errors::judge(CHECK.cause.code, evidence),
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::assert_told;
    use crate::evidence::Operation::AssumeRoleWithWebIdentity;

    #[test]
    fn its_answers_are_told_by_no_other_check() {
        assert_told(
            &CHECK,
            AssumeRoleWithWebIdentity,
            &["400 ValidationError: The requested DurationSeconds exceeds the MaxSessionDuration set for this role."],
        );
    }
}
