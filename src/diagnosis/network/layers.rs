//! The reading of each layer's fault.

use super::{Failure, Story, connections, names, patience, proxy};
use crate::causes::proxy_interferes::not_tls;
use crate::causes::sts_unreachable::closed;
use crate::causes::tls_unknown_ca::out_of_date;
use crate::causes::{Candidate, Fix, TLS_HOSTNAME_MISMATCH, TLS_UNKNOWN_CA, china_partition_endpoint, shell_word};
use crate::probe::evidence::{EndpointSource, HttpFault, Layer, TlsFault, is_of_amazon};

/// `None` where the host itself cannot be right, which a check of the settings tells.
pub(super) fn read(story: &Story) -> Option<Failure> {
    let dial = story.dial;
    if china_partition_endpoint::is_near(&story.endpoint.host) {
        return None;
    }
    let reading = if let Some(Err(fault)) = &dial.dns {
        names::read(story, fault)?
    } else if let Some(Err(faults)) = &dial.tcp {
        connections::read(story, faults)
    } else if let Some(Err(fault)) = &dial.proxy_tls {
        proxy::secure(story, fault)
    } else if let Some(Err(fault)) = &dial.proxy {
        proxy::read(story, fault)
    } else if let Some(Err(fault)) = &dial.tls {
        tls(story, fault)
    } else {
        exchange(story, dial.http.as_ref())
    };
    let reading = proxy::left_out(story, reading);
    match patience::cut_short(dial) {
        Some(layer) => Some(cut_short(reading, layer)),
        None => Some(reading),
    }
}

/// What would be decided after a layer's whole time is only likely after a part of it.
fn cut_short(reading: Failure, layer: Layer) -> Failure {
    let seen = format!("The run timed out while {} ({}). {}", layer.deed(), layer.name(), reading.seen);
    let decided = reading.candidates.is_empty();
    let why = "if the fault stays with a longer --run-timeout";
    let decided = decided.then(|| Candidate::new(reading.cause, why));
    let candidates = reading.candidates.into_iter().chain(decided).collect();
    Failure { fix: reading.fix, ..Failure::open(seen, candidates) }
}

pub(super) fn tls(story: &Story, fault: &TlsFault) -> Failure {
    let host = &story.endpoint.host;
    let seen = format!("{host}: {fault}.");
    match fault {
        TlsFault::UnknownIssuer { issuer: Some(issuer) } if !is_of_amazon(issuer) => Failure::decided(
            &TLS_UNKNOWN_CA,
            format!(
                "{seen} Amazon did not issue it: a proxy or firewall inspects TLS, or another server answers as STS."
            ),
        ),
        TlsFault::UnknownIssuer { .. } => Failure::decided(
            &TLS_UNKNOWN_CA,
            format!("{seen} The trust store of this image lacks Amazon's root certificates."),
        ),
        TlsFault::NoRoots { looked_at } => {
            let places = looked_at.first().map(String::as_str).unwrap_or_default();
            Failure::decided(&TLS_UNKNOWN_CA, format!("This image has no CA bundle (neither {places} nor elsewhere)."))
        }
        TlsFault::BadBundle { variable, path, .. } => {
            Failure::decided(&TLS_UNKNOWN_CA, format!("The CA bundle cannot be used: {fault}.")).with_fix(
                Fix::new(format!(
                    "Mount the CA bundle at the path that {variable} names, or remove {variable} if no private CA is \
                     needed, then recreate the pod."
                ))
                .command(format!("ls -lL {}", shell_word(path))),
            )
        }
        TlsFault::WrongName { .. } => {
            let reading = Failure::decided(&TLS_HOSTNAME_MISMATCH, wrong_name(story, &seen));
            match other_name_fix(story) {
                Some(fix) => reading.with_fix(fix),
                None => reading,
            }
        }
        TlsFault::Expired { .. } | TlsFault::NotYetValid { .. } => Failure::open(seen, out_of_date()).with_fix(
            Fix::new(
                "Compare the local clock with the certificate's dates. If the clock is wrong, correct time \
                 synchronization on the node. If it is right, ask whoever runs the TLS inspection or the STS stand-in \
                 to renew the certificate.",
            )
            .command("date -u")
            .command(format!(
                "openssl s_client -connect {0}:{1} -servername {0} </dev/null | openssl x509 -noout -issuer -dates",
                shell_word(host),
                story.endpoint.port
            )),
        ),
        TlsFault::NotTls => Failure::open(seen, not_tls(story.facts)),
        TlsFault::Other(_) | TlsFault::Closed | TlsFault::TimedOut { .. } => Failure::open(seen, closed(story.facts)),
    }
}

/// Where the regional name is called already, there is no other name to advise.
fn other_name_fix(story: &Story) -> Option<Fix> {
    let host = &story.endpoint.host;
    if search_domain(story).is_some() || story.endpoint.is_global() {
        return None;
    }
    let text = match story.endpoint.source {
        EndpointSource::Override(variable) => {
            format!("Set {variable} to a name that is in the certificate, or remove it.")
        }
        _ => format!(
            "Remove the DNS record, hosts entry or proxy rule that sends {host} to another server. The name itself is \
             correct."
        ),
    };
    Some(Fix::new(text).command(format!("getent hosts {}", shell_word(host))))
}

/// Where the name was found under a search domain, something else than STS answers there.
fn search_domain<'s>(story: &'s Story) -> Option<&'s str> {
    story.dial.lookup.as_ref()?.found_under.as_deref()
}

fn wrong_name(story: &Story, seen: &str) -> String {
    match search_domain(story) {
        Some(domain) => format!(
            "{seen} The name resolved under the search domain {domain}, where a wildcard record answers for every \
             name."
        ),
        None => seen.to_owned(),
    }
}

fn exchange(story: &Story, fault: Option<&HttpFault>) -> Failure {
    match fault {
        Some(fault) => Failure::open(format!("{}: {fault}.", story.endpoint.host), closed(story.facts)),
        None if story.out_of_time => Failure::open("The run timed out before STS answered.".to_owned(), Vec::new()),
        None => Failure::open("STS did not answer.".to_owned(), Vec::new()),
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::causes::testing::endpoint;
    use crate::causes::{
        DNS_FAILURE, MESH_PROXY_NOT_RUNNING, PROXY_INTERFERES, REQUEST_CLOCK_SKEW, STS_ENDPOINT_UNREACHABLE_TIMEOUT,
        STS_GLOBAL_ENDPOINT_IN_PRIVATE_VPC, STS_UNREACHABLE,
    };
    use crate::diagnosis::network::tests::regional_facts;
    use crate::probe::evidence::{AddressFault, Dial, DnsFault, Endpoint, Environment, ProxyFault, TcpFault};
    use std::net::IpAddr;

    fn tcp(address: &str, fault: TcpFault) -> Dial {
        Dial { tcp: Some(Err(vec![AddressFault { address: address.parse().unwrap(), fault }])), ..Dial::default() }
    }

    fn dns(fault: DnsFault) -> Dial {
        Dial { dns: Some(Err(fault)), ..Dial::default() }
    }

    fn in_tls(fault: TlsFault) -> Dial {
        Dial { tls: Some(Err(fault)), ..Dial::default() }
    }

    const SILENT: TcpFault = TcpFault::TimedOut { after_ms: 3000 };

    /// One dial for each fault there is.
    pub(in crate::diagnosis::network) fn dials() -> Vec<Dial> {
        let mut dials: Vec<Dial> = names::tests::faults().into_iter().map(dns).collect();
        dials.extend([
            tcp("10.0.1.5:443", SILENT),
            tcp("52.1.1.1:443", TcpFault::Refused),
            tcp("52.1.1.1:443", TcpFault::NoRoute),
            tcp("52.1.1.1:443", TcpFault::Rejected),
            Dial {
                via: Some("proxy:3128".into()),
                proxy: Some(Err(ProxyFault::Refused { status: 403 })),
                ..Dial::default()
            },
            Dial { via: Some("proxy:3128".into()), ..tcp("10.0.0.1:3128", TcpFault::Refused) },
            Dial { via: Some("proxy:3129".into()), proxy_tls: Some(Err(TlsFault::NotTls)), ..Dial::default() },
            in_tls(TlsFault::UnknownIssuer { issuer: None }),
            in_tls(TlsFault::Expired { not_after: None }),
            in_tls(TlsFault::NotYetValid { not_before: None }),
            in_tls(TlsFault::WrongName { names: vec![] }),
            in_tls(TlsFault::NoRoots { looked_at: vec![] }),
            in_tls(TlsFault::BadBundle { variable: "AWS_CA_BUNDLE", path: "/a".into(), why: "is none".into() }),
            in_tls(TlsFault::NotTls),
            in_tls(TlsFault::Other("alert".into())),
            in_tls(TlsFault::Closed),
            Dial { http: Some(HttpFault::TimedOut { after_ms: 4000 }), ..Dial::default() },
        ]);
        dials
    }

    #[test]
    fn each_layer_has_its_reading() {
        let server = IpAddr::from([10, 100, 0, 10]);
        let unknown = |issuer: &str| in_tls(TlsFault::UnknownIssuer { issuer: Some(issuer.into()) });
        let proxied = |dial| Dial { via: Some("proxy:3128".into()), ..dial };
        for (dial, code, words) in [
            (dns(DnsFault::Refused { server }), &DNS_FAILURE, "10.100.0.10 refuses to answer"),
            (dns(DnsFault::Closed), &MESH_PROXY_NOT_RUNNING, "port 53 of every name server"),
            (dns(DnsFault::NoSuchName), &DNS_FAILURE, "no such name"),
            (proxied(dns(DnsFault::NoSuchName)), &PROXY_INTERFERES, "proxy:3128"),
            (proxied(dns(DnsFault::Closed)), &MESH_PROXY_NOT_RUNNING, "proxy:3128"),
            (tcp("10.0.1.5:443", SILENT), &STS_ENDPOINT_UNREACHABLE_TIMEOUT, "VPC endpoint"),
            (tcp("52.1.1.1:443", SILENT), &STS_ENDPOINT_UNREACHABLE_TIMEOUT, "NAT"),
            (tcp("52.1.1.1:443", TcpFault::Refused), &MESH_PROXY_NOT_RUNNING, "refused"),
            (proxied(tcp("10.0.0.1:3128", SILENT)), &PROXY_INTERFERES, "does not accept connections"),
            (unknown("CN=Zscaler Root"), &TLS_UNKNOWN_CA, "inspects TLS"),
            (unknown("C=US, O=Amazon, CN=Amazon RSA 2048 M02"), &TLS_UNKNOWN_CA, "lacks Amazon's"),
            (in_tls(TlsFault::WrongName { names: vec!["a.vpce".into()] }), &TLS_HOSTNAME_MISMATCH, "a.vpce"),
            (in_tls(TlsFault::Expired { not_after: None }), &REQUEST_CLOCK_SKEW, "expired"),
            (in_tls(TlsFault::NotTls), &PROXY_INTERFERES, "TLS"),
        ] {
            let regional = endpoint();
            let story = Story {
                endpoint: &regional,
                dial: &dial,
                alternate_route: None,
                out_of_time: false,
                environment: &Environment::default(),
                facts: &regional_facts(),
            };
            let reading = read(&story).unwrap();
            let first = reading.candidates.first().map_or(reading.cause, |candidate| candidate.cause);
            assert_eq!(first, code, "{dial:?}");
            assert!(reading.seen.contains(words), "{}", reading.seen);
        }
    }

    #[test]
    fn another_way_that_works_decides() {
        let way = |address: [u8; 4]| Dial {
            host: "sts.eu-west-1.amazonaws.com".into(),
            dns: Some(Ok(vec![IpAddr::from(address)])),
            ..Dial::default()
        };
        let (private, public) = (way([10, 0, 1, 5]), way([52, 1, 1, 1]));
        let (regional, global) = (endpoint(), Endpoint { host: "sts.amazonaws.com".into(), ..endpoint() });
        let silent = tcp("52.1.1.1:443", SILENT);
        let refusing = Dial {
            via: Some("proxy:3128".into()),
            proxy: Some(Err(ProxyFault::Refused { status: 403 })),
            ..Dial::default()
        };
        for (endpoint, dial, alternate_route, code, first) in [
            (&global, &silent, Some(Ok(&private)), &STS_GLOBAL_ENDPOINT_IN_PRIVATE_VPC, None),
            (&global, &silent, Some(Err(&private)), &STS_UNREACHABLE, Some(&STS_GLOBAL_ENDPOINT_IN_PRIVATE_VPC)),
            (&global, &silent, Some(Err(&public)), &STS_UNREACHABLE, Some(&STS_ENDPOINT_UNREACHABLE_TIMEOUT)),
            (&global, &silent, None, &STS_UNREACHABLE, Some(&STS_ENDPOINT_UNREACHABLE_TIMEOUT)),
            (&regional, &refusing, Some(Ok(&private)), &PROXY_INTERFERES, None),
        ] {
            let reading = read(&Story {
                endpoint,
                dial,
                alternate_route,
                out_of_time: false,
                environment: &Environment::default(),
                facts: &regional_facts(),
            })
            .unwrap();
            assert_eq!(
                (reading.cause, reading.candidates.first().map(|candidate| candidate.cause)),
                (code, first),
                "{}",
                reading.seen
            );
        }
        assert_eq!(refusing.failed_at(), Some(Layer::Proxy));
        let nothing = Environment::default();
        let proxied = Story {
            endpoint: &regional,
            dial: &refusing,
            alternate_route: Some(Ok(&private)),
            out_of_time: false,
            environment: &nothing,
            facts: &regional_facts(),
        };
        assert!(read(&proxied).unwrap().fix.unwrap().text.contains("NO_PROXY"));
    }

    #[test]
    fn a_host_that_cannot_be_right_is_left_to_the_checks_of_the_settings() {
        let story = |host: &str, source| Endpoint { host: host.into(), source, ..endpoint() };
        for (host, source, ours) in [
            ("sts.eu-west-1.amazonaws.com", EndpointSource::Region("AWS_REGION"), true),
            ("sts.eu-wset-1.amazonaws.com", EndpointSource::Region("AWS_REGION"), false),
            ("sts.amazonaws.com", EndpointSource::Region("AWS_REGION"), true),
            ("sts.example.com", EndpointSource::Override("AWS_ENDPOINT_URL"), true),
        ] {
            let (named, dial) = (story(host, source), dns(DnsFault::NoSuchName));
            let reading = read(&Story {
                endpoint: &named,
                dial: &dial,
                alternate_route: None,
                out_of_time: false,
                environment: &Environment::default(),
                facts: &regional_facts(),
            });
            assert_eq!(reading.is_some(), ours, "{host}");
        }
    }

    #[test]
    fn the_regional_name_is_not_advised_where_it_is_called() {
        let regional = endpoint();
        let global = Endpoint { host: "sts.amazonaws.com".into(), ..endpoint() };
        let dial = in_tls(TlsFault::WrongName { names: vec!["other.example.com".into()] });
        let environment = Environment::default();
        for (endpoint, own) in [(&regional, true), (&global, false)] {
            let story = Story {
                endpoint,
                dial: &dial,
                alternate_route: None,
                out_of_time: false,
                environment: &environment,
                facts: &regional_facts(),
            };
            let fix = read(&story).unwrap().fix;
            assert_eq!(fix.is_some_and(|fix| !fix.text.contains("regional")), own, "{}", endpoint.host);
        }
    }
}
