use crate::causes::{Advice, Cause, Facts, Fix, Priority, Reading, Saying, Severity, answered, any};

/// The account has deactivated STS in the called region.
pub(crate) static REGION_STS_DISABLED: Cause = Cause {
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
    says: &[Saying::new(
        Priority::Aws,
        &[any(&["regiondisabledexception", "regiondisabled", "sts is not activated"])],
        |_| {
            let why = "AWS says that STS is not activated in this region for the account";
            Reading::decided(&REGION_STS_DISABLED, why)
        },
    )],
    settles: false,
    hides_caller: false,
    judge: Some(answered),
    fix,
};

fn fix(_: &Facts) -> Fix {
    Fix::new(
        "Activate STS for the region (IAM console, Account settings, Security Token Service endpoints; enable an opt-in \
         region as a whole, under Account, AWS Regions), or call another region's endpoint.",
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::causes::testing::assert_named;
    use crate::probe::evidence::Operation::AssumeRoleWithWebIdentity;

    #[test]
    fn no_other_check_reports_its_answers() {
        assert_named(
            &REGION_STS_DISABLED,
            AssumeRoleWithWebIdentity,
            &["403 RegionDisabledException: STS is not activated in this region for account:111122223333."],
        );
    }
}
