use crate::causes::{Advice, Cause, Severity};

/// The program keeps a session that is over.
pub static SESSION_CREDENTIALS_EXPIRED: Cause = Cause {
    code: "session-credentials-expired",
    title: "the application uses a session's credentials after their end",
    severity: Severity::Error,
    advice: Advice::Fix,
    // Sources: STS API reference, AssumeRoleWithWebIdentity: DurationSeconds, 3600 by default; the token's 86400 s:
    // pods sent through the webhook, tests/webhook.
    explanation: "\
Two clocks run: the token in the file lives about a day and is replaced before that; the session that STS gives for \
it lives an hour. A program that copies access key, secret and session token at its start, instead of asking the \
SDK's provider each time, fails with ExpiredToken after that hour.

IRSA works: the probe gets a fresh session at any time. Let the program use the SDK's provider, or renew.",
    judge: None,
};
