use crate::finding::{Advice, Cause, Severity};

/// No connection to STS could be made.
pub static CAUSE: Cause = Cause {
    code: "sts-unreachable",
    title: "STS cannot be reached from this pod",
    severity: Severity::Error,
    advice: Advice::Retry,
    explanation: "\
The call did not arrive. The report's steps say how far it came: name, connection, proxy, TLS, answer. Common \
reasons are a NetworkPolicy or security group without an exception for STS, a VPC without NAT or VPC endpoint, DNS, \
a proxy, and a service mesh whose proxy is not up yet while init containers run.",
};
