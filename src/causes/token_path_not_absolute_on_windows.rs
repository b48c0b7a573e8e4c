use crate::causes::{Advice, Cause, Severity};

/// A Unix path in a Windows container.
pub static TOKEN_PATH_NOT_ABSOLUTE_ON_WINDOWS: Cause = Cause {
    code: "token-path-not-absolute-on-windows",
    title: "the token's path has no drive letter, on Windows",
    severity: Severity::Error,
    advice: Advice::RecreatePod,
    explanation: "\
The webhook sets a Windows path only in pods that select Windows nodes by nodeSelector (kubernetes.io/os: windows). \
Others get /var/run/secrets/..., which on Windows is relative to the current drive; the .NET SDK refuses it: \"The \
webIdentityTokenFile must be an absolute path.\"

Add the nodeSelector, then recreate the pod.",
    judge: None,
};
