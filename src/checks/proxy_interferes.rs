use crate::finding::{Advice, Cause, Severity};

/// The proxy does not let the call through, or is passed by.
pub static CAUSE: Cause = Cause {
    code: "proxy-interferes",
    title: "the proxy does not let calls to STS through",
    severity: Severity::Error,
    advice: Advice::Fix,
    explanation: "\
Either the proxy refuses to open a connection to STS (the answer to CONNECT is 403 or 407), or a client ignores \
HTTPS_PROXY and tries the direct way, which does not exist: a lookup that fails or a connection that times out. \
Variables of the proxy come in upper and lower case, and not every SDK reads both; several need a proxy set in code.

Allow the STS host in the proxy, or put it into NO_PROXY where a VPC endpoint is the direct way. Keep \
169.254.169.254 and the cluster's own names in NO_PROXY.",
};
