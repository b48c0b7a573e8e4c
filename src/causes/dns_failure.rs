use crate::causes::{Advice, Cause, Severity};
use crate::diagnosis::unreached;

/// STS's name cannot be looked up.
pub static DNS_FAILURE: Cause = Cause {
        code: "dns-failure",
        title: "the name of STS cannot be resolved",
        severity: Severity::Error,
        advice: Advice::Retry,
        // Sources: RFC 1035, section 4.1.1 (NXDOMAIN, SERVFAIL, REFUSED), RFC 7766 (TCP after a truncated answer);
        // musl's `name_from_dns` and wiki page "Functional differences from glibc".
        explanation: "\
The name servers in /etc/resolv.conf gave no usable answer for the name of STS. The report says which: no answer at all \
(CoreDNS is down or overloaded, or a NetworkPolicy or security group drops port 53), a closed port (no DNS pod is \
ready), REFUSED (the server does not serve this network), SERVFAIL (CoreDNS cannot reach the servers that it forwards \
to), a truncated answer while TCP port 53 is closed, or a name without addresses.

The probe asks as the C library does: every server, every search domain, IPv4 and IPv6. musl (Alpine) fails where \
glibc succeeds if the query for IPv6 addresses gets no answer or SERVFAIL.

In the first seconds of a node's life such faults often pass.",
    judge: Some(|evidence| unreached::judge(&DNS_FAILURE, evidence)),
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::causes::testing::{found, unreached};
    use crate::probe::evidence::{Dial, DnsFault, TcpFault};

    #[test]
    fn only_a_name_server_that_fails_is_this_fault() {
        let server = [10, 100, 0, 10].into();
        for (fault, is) in [
            (DnsFault::Refused { server }, true),
            (DnsFault::ServerFailed { server }, true),
            (DnsFault::TimedOut { after_ms: 3000 }, true),
            (DnsFault::NoSuchName, false),
            (DnsFault::CutOff { server, tcp: TcpFault::Refused }, true),
            (DnsFault::NoConfiguration, true),
            (DnsFault::NoAddress, true),
            (DnsFault::Closed, false),
        ] {
            let dial = Dial { dns: Some(Err(fault.clone())), ..Dial::default() };
            assert_eq!(found(&DNS_FAILURE, &unreached(dial)), is, "{fault:?}");
        }
    }
}
