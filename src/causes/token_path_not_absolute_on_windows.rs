use crate::causes::{Advice, Cause, Facts, Fix, Priority, Reading, Saying, Severity, TOKEN_FILE, with};

/// A Unix path in a Windows container.
pub(crate) static TOKEN_PATH_NOT_ABSOLUTE_ON_WINDOWS: Cause = Cause {
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
    says: &[Saying::new(
        Priority::File(20),
        &[with(&["must be an absolute path", "must be absolute", "not an absolute path"], &[TOKEN_FILE])],
        |_| {
            let why = "a path without a drive letter is not absolute on Windows; the webhook sets one unless the pod \
                       selects Windows nodes";
            Reading::decided(&TOKEN_PATH_NOT_ABSOLUTE_ON_WINDOWS, why)
        },
    )],
    settles: false,
    hides_caller: false,
    judge: None,
    fix,
};

fn fix(_: &Facts) -> Fix {
    Fix::new(
        "Select Windows nodes in the pod (nodeSelector kubernetes.io/os: windows) so that the webhook sets a Windows \
         path, or set the path with its drive letter, then recreate the pod.",
    )
}
