use crate::causes::{Advice, Cause, Severity};
use crate::diagnosis::sts_errors;

/// An organization's or endpoint's policy denies the call.
pub static SCP_OR_BOUNDARY_DENY: Cause = Cause {
    code: "scp-or-boundary-deny",
    title: "a policy above the role denies the call",
    severity: Severity::Error,
    advice: Advice::Fix,
    // Sources: AWS Organizations user guide, "Service control policies" (they apply to principals of the member
    // accounts) and "Resource control policies" (they apply to resources, whoever calls; STS is supported); IAM
    // user guide, "Permissions boundaries for IAM entities".
    explanation: "\
Resource control policies and the policy of a VPC endpoint for STS can deny sts:AssumeRoleWithWebIdentity whatever \
the trust policy says. The call is unsigned, so policies with conditions on the principal's organization or tags often \
deny it by accident: an anonymous caller has neither. For the same reason a service control policy is unlikely: it \
applies to the organization's principals, and this caller is none. A permissions boundary on the role limits what the \
session may do, not who may assume the role.

Think of it when the trust policy compares equal in every letter, and when all pods of an account, or all pods that \
use one VPC endpoint, fail alike.

CloudTrail in the role's account shows the denied call. Except web identity from the denying statement, or allow it \
in the endpoint's policy.",
    judge: Some(|evidence| sts_errors::judge(&SCP_OR_BOUNDARY_DENY, evidence)),
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::causes::testing::assert_told;
    use crate::probe::evidence::Operation::AssumeRoleWithWebIdentity;

    #[test]
    fn its_answers_are_told_by_no_other_check() {
        assert_told(
            &SCP_OR_BOUNDARY_DENY,
            AssumeRoleWithWebIdentity,
            &[
                "403 AccessDenied: User: anonymous is not authorized to perform: sts:AssumeRoleWithWebIdentity with an explicit deny in a service control policy",
            ],
        );
    }
}
