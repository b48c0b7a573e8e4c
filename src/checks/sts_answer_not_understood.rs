use crate::checks::Check;
use crate::finding::{Advice, Cause, Severity};
use crate::sts_errors;

/// An answer that no other check has a name for.
pub static CHECK: Check = Check {
    cause: Cause {
        code: "sts-answer-not-understood",
        title: "the answer is none that STS is known to give",
        severity: Severity::Error,
        advice: Advice::Fix,
        explanation: "\
Something answered the call to STS, but either it was not STS (a proxy's page, a portal, another service behind an \
endpoint override), or STS said something that this version has no entry for. AWS's own words are in the report; the \
code decides more than the prose.

If the answer is HTML or comes with a Server header that is not Amazon's, look at proxies and at AWS_ENDPOINT_URL. \
If it is STS's, its code is described in the API reference of AssumeRoleWithWebIdentity.",
    },
    judge: |evidence| sts_errors::judge(CHECK.cause.code, evidence),
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::assert_told;
    use crate::evidence::Operation::*;

    #[test]
    fn its_answers_are_told_by_no_other_check() {
        assert_told(&CHECK, AssumeRoleWithWebIdentity, &["400 SomethingNew: Never seen before"]);
        assert_told(
            &CHECK,
            GetCallerIdentity,
            &["403 PackedPolicyTooLarge: Packed size of session tags consumes 112% of allotted space."],
        );
    }
}
