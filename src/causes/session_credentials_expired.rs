use crate::causes::{
    Advice, Cause, Facts, Fix, Priority, REQUEST_CLOCK_SKEW, Reading, Saying, Severity, any, request_clock_skew,
};

/// The program keeps a session that has expired.
pub(crate) static SESSION_CREDENTIALS_EXPIRED: Cause = Cause {
    code: "session-credentials-expired",
    title: "the application uses session credentials that have expired",
    compare: "does restarting the application help?",
    severity: Severity::Error,
    advice: Advice::Fix,
    // Sources: STS API reference, AssumeRoleWithWebIdentity: DurationSeconds, 3600 by default; the token's 86400 s:
    // pods sent through the webhook, tests/webhook.
    explanation: "\
The application keeps a session that has expired. IRSA itself works: the probe gets a fresh session at any time.

The token and the session have different lifetimes. The token in the file lives about a day and is replaced before it \
expires. The session that STS issues for it lives an hour. A program that copies the access key, secret and session \
token at its start, instead of asking the SDK's provider each time, fails with ExpiredToken after that hour.

Use the SDK's credential provider in the program, or renew the session before it expires.",
    says: &[Saying::new(
        Priority::Elsewhere(10),
        &[any(&[
            "security token included in the request is expired",
            "provided token has expired",
            "expiredtoken",
            "requestexpired",
            "expiredtokenexception",
            "security token expired",
        ])],
        |facts| match facts.clock_ahead {
            Some(ahead) if ahead.abs() > 900 => Reading::decided(&REQUEST_CLOCK_SKEW, request_clock_skew::why(facts)),
            _ => Reading::decided(
                &SESSION_CREDENTIALS_EXPIRED,
                "the session credentials expired (after an hour by default), not the service account token",
            ),
        },
    )],
    settles: false,
    hides_caller: false,
    judge: None,
    fix,
};

fn fix(_: &Facts) -> Fix {
    Fix::new(
        "Let the SDK's credential provider renew the credentials, which last an hour, instead of copying them at \
         startup.",
    )
}
