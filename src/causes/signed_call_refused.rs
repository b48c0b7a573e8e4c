use crate::causes::{Advice, Cause, Severity};
use crate::diagnosis::sts_errors;

/// The session that STS gave is refused in a signed call.
pub static SIGNED_CALL_REFUSED: Cause = Cause {
    code: "signed-call-refused",
    title: "STS refuses the session that it has just given",
    severity: Severity::Error,
    advice: Advice::Fix,
    explanation: "\
Web identity worked, and yet the first signed call with the new session is refused as invalid \
(InvalidClientTokenId). The session is real, but not for this place: it is of version 1 (from the global endpoint \
sts.amazonaws.com) in a region that must be switched on, or it was made in another partition. In a program it can \
also mean that static keys were used instead, and that these are deleted or mistyped.

Call STS at the regional endpoint of the workload's own region and partition.",
    judge: Some(|evidence| sts_errors::judge(&SIGNED_CALL_REFUSED, evidence)),
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::causes::testing::assert_told;
    use crate::probe::evidence::Operation::GetCallerIdentity;

    #[test]
    fn its_answers_are_told_by_no_other_check() {
        assert_told(
            &SIGNED_CALL_REFUSED,
            GetCallerIdentity,
            &["403 InvalidClientTokenId: The security token included in the request is invalid"],
        );
    }
}
