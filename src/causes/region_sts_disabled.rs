use crate::causes::{Advice, Cause, Severity};
use crate::diagnosis::sts_errors;

/// The account has deactivated STS in the called region.
pub static REGION_STS_DISABLED: Cause = Cause {
    code: "region-sts-disabled",
    title: "STS is deactivated in this region for the account",
    compare: "STS must be active in the region (IAM console)",
    severity: Severity::Error,
    advice: Advice::Fix,
    // Source: IAM user guide, "Manage AWS STS in an AWS Region".
    explanation: "\
An account can deactivate the STS endpoints of regions that are enabled by default (IAM console, Account settings). \
In an opt-in region, STS cannot be deactivated separately: it becomes active with the region, which is enabled under \
Account, AWS Regions.

In a region where STS is not active, it answers RegionDisabledException or, for web identity, \"No OpenIDConnect \
provider found in your account\". The endpoint of another region does not give that answer. GetCallerIdentity still \
works in such a region, so it proves nothing.

Activate the endpoint or enable the region. Alternatively, set AWS_REGION so that SDKs call another region's \
endpoint, then recreate the pod.",
    judge: Some(|evidence| sts_errors::judge(&REGION_STS_DISABLED, evidence)),
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::causes::testing::assert_told;
    use crate::probe::evidence::Operation::AssumeRoleWithWebIdentity;

    #[test]
    fn no_other_check_reports_its_answers() {
        assert_told(
            &REGION_STS_DISABLED,
            AssumeRoleWithWebIdentity,
            &["403 RegionDisabledException: STS is not activated in this region for account:111122223333."],
        );
    }
}
