//! The reading of a proxy's faults.

use super::{Failure, Story, tls};
use crate::aws::vpc::is_private;
use crate::causes::{Candidate, Fix, PROXY_INTERFERES, PROXY_NOT_SUPPORTED, REQUEST_CLOCK_SKEW, shell_word};
use crate::probe::evidence::{Layer, ProxyFault, TlsFault};

/// The proxy's fault. Where STS can be reached without it, that is the fix.
pub(super) fn around(story: &Story, seen: String) -> Failure {
    let host = &story.endpoint.host;
    match story.alternate_route {
        Some(Ok(way)) => {
            let private = way.dns.iter().flatten().flatten().copied().all(is_private);
            let kind = if private { "a VPC endpoint " } else { "" };
            let seen = format!("{seen} Without the proxy, {kind}{host} accepts connections.");
            let list = format!("Add {host} to NO_PROXY (and no_proxy) in the pod's env, then recreate the pod.");
            Failure::decided(&PROXY_INTERFERES, seen).with_fix(Fix::new(list))
        }
        _ => Failure::decided(&PROXY_INTERFERES, seen),
    }
}

/// Nothing leads out directly, and there is a proxy that no client uses for https.
pub(super) fn left_out(story: &Story, reading: Failure) -> Failure {
    let is_direct = story.endpoint.https && story.endpoint.proxy.is_none() && story.environment.https_proxy().is_none();
    let is_closed = story.dial.failed_at().is_some_and(|layer| layer <= Layer::Tcp);
    let http = story.environment.first(&["HTTP_PROXY", "http_proxy"]).filter(|_| is_direct && is_closed);
    let Some((variable, _)) = http else { return reading };
    let seen = format!(
        "{} {variable} is set and HTTPS_PROXY is not: clients use {variable} only for http URLs and connected \
         directly.",
        reading.seen
    );
    let candidate = Candidate::new(&PROXY_INTERFERES, "HTTPS_PROXY must name the proxy if it is the only route out");
    let fix = Fix::new(format!(
        "Set HTTPS_PROXY (and https_proxy) to the proxy that {variable} names, then recreate the pod."
    ));
    let candidates = std::iter::once(candidate)
        .chain(reading.candidates.into_iter().filter(|candidate| candidate.cause != &PROXY_INTERFERES))
        .collect();
    Failure { seen, candidates, fix: Some(fix), ..reading }
}

/// TLS with the proxy itself. Whose certificate it was must be clear: STS showed none yet.
pub(super) fn secure(story: &Story, fault: &TlsFault) -> Failure {
    let proxy = story.dial.via.as_deref().unwrap_or_default();
    let variable = story.environment.https_proxy().map_or("HTTPS_PROXY", |(variable, _)| variable);
    let seen = format!("TLS with the proxy {proxy} failed: {fault}. STS itself was not reached.");
    let shown =
        |part: &str| format!("openssl s_client -connect {} </dev/null | openssl x509 -noout {part}", shell_word(proxy));
    let fix = match fault {
        // The image's own fault, whoever is called.
        TlsFault::NoRoots { .. } | TlsFault::BadBundle { .. } => return tls::read(story, fault),
        // A proxy that starts, or is overloaded.
        TlsFault::Closed | TlsFault::TimedOut { .. } | TlsFault::Other(_) => return around(story, seen).passing(),
        TlsFault::Expired { .. } | TlsFault::NotYetValid { .. } => {
            let candidates = vec![
                Candidate::new(&PROXY_INTERFERES, "the proxy's certificate is expired or not yet valid"),
                Candidate::new(&REQUEST_CLOCK_SKEW, "the local clock may be far off"),
            ];
            let fix = Fix::new(
                "Compare the local clock with the dates of the proxy's certificate, and correct the one that is \
                 wrong.",
            );
            return Failure::open(seen, candidates).with_fix(fix.command("date -u").command(shown("-issuer -dates")));
        }
        TlsFault::UnknownIssuer { .. } => Fix::new(
            "Add the CA that issued the proxy's certificate to the CA bundle of the pod (the file in AWS_CA_BUNDLE or \
             SSL_CERT_FILE), then recreate the pod.",
        )
        .command(shown("-subject -issuer")),
        TlsFault::WrongName { .. } => Fix::new(format!(
            "Set the host in {variable} to a name that is in the proxy's certificate, then recreate the pod."
        )),
        TlsFault::NotTls => Fix::new(format!(
            "Use http:// instead of https:// in {variable}, because this proxy does not speak TLS, then recreate the \
             pod."
        )),
    };
    let reading = around(story, seen);
    // A direct connection that works stays the better fix.
    let fix = reading.fix.clone().unwrap_or(fix);
    reading.with_fix(fix)
}

/// The proxy's answer to CONNECT.
pub(super) fn read(story: &Story, fault: &ProxyFault) -> Failure {
    let proxy = story.dial.via.as_deref().unwrap_or_default();
    let host = &story.endpoint.host;
    let reading = around(story, format!("The proxy {proxy} does not open a connection to {host}: {fault}."));
    match fault {
        // RFC 9110, section 15.5.8: the client must authenticate itself to the proxy.
        ProxyFault::Refused { status: 407 } => authentication(story, reading),
        // The gateway's own faults (RFC 9110, sections 15.6.3 to 15.6.5), too many requests (RFC 6585, section 4), and a
        // proxy that breaks off or is silent: it is starting, overloaded or has lost its upstream.
        ProxyFault::Refused { status: 429 | 500 | 502 | 503 | 504 }
        | ProxyFault::Broken(_)
        | ProxyFault::TimedOut { .. } => reading.passing(),
        ProxyFault::Refused { .. } => reading,
        // Nothing is known of the proxy: this probe cannot speak to it.
        ProxyFault::Unsupported { .. } => Failure::decided(
            &PROXY_NOT_SUPPORTED,
            format!("The probe cannot test the proxy {proxy}: {fault}. An SDK that supports it may reach {host}."),
        )
        .with_fix(Fix::new(
            "Test the identity with the workload's SDK, or set HTTPS_PROXY to an HTTP proxy for the probe.",
        )),
    }
}

/// The proxy wants a password. Whether one was sent is seen in the URL, whose password is hidden but not left out.
fn authentication(story: &Story, reading: Failure) -> Failure {
    let (variable, url) = story.environment.https_proxy().unwrap_or(("HTTPS_PROXY", ""));
    let sent = url.contains('@');
    let (seen, text) = match sent {
        true => (
            format!("{} {variable} has a user and password, and the proxy rejected them.", reading.seen),
            format!(
                "Correct the user and password in {variable} (percent-encode special characters), then recreate the \
                 pod."
            ),
        ),
        false => (
            format!("{} The proxy requires a password, and {variable} has none.", reading.seen),
            format!("Add the user and password to {variable} (http://USER:PASSWORD@HOST:PORT), then recreate the pod."),
        ),
    };
    // A direct connection that works stays the better fix.
    let fix = reading.fix.clone().unwrap_or_else(|| Fix::new(text));
    Failure { seen, ..reading }.with_fix(fix)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::causes::Advice;
    use crate::causes::testing::endpoint;
    use crate::causes::{STS_ENDPOINT_UNREACHABLE_TIMEOUT, STS_UNREACHABLE, TLS_UNKNOWN_CA};
    use crate::diagnosis::network::layers::read;
    use crate::diagnosis::network::tests::regional_facts;
    use crate::probe::evidence::{AddressFault, Dial, Environment, TcpFault};

    const SILENT: TcpFault = TcpFault::TimedOut { after_ms: 3000 };

    fn tcp(address: &str, fault: TcpFault) -> Dial {
        Dial { tcp: Some(Err(vec![AddressFault { address: address.parse().unwrap(), fault }])), ..Dial::default() }
    }

    #[test]
    fn a_proxys_passing_faults_are_retried_and_its_refusals_are_not() {
        let via = |dial| Dial { via: Some("proxy:3128".into()), ..dial };
        let answer = |fault| via(Dial { proxy: Some(Err(fault)), ..Dial::default() });
        let refused = |status| answer(ProxyFault::Refused { status });
        let (regional, environment) = (endpoint(), Environment::default());
        for (dial, code, advice) in [
            (refused(403), &PROXY_INTERFERES, None),
            (refused(407), &PROXY_INTERFERES, None),
            (refused(502), &PROXY_INTERFERES, Some(Advice::Retry)),
            (refused(503), &PROXY_INTERFERES, Some(Advice::Retry)),
            (refused(504), &PROXY_INTERFERES, Some(Advice::Retry)),
            (answer(ProxyFault::TimedOut { after_ms: 3000 }), &PROXY_INTERFERES, Some(Advice::Retry)),
            (answer(ProxyFault::Broken("it closed".into())), &PROXY_INTERFERES, Some(Advice::Retry)),
            (answer(ProxyFault::Unsupported { scheme: "socks5".into() }), &PROXY_NOT_SUPPORTED, None),
            (via(tcp("10.0.0.1:3128", TcpFault::Refused)), &PROXY_INTERFERES, Some(Advice::Retry)),
            (via(tcp("10.0.0.1:3128", SILENT)), &PROXY_INTERFERES, Some(Advice::Retry)),
        ] {
            let story = Story {
                endpoint: &regional,
                dial: &dial,
                alternate_route: None,
                out_of_time: false,
                environment: &environment,
                facts: &regional_facts(),
            };
            let reading = read(&story).unwrap();
            assert_eq!((reading.cause, reading.advice), (code, advice), "{dial:?}");
        }
    }

    #[test]
    fn a_proxy_that_wants_a_password_differs_from_one_that_rejects_it() {
        let dial = Dial {
            via: Some("proxy:3128".into()),
            proxy: Some(Err(ProxyFault::Refused { status: 407 })),
            ..Dial::default()
        };
        let regional = endpoint();
        for (name, value, words) in [
            ("HTTPS_PROXY", "http://proxy:3128", "HTTPS_PROXY has none"),
            ("https_proxy", "http://me:wrong@proxy:3128", "https_proxy has a user and password"),
            ("ALL_PROXY", "http://me:wrong@proxy:3128", "ALL_PROXY has a user and password"),
        ] {
            let environment = crate::causes::testing::variables(&[(name, value)]);
            let story = Story {
                endpoint: &regional,
                dial: &dial,
                alternate_route: None,
                out_of_time: false,
                environment: &environment,
                facts: &regional_facts(),
            };
            let reading = read(&story).unwrap();
            assert!(reading.seen.contains(words), "{}", reading.seen);
            assert!(reading.fix.unwrap().text.contains(name));
        }
    }

    #[test]
    fn a_proxy_for_http_alone_is_named_where_the_direct_connection_fails() {
        let regional = endpoint();
        let dial = tcp("52.1.1.1:443", SILENT);
        for (variables, is_named) in [
            (&[("HTTP_PROXY", "http://proxy:3128")][..], true),
            (&[("http_proxy", "http://proxy:3128")], true),
            (&[("HTTP_PROXY", "http://proxy:3128"), ("HTTPS_PROXY", "http://proxy:3128")], false),
            (&[], false),
        ] {
            let environment = crate::causes::testing::variables(variables);
            let story = Story {
                endpoint: &regional,
                dial: &dial,
                alternate_route: None,
                out_of_time: false,
                environment: &environment,
                facts: &regional_facts(),
            };
            let reading = read(&story).unwrap();
            assert_eq!(reading.cause, &STS_ENDPOINT_UNREACHABLE_TIMEOUT);
            assert_eq!(
                reading.candidates.first().is_some_and(|candidate| candidate.cause == &PROXY_INTERFERES),
                is_named
            );
            assert_eq!(reading.fix.is_some_and(|fix| fix.text.contains("HTTPS_PROXY")), is_named, "{variables:?}");
        }
    }

    #[test]
    fn a_certificate_of_the_proxy_is_not_taken_for_that_of_sts() {
        let (regional, environment) =
            (endpoint(), crate::causes::testing::variables(&[("HTTPS_PROXY", "https://proxy:3129")]));
        for (fault, code, advice, fix) in [
            (TlsFault::UnknownIssuer { issuer: None }, &PROXY_INTERFERES, None, "proxy's certificate"),
            (TlsFault::WrongName { names: vec!["a".into()] }, &PROXY_INTERFERES, None, "HTTPS_PROXY"),
            (TlsFault::NotTls, &PROXY_INTERFERES, None, "http:// instead of https:// in HTTPS_PROXY"),
            (TlsFault::Expired { not_after: None }, &STS_UNREACHABLE, None, "proxy's certificate"),
            (TlsFault::Closed, &PROXY_INTERFERES, Some(Advice::Retry), ""),
            (TlsFault::TimedOut { after_ms: 3000 }, &PROXY_INTERFERES, Some(Advice::Retry), ""),
            (TlsFault::NoRoots { looked_at: vec![] }, &TLS_UNKNOWN_CA, None, ""),
        ] {
            let dial = Dial { via: Some("proxy:3129".into()), proxy_tls: Some(Err(fault)), ..Dial::default() };
            let story = Story {
                endpoint: &regional,
                dial: &dial,
                alternate_route: None,
                out_of_time: false,
                environment: &environment,
                facts: &regional_facts(),
            };
            let reading = read(&story).unwrap();
            assert_eq!((reading.cause, reading.advice), (code, advice), "{dial:?}");
            assert!(code == &TLS_UNKNOWN_CA || reading.seen.contains("proxy proxy:3129"), "{}", reading.seen);
            let text = reading.fix.map_or_else(String::new, |fix| fix.text);
            assert!(text.contains(fix), "{text}");
        }
    }
}
