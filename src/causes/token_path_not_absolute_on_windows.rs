use crate::causes::{Advice, Cause, Severity};

/// A Unix path in a Windows container.
pub static TOKEN_PATH_NOT_ABSOLUTE_ON_WINDOWS: Cause = Cause {
    code: "token-path-not-absolute-on-windows",
    title: "the token path in a Windows container has no drive letter",
    compare: "the path must start with C:",
    severity: Severity::Error,
    advice: Advice::RecreatePod,
    explanation: "\
The webhook sets a Windows path only in pods whose nodeSelector selects Windows nodes (kubernetes.io/os: windows). \
Other pods get /var/run/secrets/..., which is relative to the current drive on Windows. The .NET SDK rejects it: \
\"The webIdentityTokenFile must be an absolute path.\"

Add the nodeSelector, then recreate the pod.",
    judge: None,
};
