use crate::causes::{
    About, Advice, Candidate, Cause, DNS_FAILURE, Facts, Fix, HostFrom, PROXY_INTERFERES, Priority,
    STS_ENDPOINT_UNREACHABLE_TIMEOUT, STS_SERVER_ERROR, Saying, Severity, WEB_IDENTITY_OR_STS, any, connected,
    sts_endpoint_misconfigured::host_first, sts_endpoint_misconfigured::with_override,
    sts_endpoint_unreachable_timeout::timed_out, with,
};

/// The pod could not connect to STS.
pub(crate) static STS_UNREACHABLE: Cause = Cause {
    code: "sts-unreachable",
    title: "this pod cannot reach STS",
    compare: "can another pod on this node reach STS?",
    severity: Severity::Error,
    advice: Advice::Retry,
    explanation: "\
The call did not reach STS. The report's steps show how far it got: name, connection, proxy, TLS, answer.

Common reasons are a NetworkPolicy or security group without an exception for STS, a VPC without NAT or VPC endpoint, \
DNS, a proxy, and a service mesh whose proxy is not running yet while init containers run.",
    says: &[
        // The connection was closed.
        Saying::new(
            Priority::Network(110),
            &[any(&[
                "connection reset",
                "broken connection to",
                "econnreset",
                "socket hang up",
                "epipe",
                "broken pipe",
                "unexpected eof",
                "connection was closed",
                "connection closed before",
                "remote end closed connection",
                "eof",
                "tls handshake timeout",
                "ssl_error_syscall",
            ])],
            |facts| host_first(facts, closed(facts)),
        ),
        Saying::new(
            Priority::Network(120),
            &[any(&[
                "could not connect to the endpoint url",
                "endpointconnectionerror",
                "failed to connect to",
                "error trying to connect",
                "unable to connect to the remote server",
                "unable to connect to endpoint",
                "unable to execute http request",
                "dispatch failure",
                "request send failed",
                "requesterror: send request failed",
            ])],
            |facts| host_first(facts, cannot_connect(facts)),
        ),
        // The text ends while a connection is being made.
        Saying::new(
            Priority::Network(130),
            &[with(&["starting new https connection", "* trying", "connecting to"], &[WEB_IDENTITY_OR_STS])],
            |facts| host_first(facts, timed_out(facts)),
        )
        .about(About::StsAtTheEnd),
    ],
    settles: false,
    hides_caller: true,
    judge: Some(connected),
    fix,
};

fn cannot_connect(facts: &Facts) -> Vec<Candidate> {
    let mut candidates =
        vec![Candidate::new(&DNS_FAILURE, "SDKs that report only this usually could not resolve the name")];
    candidates.extend(timed_out(facts));
    candidates
}

/// The connection was open, and then something closed it.
pub(crate) fn closed(facts: &Facts) -> Vec<Candidate> {
    let between = match &facts.via {
        Some(proxy) => format!("the proxy {proxy} may have closed the connection"),
        None => "a firewall or transparent proxy that filters by host name closes such connections".to_owned(),
    };
    let proxy = Candidate::new(&PROXY_INTERFERES, between);
    let policy = "a network policy may reset connections instead of dropping packets";
    let policy = Candidate::new(&STS_ENDPOINT_UNREACHABLE_TIMEOUT, policy);
    let server = Candidate::new(&STS_SERVER_ERROR, "STS itself may not have answered; retry");
    match facts.host_from {
        // An SDK does not say how far the connection got.
        HostFrom::Unknown if facts.proxy == Some(true) => vec![proxy, policy],
        HostFrom::Unknown => vec![policy, proxy],
        HostFrom::Region | HostFrom::Override(_) => with_override(facts, vec![proxy, server], ""),
    }
}

fn fix(facts: &Facts) -> Fix {
    let names = facts.names();
    Fix::new("Check that this pod can connect to STS.").command(names.call_sts())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::causes::Outcome;
    use crate::causes::testing::{found, healthy, judge, unreached};
    use crate::probe::evidence::{Dial, HttpFault};

    #[test]
    fn candidates_are_listed_where_the_evidence_does_not_decide() {
        let broken_off = unreached(Dial { http: Some(HttpFault::Closed), ..Dial::default() });
        assert!(found(&STS_UNREACHABLE, &broken_off));
        let Outcome::Fault(diagnosis) = judge(&STS_UNREACHABLE, &broken_off) else {
            panic!("no fault");
        };
        assert!(!diagnosis.candidates.is_empty());
        assert!(!found(&STS_UNREACHABLE, &healthy()));
    }
}
