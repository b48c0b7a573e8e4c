use crate::causes::{
    Advice, Cause, Facts, Fix, INVALID, Names, Priority, Reading, Saying, Severity, answered, any, with,
};

/// The requested session is longer than the role allows.
pub(crate) static SESSION_DURATION_EXCEEDS_MAX: Cause = Cause {
    code: "session-duration-exceeds-max",
    title: "the requested session is longer than the role allows",
    compare: "the role's MaxSessionDuration",
    severity: Severity::Error,
    advice: Advice::Fix,
    // Source: IAM API reference, CreateRole: MaxSessionDuration (3600 by default, 43200 at most); IAM user guide,
    // "Methods to assume a role" (one hour for role chaining).
    explanation: "\
A role has a MaxSessionDuration: one hour unless it was raised, and 12 hours at most. STS refuses a call that \
requests more: \"The requested DurationSeconds exceeds the MaxSessionDuration set for this role.\" A session obtained \
with another role's session (role chaining) is limited to one hour, whatever the role allows.

Request a shorter session, or raise the role's MaxSessionDuration.",
    says: &[Saying::new(
        Priority::Aws,
        &[
            any(&["exceeds the maxsessionduration", "exceeds the 1 hour session limit"]),
            with(&["durationseconds", "duration_seconds", "duration-seconds"], &[INVALID]),
        ],
        |_| {
            let why = "the requested session is longer than the role allows";
            Reading::decided(&SESSION_DURATION_EXCEEDS_MAX, why)
        },
    )],
    settles: false,
    hides_caller: false,
    judge: Some(answered),
    fix,
};

fn fix(facts: &Facts) -> Fix {
    let names = facts.names();
    let Names { iam_region, role, .. } = &names;
    let fix =
        Fix::new("Request a shorter session, or raise the role's MaxSessionDuration to what the program requests.");
    names.with_credentials(fix).command(format!(
        "aws iam get-role{iam_region} --role-name {role} --query Role.MaxSessionDuration --output json"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::causes::testing::assert_named;
    use crate::probe::evidence::Operation::AssumeRoleWithWebIdentity;

    #[test]
    fn no_other_check_reports_its_answers() {
        assert_named(
            &SESSION_DURATION_EXCEEDS_MAX,
            AssumeRoleWithWebIdentity,
            &["400 ValidationError: The requested DurationSeconds exceeds the MaxSessionDuration set for this role."],
        );
    }
}
