//! The reading of a lookup that failed: each fault of the name servers has its own words and its own fix.

use super::proxy::around;
use super::{Failure, Story};
use crate::aws::partition::Partition;
use crate::causes::sts_endpoint_misconfigured::with_override;
use crate::causes::{Advice, Candidate, DNS_FAILURE, Fix, MESH_PROXY_NOT_RUNNING, dns_failure};
use crate::probe::evidence::{Dial, DnsFault, EndpointSource, Lookup};

const PODS: &str = "kubectl get pods --namespace kube-system --selector k8s-app=kube-dns";
const ENDPOINTS: &str =
    "kubectl get endpointslices --namespace kube-system --selector kubernetes.io/service-name=kube-dns";
const LOGS: &str = "kubectl logs --namespace kube-system --selector k8s-app=kube-dns --tail=50";
const CONFIGURATION: &str = "kubectl get configmap coredns --namespace kube-system --output yaml";
const POLICIES: &str = "kubectl get networkpolicies --all-namespaces";

/// `None` where the settings name a region that does not exist, which a check of the settings tells.
pub(super) fn read(story: &Story, fault: &DnsFault) -> Option<Failure> {
    let Story { endpoint, dial, .. } = story;
    let name = dial.via.as_ref().unwrap_or(&endpoint.host);
    let is_unknown = matches!(fault, DnsFault::NoSuchName | DnsFault::NoAddress | DnsFault::NotAName);
    if is_unknown && dial.via.is_some() {
        return Some(around(story, format!("The proxy's name {name} could not be resolved: {fault}.")));
    }
    if is_unknown && names_no_region(story) {
        return None;
    }
    let seen = format!("{name} could not be resolved: {fault}{}.", asked(dial));
    let decided = |text: String| (Failure::decided(&DNS_FAILURE, seen.clone()), Fix::new(text));
    let servers = servers(dial);
    let (reading, fix) = match fault {
        DnsFault::NoSuchName => no_such_name(story, &seen),
        DnsFault::NotAName => (
            Failure::open(seen, with_override(story.facts, Vec::new(), "")),
            Fix::new("Correct the host name in the endpoint's URL, then recreate the pod."),
        ),
        DnsFault::NoAddress => {
            let (reading, fix) = decided(format!(
                "Add an address record for {name} to the zone that answers for it: a private hosted zone, or a hosts \
                 or template block of CoreDNS, replaces the public zone."
            ));
            (reading, fix.command(CONFIGURATION))
        }
        DnsFault::Closed => {
            let mesh = "init containers in a service mesh have no network before the mesh's proxy runs";
            let closed = "no DNS pod is ready behind the service, or a NetworkPolicy rejects port 53";
            let candidates = vec![Candidate::new(&MESH_PROXY_NOT_RUNNING, mesh), Candidate::new(&DNS_FAILURE, closed)];
            let fix = Fix::new(format!(
                "Run the mesh's proxy as a native sidecar if this is an init container in a mesh. Otherwise make DNS \
                 pods ready and allow UDP and TCP port 53 from this pod to {servers}."
            ));
            (Failure::open(seen, candidates), fix.command(PODS).command(ENDPOINTS).command(POLICIES))
        }
        DnsFault::NoRoute => {
            let (reading, fix) = decided(format!(
                "Give this pod a route to {servers}: check the CNI plugin on its node, and firewalls that reject \
                 packets."
            ));
            (reading, fix.command(POLICIES))
        }
        DnsFault::NoConfiguration => {
            let (reading, fix) = decided(
                "Set dnsPolicy: ClusterFirst in the pod template, or stop mounting over /etc/resolv.conf, then \
                 recreate the pod."
                    .to_owned(),
            );
            (Failure { advice: Some(Advice::Fix), ..reading }, fix)
        }
        DnsFault::Refused { server } => {
            let (reading, fix) = decided(format!(
                "Allow this pod's network to query {server} (its access list), or name the cluster's DNS service in \
                 dnsConfig or with dnsPolicy: ClusterFirst, then recreate the pod."
            ));
            (reading, fix.command(CONFIGURATION))
        }
        DnsFault::ServerFailed { server } => {
            let (reading, fix) = decided(format!(
                "Find out why {server} fails: CoreDNS returns SERVFAIL when the servers that it forwards to do not \
                 answer."
            ));
            (reading, fix.command(LOGS).command(CONFIGURATION))
        }
        DnsFault::CutOff { server, .. } => {
            let (reading, fix) = decided(format!(
                "Allow TCP port 53 from this pod to {server}, in addition to UDP: check NetworkPolicy egress and \
                 security groups."
            ));
            (reading, fix.command(POLICIES))
        }
        DnsFault::TimedOut { after_ms } if dial.lookup.as_ref().is_some_and(Lookup::is_answered) => {
            let seen = format!("{name} was not resolved within {after_ms} ms because DNS is slow{}.", asked(dial));
            let fix = Fix::new(
                "Find out why DNS is slow (CPU limits and load of CoreDNS), and set ndots to 1 (dnsConfig.options) so \
                 that the full name is tried first.",
            );
            (Failure::decided(&DNS_FAILURE, seen), fix.command(PODS))
        }
        DnsFault::TimedOut { .. } => {
            let (reading, fix) = decided(format!(
                "Allow UDP and TCP port 53 from this pod to {servers} (NetworkPolicy egress, security groups of the \
                 pod and of the nodes), and check that the DNS pods run."
            ));
            (reading, fix.command(PODS).command(POLICIES))
        }
    };
    Some(reading.with_fix(fix))
}

fn no_such_name(story: &Story, seen: &str) -> (Failure, Fix) {
    let fix = Fix::new(format!(
        "Configure the cluster's DNS to resolve {}: forward public names to a resolver that knows them, and remove a \
         private zone that hides the name. If only a proxy resolves public names, set HTTPS_PROXY instead.",
        story.endpoint.host
    ));
    (Failure::open(seen.to_owned(), dns_failure::no_such_name(story.facts)), fix.command(CONFIGURATION))
}

/// The region variable made a host that cannot exist.
fn names_no_region(story: &Story) -> bool {
    let endpoint = story.endpoint;
    let region = endpoint.host.split('.').nth(1).unwrap_or_default();
    let is_known = Partition::of_region(region).is_some_and(|partition| partition.knows_region(region));
    matches!(endpoint.source, EndpointSource::Region(_)) && !is_known && !endpoint.is_global()
}

fn servers(dial: &Dial) -> String {
    let servers = dial.lookup.iter().flat_map(|lookup| &lookup.resolver.servers);
    let servers: Vec<String> = servers.map(|server| server.ip().to_string()).collect();
    if servers.is_empty() { "the name servers".to_owned() } else { servers.join(" and ") }
}

/// Whom the resolver asked, what each of them did, and what makes it slow.
fn asked(dial: &Dial) -> String {
    let Some(lookup) = dial.lookup.as_ref().filter(|lookup| !lookup.resolver.is_missing) else {
        return String::new();
    };
    let resolver = &lookup.resolver;
    let servers: Vec<String> = resolver.servers.iter().map(|server| server.ip().to_string()).collect();
    let mut asked = format!(" (name servers {}; ndots {}", servers.join(", "), resolver.ndots);
    if lookup.servers.len() > 1 {
        asked += &format!("; {}", lookup.troubles().join(", "));
    }
    if lookup.is_answered() && lookup.names.len() > 1 {
        asked += &format!("; {} names in {} ms", lookup.names.len(), lookup.took_ms);
    }
    asked + ")"
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::causes::testing::endpoint;
    use crate::diagnosis::network::tests::regional_facts;
    use crate::probe::evidence::{Environment, Lookup, NameServer, Resolver, ServerFault, TcpFault};
    use std::net::IpAddr;

    /// One of each kind.
    pub(in crate::diagnosis::network) fn faults() -> Vec<DnsFault> {
        let server = IpAddr::from([10, 100, 0, 10]);
        vec![
            DnsFault::NoSuchName,
            DnsFault::NoAddress,
            DnsFault::NotAName,
            DnsFault::Refused { server },
            DnsFault::ServerFailed { server },
            DnsFault::CutOff { server, tcp: TcpFault::Refused },
            DnsFault::Closed,
            DnsFault::NoRoute,
            DnsFault::NoConfiguration,
            DnsFault::TimedOut { after_ms: 8000 },
        ]
    }

    fn reading(fault: &DnsFault) -> Failure {
        let server = |address: [u8; 4], fault| NameServer {
            address: address.into(),
            answered: 0,
            slowest_ms: 0,
            faults: vec![fault],
            ipv6_faults: vec![],
        };
        let lookup = Lookup {
            resolver: Resolver {
                servers: vec![([10, 100, 0, 10], 53).into(), ([10, 100, 0, 11], 53).into()],
                ndots: 5,
                ..Resolver::default()
            },
            servers: vec![
                server([10, 100, 0, 10], ServerFault::Silent),
                server([10, 100, 0, 11], ServerFault::Refuses),
            ],
            ..Lookup::default()
        };
        let dial = Dial { dns: Some(Err(fault.clone())), lookup: Some(lookup), ..Dial::default() };
        let (endpoint, environment) = (endpoint(), Environment::default());
        let story = Story {
            endpoint: &endpoint,
            dial: &dial,
            alternate_route: None,
            out_of_time: false,
            environment: &environment,
            facts: &regional_facts(),
        };
        read(&story, fault).unwrap()
    }

    #[test]
    fn each_fault_has_words_and_a_fix_of_its_own_and_none_is_a_call_to_sts() {
        let mut fixes: Vec<String> = Vec::new();
        for fault in faults() {
            let reading = reading(&fault);
            let fix = reading.fix.clone().unwrap();
            assert!(reading.seen.contains(&fault.to_string()), "{}", reading.seen);
            assert!(!fix.commands.iter().any(|command| command.contains("curl")), "{fix:?}");
            assert!(!fixes.contains(&fix.text), "{fault:?}: {}", fix.text);
            fixes.push(fix.text);
        }
    }

    #[test]
    fn what_each_of_several_servers_did_is_said() {
        let seen = reading(&DnsFault::TimedOut { after_ms: 8000 }).seen;
        assert!(seen.contains("10.100.0.10 did not answer in time, 10.100.0.11 answered REFUSED"), "{seen}");
    }
}
