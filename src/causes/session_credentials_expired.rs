use crate::causes::{Advice, Cause, Severity};

/// The program keeps a session that has expired.
pub static SESSION_CREDENTIALS_EXPIRED: Cause = Cause {
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
    judge: None,
};
