use crate::finding::{Advice, Cause, Severity};

/// The caller is the node's role.
pub static CAUSE: Cause = Cause {
    code: "node-role-fallback",
    title: "the application runs as the node's role instead of the pod's",
    severity: Severity::Error,
    advice: Advice::Fix,
    explanation: "\
The error, or GetCallerIdentity, names the node's instance role as caller (the session is named i-... after the \
instance). Web identity was not used: the variables were not in the process, the SDK does not know web identity, or \
it failed (token not readable, STS not reachable) and the SDK silently went on to the instance metadata.

See whether the container has AWS_ROLE_ARN and AWS_WEB_IDENTITY_TOKEN_FILE. If it has and the probe works, look at \
the program's SDK; if it has not, recreate the pod after looking at the service account. A hop limit of 1 for the \
instance metadata makes such failures loud.",
};
