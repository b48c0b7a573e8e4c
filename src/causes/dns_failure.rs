use crate::causes::{
    Advice, Candidate, Cause, Facts, Fix, PROXY_INTERFERES, Priority, Saying, Severity, any, connected,
    sts_endpoint_misconfigured::host_first, sts_endpoint_misconfigured::with_override, with,
};

/// The STS host name cannot be resolved.
pub(crate) static DNS_FAILURE: Cause = Cause {
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
    says: &[
        // A name server says that there is no such name.
        Saying::new(
            Priority::Network(60),
            &[any(&[
                "no such host",
                "enotfound",
                // What JavaScript 2 makes of ENOTFOUND.
                "inaccessible host",
                "nxdomain",
                "name or service not known",
                "name does not resolve",
                "nodename nor servname provided",
            ])],
            |facts| host_first(facts, no_such_name(facts)),
        ),
        Saying::new(
            Priority::Network(70),
            &[
                with(
                    &["eai_again", "temporary failure", "server misbehaving", "try again"],
                    &[&["lookup", "getaddrinfo", "resolution", "resolve", "dns", "resolving"]],
                ),
                with(
                    &["dial tcp: lookup", "dial udp: lookup", "dns lookup", "resolving", "resolver"],
                    &[&[
                        "i/o timeout",
                        "connection refused",
                        "timed out",
                        "timeout",
                        "deadline exceeded",
                        "servfail",
                        "no answer",
                    ]],
                ),
                // What .NET makes of a resolver that says "try again".
                with(&["resource temporarily unavailable"], &[&["socketexception"]]),
                // Go names the address once the name is resolved.
                any(&["dial tcp: i/o timeout", "dial tcp: operation was canceled"]),
                any(&["dns query failed", "aws_io_dns_query_failed", "dns resolution timed out"]),
            ],
            |facts| {
                let why = "the name server did not answer, or failed";
                host_first(facts, vec![Candidate::new(&DNS_FAILURE, why)])
            },
        ),
        // The resolver returned nothing, and the SDK does not say whether it denied the name or did not answer.
        Saying::new(
            Priority::Network(80),
            &[any(&[
                "unknownhostexception",
                "could not resolve host",
                "couldn't resolve host",
                "failed to lookup address information",
                "getaddrinfo failed",
                "name resolution failed",
                "failed to resolve",
                "unable to resolve host",
                "dns error",
                "nameresolutionerror",
                "host not found",
                "no such host is known",
                "remote name could not be resolved",
                "aws_io_dns_invalid_name",
                // The name is there and has no address: a name server that answers for the zone itself.
                "no address associated with hostname",
                "host name was invalid for dns resolution",
            ])],
            |facts| {
                let mut candidates = no_such_name(facts);
                if facts.proxy.is_none() {
                    candidates.swap(0, 1);
                }
                host_first(facts, candidates)
            },
        ),
    ],
    settles: false,
    hides_caller: true,
    judge: Some(connected),
    fix,
};

/// Nothing resolved the name. SDKs that use a proxy leave that to the proxy.
pub(crate) fn no_such_name(facts: &Facts) -> Vec<Candidate> {
    let host = facts.host.as_deref().unwrap_or("the name");
    let proxy = match facts.proxy {
        Some(true) => format!("a proxy is set, but the client resolved {host} itself: it ignores the proxy"),
        Some(false) => "HTTPS_PROXY is not set, but is required if only a proxy resolves public names".to_owned(),
        None => {
            format!("{host} is a public name: if only the proxy resolves such names, the client ignores the proxy")
        }
    };
    let dns = "the cluster's DNS is down, cannot resolve public names, or serves a private zone of that name";
    let mut candidates = vec![Candidate::new(&PROXY_INTERFERES, proxy), Candidate::new(&DNS_FAILURE, dns)];
    if facts.proxy == Some(false) {
        candidates.swap(0, 1);
    }
    with_override(facts, candidates, "the host may not exist")
}

fn fix(_: &Facts) -> Fix {
    Fix::new("Check the cluster's DNS: CoreDNS pods, NetworkPolicy, and security groups for port 53 over UDP and TCP.")
        .command("kubectl get pods --namespace kube-system --selector k8s-app=kube-dns")
}

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
