use crate::causes::{Advice, Cause, Severity};
use crate::diagnosis::sts_errors;

/// STS refuses a signed call with the session that it issued.
pub static SIGNED_CALL_REFUSED: Cause = Cause {
    code: "signed-call-refused",
    title: "STS refuses the session that it has just issued",
    compare: "what AWS said about the signed call",
    severity: Severity::Error,
    advice: Advice::Fix,
    explanation: "\
Web identity worked, but STS refuses the first signed call with the new session as invalid (InvalidClientTokenId). \
The session is genuine, but not valid at this endpoint: either it is a version 1 session (from the global endpoint \
sts.amazonaws.com) and the region is an opt-in region, or it was issued in another partition. In a program, this \
answer can also mean that static keys were used instead, and that they are deleted or mistyped.

Call STS at the regional endpoint of the workload's own region and partition.",
    judge: Some(|evidence| sts_errors::judge(&SIGNED_CALL_REFUSED, evidence)),
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::causes::testing::assert_told;
    use crate::probe::evidence::Operation::GetCallerIdentity;

    #[test]
    fn no_other_check_reports_its_answers() {
        assert_told(
            &SIGNED_CALL_REFUSED,
            GetCallerIdentity,
            &["403 InvalidClientTokenId: The security token included in the request is invalid"],
        );
    }
}
