use crate::causes::{Advice, Cause, Severity};
use crate::diagnosis::unreached;

/// The STS host name cannot be resolved.
pub static DNS_FAILURE: Cause = Cause {
    code: "dns-failure",
    title: "the STS host name cannot be resolved",
    compare: "can a pod on this node resolve the host?",
    severity: Severity::Error,
    advice: Advice::Retry,
    // Sources: RFC 1035, section 4.1.1 (NXDOMAIN, SERVFAIL, REFUSED), RFC 7766 (TCP after a truncated answer);
    // musl's `name_from_dns` and wiki page "Functional differences from glibc".
    explanation: "\
The name servers in /etc/resolv.conf gave no usable answer for the STS host name. The report says which fault it was. \
No answer: CoreDNS is down or overloaded, or a NetworkPolicy or security group drops port 53. A closed port: no DNS \
pod is ready. REFUSED: the server does not serve this network. SERVFAIL: CoreDNS cannot reach the servers that it \
forwards to. A truncated answer: TCP port 53 is closed. No address: the name exists, but has no addresses.

The probe queries as the C library does: every server, every search domain, IPv4 and IPv6. musl (Alpine) fails where \
glibc succeeds if the query for IPv6 addresses gets no answer or SERVFAIL.

In the first seconds after a node starts, such faults are often transient.",
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
