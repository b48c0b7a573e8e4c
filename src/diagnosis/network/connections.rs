//! The reading of a connection that no address took.

use super::proxy::around;
use super::{Failure, Story};
use crate::aws::partition::sts_endpoint_service;
use crate::aws::vpc::is_private;
use crate::causes::sts_endpoint_unreachable_timeout::{refused, timed_out};
use crate::causes::{Advice, Fix, STS_ENDPOINT_UNREACHABLE_TIMEOUT, STS_GLOBAL_ENDPOINT_IN_PRIVATE_VPC};
use crate::probe::evidence::{AddressFault, Dial, TcpFault};

const POLICIES: &str = "kubectl get networkpolicies --all-namespaces";

pub(super) fn read(story: &Story, faults: &[AddressFault]) -> Failure {
    let Story { endpoint, dial, .. } = story;
    let told: Vec<String> = faults.iter().take(4).map(AddressFault::to_string).collect();
    let told = told.join(", ");
    if let Some(proxy) = &dial.via {
        // A sidecar or a node's proxy that is not up yet refuses, or is silent, and takes connections a little later.
        return around(story, format!("The proxy {proxy} does not accept connections: {told}.")).passing();
    }
    let found_under = dial.lookup.as_ref().and_then(|lookup| lookup.found_under.as_ref());
    let found_under = found_under.map(|domain| format!(" The name resolved under the search domain {domain}."));
    let seen = format!("{}: {told}.{}", endpoint.host, found_under.unwrap_or_default());
    let has = |kind: fn(&TcpFault) -> bool| faults.iter().any(|fault| kind(&fault.fault));
    let is_silent = has(|fault| matches!(fault, TcpFault::TimedOut { .. } | TcpFault::Os(_)));
    let is_rejected = has(|fault| *fault == TcpFault::Rejected);
    if !is_silent && has(|fault| matches!(fault, TcpFault::Refused | TcpFault::Reset)) {
        return Failure::open(seen, refused(story.facts));
    }
    if !is_silent && !is_rejected {
        return no_route(story, faults, seen);
    }
    match (endpoint.is_global(), is_silent) {
        (true, _) => global(story, seen),
        (false, true) => silent(story, faults, seen),
        (false, false) => rejected(story, seen),
    }
}

/// Packets to a regional address vanish.
fn silent(story: &Story, faults: &[AddressFault], seen: String) -> Failure {
    let host = &story.endpoint.host;
    let addresses = || faults.iter().map(|fault| fault.address.ip());
    let (kind, fix) = if addresses().all(is_private) {
        let fix = Fix::new(
            "Allow TCP port 443 from the pods in the security group of the VPC endpoint, and to it in the egress \
             rules of NetworkPolicy and of the pods' own security group.",
        );
        (
            "The address is private (a VPC endpoint): its security group, or a network policy here, drops the packets",
            endpoints(story, fix),
        )
    } else if addresses().all(|address| address.is_ipv6()) {
        let fix = "Give the pods IPv6 egress to the internet (egress-only internet gateway), or call a name that has \
                   IPv4 addresses.";
        ("There are only IPv6 addresses, and IPv6 egress does not work", Fix::new(fix))
    } else {
        let fix = Fix::new(format!(
            "Create a VPC endpoint for STS if this network has neither one nor a NAT gateway: waiting does not help. \
             Otherwise allow egress to {host} on port 443 in NetworkPolicy and security groups."
        ));
        (
            "The address is public: there is no NAT, or a network policy or security group drops the packets",
            create_endpoint(story, fix),
        )
    };
    Failure::decided(&STS_ENDPOINT_UNREACHABLE_TIMEOUT, format!("{seen} {kind}.")).with_fix(fix.command(POLICIES))
}

/// Something on the way answered in STS's place that there is no way: nothing is dropped, and no time passed.
fn rejected(story: &Story, seen: String) -> Failure {
    let host = &story.endpoint.host;
    let seen = format!("{seen} A firewall, a network policy or a router on the path rejects the connection (ICMP).");
    let fix = Fix::new(format!(
        "Allow TCP port 443 to {host} where it is rejected: check the egress rules of NetworkPolicy, the host \
         firewall, and routers without a route."
    ));
    Failure::open(seen, Vec::new()).with_fix(fix.command(POLICIES))
}

/// The pod's own kernel has no route to any of the addresses.
fn no_route(story: &Story, faults: &[AddressFault], seen: String) -> Failure {
    let is_ipv4 = |fault: &AddressFault| fault.address.is_ipv4();
    let has_other_family = story.dial.has_other_family;
    let (seen, fix) = if has_other_family && faults.iter().all(is_ipv4) {
        (
            format!("{seen} The name has only IPv4 addresses, and this pod has only IPv6."),
            "Set AWS_USE_DUALSTACK_ENDPOINT=true in the pod template so that SDKs call the STS name that also has \
             IPv6 addresses, or provide NAT64 with DNS64. Then recreate the pod.",
        )
    } else if has_other_family && !faults.iter().any(is_ipv4) {
        (
            format!("{seen} The name has only IPv6 addresses, and this pod has only IPv4."),
            "Call a name that has IPv4 addresses: remove the DNS record or the endpoint override that leads to IPv6 \
             only.",
        )
    } else {
        (
            format!("{seen} The pod has no route to it."),
            "Give the pod a route: check the CNI plugin on its node and the routes in the pod's network.",
        )
    };
    Failure { advice: has_other_family.then_some(Advice::Fix), ..Failure::open(seen, Vec::new()) }
        .with_fix(Fix::new(fix))
}

fn global(story: &Story, seen: String) -> Failure {
    let reading = match story.alternate_route {
        Some(Ok(way)) => {
            let addresses = way.dns.iter().flatten().flatten();
            let at = addresses.map(|address| format!("{address}")).collect::<Vec<_>>().join(", ");
            let kind = if way.dns.iter().flatten().flatten().copied().all(is_private) { "private " } else { "" };
            let seen = format!("{seen} {} accepts connections at its {kind}address {at}.", way.host);
            return Failure::decided(&STS_GLOBAL_ENDPOINT_IN_PRIVATE_VPC, seen);
        }
        Some(Err(way)) if is_vpc_endpoint(way) => {
            let fault = way.fault().unwrap_or_default();
            let seen = format!("{seen} {} is a VPC endpoint and does not answer either: {fault}.", way.host);
            let fix = Fix::new(format!(
                "Set AWS_STS_REGIONAL_ENDPOINTS=regional, and allow TCP port 443 from the pods in the security group \
                 of the VPC endpoint {}.",
                way.host
            ));
            return Failure::open(seen, timed_out(story.facts)).with_fix(endpoints(story, fix));
        }
        _ => Failure::open(seen, timed_out(story.facts)),
    };
    let fix = Fix::new(
        "Set AWS_STS_REGIONAL_ENDPOINTS=regional. If this network has neither a NAT gateway nor a VPC endpoint for \
         STS, create the endpoint: waiting does not help. Otherwise allow egress on port 443.",
    );
    reading.with_fix(create_endpoint(story, fix).command(POLICIES))
}

fn is_vpc_endpoint(way: &Dial) -> bool {
    way.dns.iter().flatten().flatten().copied().any(is_private)
}

/// Shows the endpoints that there are.
fn endpoints(story: &Story, fix: Fix) -> Fix {
    let region = &story.endpoint.region;
    match sts_endpoint_service(region) {
        Some(service) => fix.command(format!(
            "aws ec2 describe-vpc-endpoints --region {region} --filters Name=service-name,Values={service} --output json"
        )),
        None => fix,
    }
}

/// Shows the endpoints that there are, and how one is made.
fn create_endpoint(story: &Story, fix: Fix) -> Fix {
    let region = &story.endpoint.region;
    let Some(service) = sts_endpoint_service(region) else {
        return fix;
    };
    endpoints(story, fix).command(format!(
        "aws ec2 create-vpc-endpoint --region {region} --vpc-endpoint-type Interface --service-name {service} \
         --vpc-id VPC_ID --subnet-ids SUBNET_ID --security-group-ids SECURITY_GROUP_ID --private-dns-enabled"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::causes::STS_UNREACHABLE;
    use crate::causes::testing::endpoint;
    use crate::diagnosis::network::tests::regional_facts;
    use crate::probe::evidence::{Endpoint, Environment};

    fn reading(endpoint: &Endpoint, address: &str, fault: TcpFault, has_other_family: bool) -> Failure {
        let faults = vec![AddressFault { address: address.parse().unwrap(), fault }];
        let dial = Dial { tcp: Some(Err(faults.clone())), has_other_family, ..Dial::default() };
        let environment = Environment::default();
        let story = Story {
            endpoint,
            dial: &dial,
            alternate_route: None,
            out_of_time: false,
            environment: &environment,
            facts: &regional_facts(),
        };
        read(&story, &faults)
    }

    #[test]
    fn what_kept_the_connection_from_sts_decides_words_and_fix() {
        let silent = TcpFault::TimedOut { after_ms: 8000 };
        for (address, fault, other_family, code, words, fix) in [
            ("52.1.1.1:443", silent, false, &STS_ENDPOINT_UNREACHABLE_TIMEOUT, "NAT", "waiting does not help"),
            ("10.0.1.5:443", silent, false, &STS_ENDPOINT_UNREACHABLE_TIMEOUT, "VPC endpoint", "security group of"),
            ("[2600::1]:443", silent, false, &STS_ENDPOINT_UNREACHABLE_TIMEOUT, "IPv6", "egress-only"),
            ("52.1.1.1:443", TcpFault::Rejected, false, &STS_UNREACHABLE, "rejects the connection", "is rejected"),
            ("52.1.1.1:443", TcpFault::NoRoute, false, &STS_UNREACHABLE, "no route", "CNI"),
            ("52.1.1.1:443", TcpFault::NoRoute, true, &STS_UNREACHABLE, "only IPv6", "AWS_USE_DUALSTACK_ENDPOINT=true"),
            ("[2600::1]:443", TcpFault::NoRoute, true, &STS_UNREACHABLE, "only IPv4", "has IPv4 addresses"),
        ] {
            let reading = reading(&endpoint(), address, fault, other_family);
            assert_eq!(reading.cause, code, "{address} {fault:?}");
            assert!(reading.seen.contains(words), "{}", reading.seen);
            assert!(reading.fix.is_some_and(|it| it.text.contains(fix)), "{address} {fault:?}");
            assert_eq!(reading.advice, other_family.then_some(Advice::Fix));
            assert_eq!(reading.seen.contains("drops"), fault == silent && !address.contains('['), "{}", reading.seen);
        }
    }

    #[test]
    fn the_vpc_endpoint_is_created_by_the_name_of_its_region() {
        for (region, service) in [
            ("eu-west-1", Some("com.amazonaws.eu-west-1.sts")),
            ("cn-north-1", Some("cn.com.amazonaws.cn-north-1.sts")),
            ("us-gov-west-1", Some("com.amazonaws.us-gov-west-1.sts")),
            ("us-iso-east-1", None),
        ] {
            let endpoint = Endpoint { region: region.into(), ..endpoint() };
            let reading = reading(&endpoint, "52.1.1.1:443", TcpFault::TimedOut { after_ms: 8000 }, false);
            let commands = reading.fix.unwrap().commands.join("\n");
            let named = service.is_some_and(|service| {
                commands.contains(&format!("create-vpc-endpoint --region {region} "))
                    && commands.contains(&format!("--service-name {service} "))
            });
            assert_eq!(named, service.is_some(), "{commands}");
        }
    }
}
