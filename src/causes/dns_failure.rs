use crate::causes::{Advice, Cause, Severity};
use crate::diagnosis::unreached;

/// The name server does not answer.
pub static DNS_FAILURE: Cause = Cause {
    code: "dns-failure",
    title: "the cluster's DNS does not answer",
    severity: Severity::Error,
    advice: Advice::Retry,
    explanation: "\
The resolver got no usable answer for the name of STS: a time-out, a refusal, or SERVFAIL. That is not the same as \
\"no such name\". CoreDNS may be down or overloaded, a NetworkPolicy or security group may block port 53 (UDP and \
TCP), or the node's own resolver is gone; in the first seconds of a node's life it often passes.

Look at the CoreDNS pods and at what the pod's egress allows.",
    judge: Some(|evidence| unreached::judge(&DNS_FAILURE, evidence)),
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::causes::testing::{found, unreached};
    use crate::probe::evidence::{Dial, DnsFault};

    #[test]
    fn only_a_name_server_that_fails_is_this_fault() {
        let server = [10, 100, 0, 10].into();
        for (fault, is) in [
            (DnsFault::Refused { server }, true),
            (DnsFault::ServerFailed { server }, true),
            (DnsFault::TimedOut { after_ms: 3000 }, true),
            (DnsFault::NoSuchName, false),
            (DnsFault::NoServer, false),
        ] {
            let dial = Dial { dns: Some(Err(fault.clone())), ..Dial::default() };
            assert_eq!(found(&DNS_FAILURE, &unreached(dial)), is, "{fault:?}");
        }
    }
}
