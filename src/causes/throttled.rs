use crate::causes::{
    About, Advice, Cause, Facts, Fix, Priority, Reading, Saying, Severity, WEB_IDENTITY_OR_STS, answered, any, with,
};

/// STS limits the rate of calls.
pub(crate) static THROTTLED: Cause = Cause {
    code: "throttled",
    title: "STS throttles the calls of this account",
    compare: "the account's STS call rate in CloudTrail",
    severity: Severity::Error,
    advice: Advice::Retry,
    // Source: IAM user guide, "IAM and AWS STS quotas": requests per second, per account and Region; STS API
    // reference, Common errors: Throttling, HTTP 400.
    explanation: "\
STS answers Throttling \"Rate exceeded\" (with status 400) when an account calls it too often. Common reasons are \
mass rollouts, programs that request a session for each request, and many pods that fail and retry at once. Some SDKs \
then fall back to the node's role, so the fault shows up as AccessDenied much later.

Wait; throttling passes. Start fewer pods at once, let programs keep their session for its hour, and use regional \
endpoints, which each have their own limit.",
    says: &[Saying::new(
        Priority::Aws,
        &[
            any(&[
                "rate exceeded",
                "throttlingexception",
                "requestlimitexceeded",
                "toomanyrequestsexception",
                "code>throttling</code",
                "(throttling)",
                "throttling:",
                "errors::throttling",
            ]),
            with(&["throttling", "throttled", "too many requests"], &[WEB_IDENTITY_OR_STS]),
        ],
        |_| Reading::decided(&THROTTLED, "AWS limits the request rate"),
    )
    .about(About::Sts)],
    settles: false,
    hides_caller: true,
    judge: Some(answered),
    fix,
};

fn fix(_: &Facts) -> Fix {
    Fix::new("Retry with exponential backoff, start fewer pods at once, and share sessions.")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::causes::testing::assert_named;
    use crate::probe::evidence::Operation::AssumeRoleWithWebIdentity;

    #[test]
    fn no_other_check_reports_its_answers() {
        assert_named(&THROTTLED, AssumeRoleWithWebIdentity, &["400 Throttling: Rate exceeded"]);
    }
}
