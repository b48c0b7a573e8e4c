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
    use crate::checks::testing::{answered, found};
    use crate::evidence::Operation::*;

    #[test]
    fn its_answers_and_no_others_are_this_fault() {
        for (operation, status, code, message, is) in [
            (
                AssumeRoleWithWebIdentity,
                400,
                "ValidationError",
                "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.",
                true,
            ),
            (AssumeRoleWithWebIdentity, 400, "ValidationError", "Request ARN is invalid", false),
        ] {
            let evidence = answered(operation, status, code, message);
            assert_eq!(found(&CHECK, &evidence), is, "{code} {message}");
        }
    }
}
