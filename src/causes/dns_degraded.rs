use crate::causes::{Advice, Cause, Diagnosis, Fix, Outcome, Severity};
use crate::probe::evidence::{Evidence, Lookup, NameServer, ServerFault};

/// A lookup that takes longer delays every new session.
const SLOW_MS: u64 = 1000;

/// DNS resolved the name, but slowly or not on every name server.
pub(crate) static DNS_DEGRADED: Cause = Cause {
    code: "dns-degraded",
    title: "DNS works, but slowly or not on every name server",
    compare: "query each name server in /etc/resolv.conf",
    severity: Severity::Warning,
    advice: Advice::Fix,
    // Sources: `resolv.conf(5)` (timeout 5 s, attempts 2, ndots); glibc's `send_dg` and `__res_context_search`;
    // musl's `__res_msend_rc` (all servers at once) and `name_from_dns` (both answers are needed).
    explanation: "\
DNS resolved the name of STS, but a name server failed or the lookup was slow. The report names the server that did \
not answer, or what made the lookup slow.

glibc queries the servers one after the other and waits 5 s for each (options timeout). It repeats this for every \
name that ndots makes it try. musl (Alpine) queries all servers at once. If queries for IPv6 addresses get no answer, \
glibc waits for each and then uses the IPv4 address, while musl fails the lookup. An SDK whose own timeout is shorter \
than the wait fails, although the name can be resolved.

Remove a dead server from /etc/resolv.conf (the node's, or dnsConfig). Allow both UDP and TCP port 53. Lower ndots \
(dnsConfig.options) if each query is slow.",
    says: &[],
    settles: false,
    hides_caller: false,
    judge: Some(judge),
    fix: |_| servers(),
};

fn judge(evidence: &Evidence) -> Outcome {
    let Some(dial) = evidence.dial.seen() else {
        return Outcome::skip("no connection to STS was made");
    };
    let Some(lookup) = &dial.lookup else {
        return Outcome::Pass;
    };
    let troubles = lookup.troubles();
    let is_slow = lookup.took_ms >= SLOW_MS;
    if troubles.is_empty() && !is_slow {
        return Outcome::Pass;
    }
    let mut cause = match troubles.is_empty() {
        true => String::new(),
        false => format!("Name server {}. ", troubles.join("; ")),
    };
    if is_slow {
        cause += &slowness(lookup);
    }
    cause += consequence(lookup).trim_end();
    Outcome::Warning(Box::new(Diagnosis::new(cause.trim_end(), repair(lookup, &troubles))))
}

fn slowness(lookup: &Lookup) -> String {
    let slowest = lookup.servers.iter().map(|server| server.slowest_ms).max().unwrap_or_default();
    let names = match lookup.names.len() {
        1 => "one name".to_owned(),
        names => format!("{names} names, one after the other (ndots {})", lookup.resolver.ndots),
    };
    format!("The lookup took {} ms for {names}; the slowest answer took {slowest} ms. ", lookup.took_ms)
}

/// How the C libraries react.
fn consequence(lookup: &Lookup) -> String {
    let seconds = lookup.resolver.timeout_seconds;
    let has = |fault| move |server: &NameServer| server.faults.contains(&fault);
    let ipv6_lacks_an_answer = |server: &NameServer| {
        server
            .only_ipv6_faults()
            .any(|fault| matches!(fault, ServerFault::Silent | ServerFault::Fails | ServerFault::Refuses))
    };
    let mut text = String::new();
    if lookup.servers.iter().any(has(ServerFault::Silent)) {
        text += &format!(
            "glibc waits {seconds} s for this server per name ({} here) before it queries the next one. musl queries \
             all at once. ",
            lookup.names.len()
        );
    }
    if lookup.servers.iter().any(ipv6_lacks_an_answer) {
        text += "glibc waits and then uses the IPv4 address, but musl (Alpine) fails the lookup. ";
    }
    text
}

fn repair(lookup: &Lookup, troubles: &[String]) -> Fix {
    let pods = "kubectl get pods --namespace kube-system --selector k8s-app=kube-dns";
    if troubles.is_empty() {
        let fewer = match lookup.names.len() > 1 {
            true => ", and set ndots to 1 (dnsConfig.options) so that the full name is tried first",
            false => "",
        };
        return Fix::new(format!("Find out why DNS answers slowly (check the CPU limits and load of CoreDNS){fewer}."))
            .command(pods);
    }
    servers()
}

fn servers() -> Fix {
    Fix::new(
        "Repair or remove the name server that does not answer (in the node's /etc/resolv.conf or dnsConfig). Allow UDP \
         and TCP port 53 to it for all record types.",
    )
    .command("kubectl get pods --namespace kube-system --selector k8s-app=kube-dns")
    .command("kubectl get networkpolicies --all-namespaces")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::causes::testing::{healthy, unreached};
    use crate::probe::evidence::{Dial, Resolver, Seen};

    #[test]
    fn a_silent_server_and_a_slow_lookup_are_warnings_if_the_lookup_succeeded() {
        let server = |faults: &[ServerFault], ipv6_faults: &[ServerFault]| NameServer {
            address: [10, 100, 0, 10].into(),
            answered: 1,
            slowest_ms: 1002,
            faults: faults.to_vec(),
            ipv6_faults: ipv6_faults.to_vec(),
        };
        let both = &[ServerFault::Silent][..];
        for (server, took_ms, words) in [
            (server(&[], &[]), 12, None),
            (server(&[], &[]), 5010, Some("The lookup took 5010 ms for 2 names, one after the other (ndots 5)")),
            (server(both, both), 1003, Some("Name server 10.100.0.10 did not answer in time. The lookup")),
            (server(both, both), 12, Some("glibc waits 5 s for this server per name (2 here)")),
            (server(&[], both), 12, Some("musl (Alpine) fails")),
            (server(&[ServerFault::Closed], &[ServerFault::Closed]), 12, Some("rejects packets to port 53.")),
        ] {
            let resolver = Resolver { ndots: 5, timeout_seconds: 5, ..Resolver::default() };
            let names = vec!["a".to_owned(), "b".to_owned()];
            let lookup = Lookup { resolver, names, servers: vec![server], took_ms, ..Lookup::default() };
            let dial = Dial { lookup: Some(lookup), ..Dial::default() };
            let evidence = Evidence { dial: Seen::Seen(dial.clone()), ..healthy() };
            match (judge(&evidence), words) {
                (Outcome::Pass, None) => {}
                (Outcome::Warning(diagnosis), Some(words)) => {
                    assert!(diagnosis.cause.contains(words), "{}", diagnosis.cause);
                }
                (outcome, _) => panic!("{outcome:?}"),
            }
            assert!(matches!(judge(&unreached(dial)), Outcome::Skip(_)));
        }
    }
}
