use crate::causes::{Advice, Cause, Severity};
use crate::diagnosis::sts_errors;

/// The account has switched STS off in the called region.
pub static REGION_STS_DISABLED: Cause = Cause {
        code: "region-sts-disabled",
        title: "STS is switched off in this region for the account",
        severity: Severity::Error,
        advice: Advice::Fix,
        // Source: IAM user guide, "Manage AWS STS in an AWS Region".
        explanation: "\
An account can deactivate the STS endpoints of regions that are on by default (IAM console, Account settings). In an \
opt-in region STS cannot be toggled: it comes with the region, which is enabled under Account, AWS Regions. \
In a region where STS is not active, it answers RegionDisabledException, or for web identity \"No OpenIDConnect provider \
found in your account\", which the endpoint of another region does not say. GetCallerIdentity works there all the same, \
so it proves nothing.

Activate the endpoint or enable the region, or set AWS_REGION (and recreate the pod) so that another region's is called.",
    judge: Some(|evidence| sts_errors::judge(&REGION_STS_DISABLED, evidence)),
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::causes::testing::assert_told;
    use crate::probe::evidence::Operation::AssumeRoleWithWebIdentity;

    #[test]
    fn its_answers_are_told_by_no_other_check() {
        assert_told(
            &REGION_STS_DISABLED,
            AssumeRoleWithWebIdentity,
            &["403 RegionDisabledException: STS is not activated in this region for account:111122223333."],
        );
    }
}
