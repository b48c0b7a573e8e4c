use crate::causes::{
    Advice, Cause, Facts, Fix, Priority, Reading, Saying, Severity, WEB_IDENTITY_OR_STS, answered, with,
};

/// STS returned a server error.
pub(crate) static STS_SERVER_ERROR: Cause = Cause {
    code: "sts-server-error",
    title: "STS returned a server error",
    compare: "does a retry succeed?",
    severity: Severity::Error,
    advice: Advice::Retry,
    explanation: "\
STS answered with a status of 500 or more. Nothing is wrong with the request. Retry the call. If the error persists, \
check AWS's health dashboard for the region, and call another region's endpoint meanwhile.",
    says: &[Saying::new(
        Priority::Vague(40),
        &[with(
            &[
                "internalfailure",
                "internalerror",
                "internal error",
                "internal server error",
                "serviceunavailable",
                "service unavailable",
                "bad gateway",
                "gateway timeout",
                "statuscode: 500",
                "statuscode: 502",
                "statuscode: 503",
                "statuscode: 504",
                "status code: 500",
                "status code: 502",
                "status code: 503",
                "status code: 504",
            ],
            &[WEB_IDENTITY_OR_STS],
        )],
        |_| reading(),
    )],
    settles: false,
    hides_caller: true,
    judge: Some(answered),
    fix,
};

/// Of any server error.
pub(crate) fn reading() -> Reading {
    Reading::decided(&STS_SERVER_ERROR, "STS returned a server error; the request is not at fault")
}

fn fix(_: &Facts) -> Fix {
    Fix::new("Wait and retry. If the error stays, check the AWS Health Dashboard.")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::causes::testing::assert_named;
    use crate::probe::evidence::Operation::AssumeRoleWithWebIdentity;

    #[test]
    fn no_other_check_reports_its_answers() {
        assert_named(
            &STS_SERVER_ERROR,
            AssumeRoleWithWebIdentity,
            &["500 InternalFailure: We encountered an internal error.", "503 ServiceUnavailable: "],
        );
    }
}
