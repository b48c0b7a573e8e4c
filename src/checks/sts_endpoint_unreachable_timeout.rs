use crate::finding::{Advice, Cause, Severity};

/// The regional host of STS does not answer.
pub static CAUSE: Cause = Cause {
    code: "sts-endpoint-unreachable-timeout",
    title: "STS does not answer at its regional address",
    severity: Severity::Error,
    advice: Advice::Retry,
    explanation: "\
The name resolves, but no connection comes about. If the address is private, a VPC endpoint stands there: its \
security group must let the pods' addresses in on port 443. If it is public, packets need a way out: NAT, a route, \
and an egress rule in NetworkPolicy and security group. Pods with security groups of their own lose source NAT \
unless that is set up.

STS has many addresses and changes them, so allow it by name or by endpoint rather than by address.",
};
