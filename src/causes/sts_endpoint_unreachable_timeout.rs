use crate::aws::vpc::is_private;
use crate::causes::{
    Advice, Candidate, Cause, Facts, Fix, MESH_PROXY_NOT_RUNNING, Names, PROXY_INTERFERES, Priority,
    STS_GLOBAL_ENDPOINT_IN_PRIVATE_VPC, Saying, Severity, any, connected, sts_endpoint_misconfigured::host_first,
    sts_endpoint_misconfigured::with_override,
};

/// Words of operating systems and clients for a connection that nothing answers.
pub(super) const TIMED_OUT: &[&str] = &[
    "i/o timeout",
    "connect timeout",
    "connection timeout",
    "connection timed out",
    "connecttimeouterror",
    "connecttimeoutexception",
    "connecttimeout",
    "etimedout",
    "timeouterror",
    "timed out",
    "timed-out",
    "timeout occurred",
    "timeout was reached",
    "timeout error",
    "read timeout",
    "time-out",
    "deadline exceeded",
    "client.timeout exceeded",
    "did not properly respond",
    "aws_io_socket_timeout",
    "deadline has elapsed",
    "apicalltimeoutexception",
    "apicallattempttimeoutexception",
    "did not complete before the specified timeout",
    "no route to host",
    "network is unreachable",
    "ehostunreach",
    "enetunreach",
    "noroutetohostexception",
    "timeout connecting",
    "sockettimeoutexception",
    "socket timeout",
    "request timeout",
];

/// Words for a connection that is refused.
pub(super) const REFUSED: &[&str] =
    &["connection refused", "econnrefused", "connectexception", "actively refused", "aws_io_socket_connection_refused"];

/// The regional STS host does not answer.
pub(crate) static STS_ENDPOINT_UNREACHABLE_TIMEOUT: Cause = Cause {
    code: "sts-endpoint-unreachable-timeout",
    title: "connections to the regional STS endpoint time out",
    compare: "routes, security groups, policies",
    severity: Severity::Error,
    advice: Advice::Retry,
    // Sources: STS user guide, "Interface VPC endpoints"; `aws ec2 describe-vpc-endpoint-services` of each partition;
    // EKS user guide, "Security groups for pods" (source NAT is off for pods with a branch interface).
    explanation: "\
The name of the STS endpoint resolves, but packets to its address get no answer. A private address belongs to a VPC \
endpoint: its security group must allow the pods' addresses on port 443. A public address needs a path to the \
internet: NAT, a route, and an egress rule in NetworkPolicy and security group. Pods with their own security groups \
lose source NAT unless it is configured.

Retrying helps while a node or a policy is being set up. It does not create a route or a VPC endpoint. `aws ec2 \
create-vpc-endpoint` with the service com.amazonaws.REGION.sts (in China cn.com.amazonaws.REGION.sts) and private DNS \
makes the regional name resolve to private addresses.

STS has many addresses and changes them. Allow it by name or by endpoint rather than by address.",
    says: &[
        Saying::new(Priority::Network(90), &[any(TIMED_OUT)], |facts| host_first(facts, timed_out(facts))),
        Saying::new(Priority::Network(100), &[any(REFUSED)], |facts| host_first(facts, refused(facts))),
    ],
    settles: false,
    hides_caller: true,
    judge: Some(connected),
    fix,
};

/// What keeps packets from STS. Where the regional name was tried too, that ranks them.
pub(crate) fn timed_out(facts: &Facts) -> Vec<Candidate> {
    let global = match facts.regional_is_private {
        Some(true) => "SDKs should call the regional endpoint, for which this network has a VPC endpoint",
        _ => {
            "sts.amazonaws.com is only on the internet: a VPC without internet egress can reach only regional VPC \
             endpoints"
        }
    };
    let global = Candidate::new(&STS_GLOBAL_ENDPOINT_IN_PRIVATE_VPC, global);
    let path = match (facts.regional_is_private, facts.address) {
        (Some(true), _) => "the VPC endpoint's security group drops the packets".to_owned(),
        (_, Some(address)) if is_private(address) => {
            format!("{address} is private (a VPC endpoint): its security group or a network policy drops the packets")
        }
        (_, Some(address)) => {
            format!("{address} is public: no NAT gateway, or a network policy or security group drops the packets")
        }
        (_, None) => {
            "no answer: no route out (NAT), or a network policy or security group drops the packets".to_owned()
        }
    };
    let unreachable = Candidate::new(&STS_ENDPOINT_UNREACHABLE_TIMEOUT, path);
    let proxy = Candidate::new(&PROXY_INTERFERES, "a client that ignores a required proxy gets no answer");
    let is_global = facts.calls_global_endpoint();
    if facts.proxy == Some(true) {
        return if is_global { vec![proxy, global, unreachable] } else { vec![proxy, unreachable] };
    }
    let mut candidates = match (is_global, facts.regional_is_private) {
        (true, Some(false)) => vec![unreachable, global],
        (true, None | Some(true)) => vec![global, unreachable],
        (false, _) if facts.host.is_none() => vec![unreachable, global],
        (false, _) => vec![unreachable],
    };
    // A pasted text does not show whether the pod has a proxy.
    candidates.extend(facts.proxy.is_none().then_some(proxy));
    candidates
}

/// STS itself never refuses: something in between does, or nothing listens where an override leads.
pub(crate) fn refused(facts: &Facts) -> Vec<Candidate> {
    let mesh = match facts.address.is_some_and(|address| address.is_loopback()) {
        true => "the connection went to this pod itself, where a mesh's proxy should listen",
        false => {
            "STS does not refuse connections; a mesh redirects them to its proxy, which starts after init containers"
        }
    };
    let policy = "a network policy or firewall refuses connections instead of dropping packets";
    let mut candidates =
        vec![Candidate::new(&MESH_PROXY_NOT_RUNNING, mesh), Candidate::new(&STS_ENDPOINT_UNREACHABLE_TIMEOUT, policy)];
    if facts.proxy.is_none() {
        // Of a pasted text nobody knows whether it is from a mesh.
        candidates.swap(0, 1);
        candidates.push(Candidate::new(&PROXY_INTERFERES, "a proxy that is down refuses connections too"));
    }
    with_override(facts, candidates, "an endpoint override may point to a closed port")
}

fn fix(facts: &Facts) -> Fix {
    let names = facts.names();
    let Names { namespace, .. } = &names;
    Fix::new(
        "Allow connections to port 443 of STS: check NetworkPolicy egress, the pod's security group, the security group \
         of the VPC endpoint, and NAT.",
    )
    .command(names.call_sts())
    .command(format!("kubectl get networkpolicies -n {namespace}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::causes::DNS_FAILURE;
    use crate::causes::testing::{found, unreached};
    use crate::probe::evidence::{AddressFault, Dial, TcpFault};

    #[test]
    fn a_time_out_is_this_fault_and_a_refusal_is_not() {
        for (fault, is) in [
            (TcpFault::TimedOut { after_ms: 3000 }, true),
            (TcpFault::NoRoute, false),
            (TcpFault::Rejected, false),
            (TcpFault::Refused, false),
            (TcpFault::Reset, false),
        ] {
            let faults = vec![AddressFault { address: ([10, 0, 1, 5], 443).into(), fault }];
            let dial = Dial { tcp: Some(Err(faults)), ..Dial::default() };
            assert_eq!(found(&STS_ENDPOINT_UNREACHABLE_TIMEOUT, &unreached(dial)), is, "{fault:?}");
        }
    }

    #[test]
    fn host_and_proxy_decide_what_comes_first() {
        let [no_such_name, dns_failed, unresolved] = DNS_FAILURE.says else { panic!("three sayings") };
        let [timed_out, refused] = STS_ENDPOINT_UNREACHABLE_TIMEOUT.says else { panic!("two sayings") };
        for (saying, host, proxy, first) in [
            (timed_out, "sts.amazonaws.com", false, "sts-global-endpoint-in-private-vpc"),
            (timed_out, "sts.eu-west-1.amazonaws.com", false, "sts-endpoint-unreachable-timeout"),
            (timed_out, "sts.eu-west-1.amazonaws.com", true, "proxy-interferes"),
            (no_such_name, "sts.eu-west-1.amazonaws.com", true, "proxy-interferes"),
            (no_such_name, "sts.eu-west1.amazonaws.com", false, "sts-endpoint-misconfigured"),
            (no_such_name, "sts.cn-north-1.amazonaws.com", false, "china-partition-endpoint"),
            (unresolved, "sts.eu-west-1.amazonaws.com", false, "dns-failure"),
            (dns_failed, "sts.us-gov-west-1.amazonaws.com", false, "dns-failure"),
            (refused, "vpce-1-a.sts.eu-west-1.vpce.amazonaws.com", false, "sts-endpoint-unreachable-timeout"),
        ] {
            let facts = Facts { host: Some(host.into()), proxy: proxy.then_some(true), ..Facts::default() };
            assert_eq!((saying.means)(&facts).candidates[0].cause.code, first, "{host} {proxy}");
        }
    }
}
