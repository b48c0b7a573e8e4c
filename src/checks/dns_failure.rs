use crate::finding::{Advice, Cause, Severity};

/// The name server does not answer.
pub static CAUSE: Cause = Cause {
    code: "dns-failure",
    title: "the cluster's DNS does not answer",
    severity: Severity::Error,
    advice: Advice::Retry,
    explanation: "\
The resolver got no usable answer for the name of STS: a time-out, a refusal, or SERVFAIL. That is not the same as \
\"no such name\". CoreDNS may be down or overloaded, a NetworkPolicy or security group may block port 53 (UDP and \
TCP), or the node's own resolver is gone; in the first seconds of a node's life it often passes.

Look at the CoreDNS pods and at what the pod's egress allows.",
};
