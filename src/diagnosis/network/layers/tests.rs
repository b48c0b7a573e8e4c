use super::*;
use crate::causes::testing::endpoint;
use crate::causes::{
    DNS_FAILURE, Facts, MESH_PROXY_NOT_RUNNING, PROXY_INTERFERES, REQUEST_CLOCK_SKEW, STS_ENDPOINT_UNREACHABLE_TIMEOUT,
    STS_GLOBAL_ENDPOINT_IN_PRIVATE_VPC, STS_UNREACHABLE, TLS_HOSTNAME_MISMATCH, TLS_UNKNOWN_CA,
};
use crate::diagnosis::network::tests::regional_facts;
use crate::probe::evidence::{
    AddressFault, Dial, DnsFault, Endpoint, EndpointSource, Environment, ProxyFault, TcpFault, TlsFault,
};
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
fn an_alternate_route_that_works_decides() {
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
        (&global, &silent, None, &STS_UNREACHABLE, Some(&STS_GLOBAL_ENDPOINT_IN_PRIVATE_VPC)),
        (&regional, &refusing, Some(Ok(&private)), &PROXY_INTERFERES, None),
    ] {
        let is_regional = endpoint.is_global().then_some(alternate_route).flatten();
        let way = is_regional.map(|way: Result<&Dial, &Dial>| way.unwrap_or_else(|way| way));
        let facts = Facts {
            host: Some(endpoint.host.clone()),
            regional_is_private: way.map(|way| way == &private),
            ..regional_facts()
        };
        let reading = read(&Story {
            endpoint,
            dial,
            alternate_route,
            out_of_time: false,
            environment: &Environment::default(),
            facts: &facts,
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
