//! Faults of the network between a pod and STS, made for real: addresses that swallow packets, names that lead astray,
//! proxies. Those of name servers are in `dns.rs`.

use crate::internet::{Internet, internet};
use crate::local_sts;
use crate::name_server::{NameServer, Query, Says};
use crate::private_network::{alone, hide_bundles, resolv_conf, swallow};
use crate::probe::{self, Run, raise, run};
use crate::stage::{Raised, UNSET};
use crate::transcript;
use simple_dns::RCODE;
use std::net::{Ipv4Addr, TcpListener};

const GLOBAL: &str = "sts.amazonaws.com";
const REGIONAL: &str = "sts.eu-west-1.amazonaws.com";
/// Of a VPC endpoint.
const PRIVATE: [u8; 4] = [10, 9, 8, 7];
/// On the internet, which there is none.
const PUBLIC: [u8; 4] = [203, 0, 113, 1];
const NAME_SERVER: [u8; 4] = [203, 0, 113, 53];
const OUTSIDE: [&str; 2] = ["203.0.113.1", "203.0.113.53"];

/// A pod that looks up names by itself.
fn pod() -> Raised {
    raise(|stage| stage.set("HTTPS_PROXY", UNSET))
}

/// A pod whose only name server is the test's own.
fn pod_with(options: &str, answer: impl Fn(&Query) -> Says + Send + Sync + 'static) -> Raised {
    let raised = pod();
    resolv_conf(raised.directory.path(), &format!("nameserver 127.0.0.1\n{options}"));
    NameServer::new(answer).listen(Ipv4Addr::LOCALHOST);
    raised
}

/// STS at its real name on the other side of the pod's link, and a name server that says so.
fn outside(there: &Internet, name_server: &NameServer) -> Raised {
    let raised = pod();
    resolv_conf(raised.directory.path(), "nameserver 203.0.113.53\n");
    there.there(|| {
        name_server.listen(NAME_SERVER);
        let tls = raised.authority.server(&[REGIONAL, GLOBAL]).expect("a certificate");
        raised.sts.listen_at((PUBLIC, 443).into(), Some(tls)).expect("port 443");
    });
    raised
}

fn first_candidate(run: &Run) -> Option<&str> {
    run.report["findings"][0]["candidates"][0]["code"].as_str()
}

/// Verdict and exit code, and the most that the run may have taken by its own account.
#[track_caller]
fn assert_ended(run: &Run, verdict: &str, exit_code: i32, within_ms: u64) {
    assert_eq!((run.verdict(), run.exit_code), (verdict, exit_code), "{}", run.report);
    assert!(run.duration_ms() <= within_ms, "{} ms: {}", run.duration_ms(), run.report);
}

#[test]
fn a_pod_whose_network_refuses_everything_may_be_in_a_mesh() {
    alone(&[], || {
        let mut raised = pod();
        resolv_conf(raised.directory.path(), "nameserver 127.0.0.1\n");
        let run = run(&mut raised);
        assert_ended(&run, "undetermined", 3, 3000);
        assert_eq!(run.step("dns"), ("fail", format!("{REGIONAL}: port 53 of every name server is closed").as_str()));
        assert_eq!((run.code(), first_candidate(&run)), (Some("sts-unreachable"), Some("mesh-proxy-not-running")));
    });
    alone(&["10.9.8.7"], || {
        let run = run(&mut pod_with("", |_| Says::Address(PRIVATE.into())));
        assert_ended(&run, "undetermined", 3, 3000);
        assert_eq!(run.step("tcp"), ("fail", "10.9.8.7:443 refused the connection"));
        assert_eq!((run.code(), first_candidate(&run)), (Some("sts-unreachable"), Some("mesh-proxy-not-running")));
    });
}

#[test]
fn an_address_that_drops_packets_is_reported_by_its_kind() {
    for (address, words) in [(PRIVATE, "VPC endpoint"), (PUBLIC, "NAT")] {
        alone(&["10.9.8.7", "203.0.113.1"], || {
            let _full = swallow(address);
            let run = run(&mut pod_with("", move |_| Says::Address(address.into())));
            assert_ended(&run, "undetermined", 3, 10_000);
            assert!(run.step("tcp").1.contains("did not answer within"), "{}", run.report);
            assert_eq!(run.code(), Some("sts-endpoint-unreachable-timeout"), "{}", run.report);
            let cause = run.report["findings"][0]["cause"].as_str().expect("a cause");
            assert!(cause.contains(words), "{cause}");
        });
    }
}

/// The page for operators shows what the program says of it.
#[test]
fn the_pages_show_an_address_that_swallows_packets() {
    alone(&["10.9.8.7"], || {
        let _full = swallow(PRIVATE);
        let mut raised = pod_with("", |_| Says::Address(PRIVATE.into()));
        let (report, _) = probe::text(&mut raised);
        let shown = transcript::transcript(&raised.arguments, &report, raised.directory.path());
        let [_, page] = transcript::PAGES;
        transcript::hold(page, "network", &shown).unwrap_or_else(|why| panic!("{why}"));
    });
}

#[test]
fn the_regional_endpoint_shows_a_global_one_in_a_private_network() {
    let answer = |query: &Query| match query.name.as_str() {
        REGIONAL => Says::Address(PRIVATE.into()),
        GLOBAL => Says::Address(PUBLIC.into()),
        _ => Says::Code(RCODE::NameError),
    };
    for (endpoint_answers, code) in [(true, "sts-global-endpoint-in-private-vpc"), (false, "sts-unreachable")] {
        alone(&["10.9.8.7", "203.0.113.1"], || {
            let _listener = endpoint_answers.then(|| TcpListener::bind("10.9.8.7:443").expect("port 443"));
            let _full = (!endpoint_answers).then(|| swallow(PRIVATE));
            let _internet = swallow(PUBLIC);
            let mut raised = pod_with("", answer);
            raised.command.env("AWS_ENDPOINT_URL_STS", "https://sts.amazonaws.com");
            let run = run(&mut raised);
            let (verdict, exit_code) = if endpoint_answers { ("broken", 4) } else { ("undetermined", 3) };
            assert_ended(&run, verdict, exit_code, 10_000);
            assert_eq!(run.code(), Some(code), "{}", run.report);
            let candidate = first_candidate(&run);
            assert_eq!(candidate.is_none(), endpoint_answers, "{candidate:?}");
            assert_eq!(candidate.unwrap_or(code), "sts-global-endpoint-in-private-vpc");
        });
    }
}

#[test]
fn a_wildcard_in_a_search_domain_is_reported() {
    alone(&["10.9.8.7"], || {
        let mut raised =
            pod_with("search corp.example\noptions ndots:5\n", |query| match query.name.ends_with(".corp.example") {
                true => Says::Address(Ipv4Addr::LOCALHOST.into()),
                false => Says::Address(PUBLIC.into()),
            });
        let tls = raised.authority.server(&["www.corp.example"]).expect("a certificate");
        let port = raised.sts.listen(Some(tls)).expect("listen").port();
        raised.command.env("AWS_ENDPOINT_URL_STS", format!("https://{REGIONAL}:{port}"));
        let run = run(&mut raised);
        assert_ended(&run, "broken", 1, 2000);
        assert_eq!(run.code(), Some("tls-hostname-mismatch"), "{}", run.report);
        let cause = run.report["findings"][0]["cause"].as_str().expect("a cause");
        assert!(cause.contains("corp.example") && cause.contains("wildcard"), "{cause}");
    });
}

#[test]
fn an_image_without_a_ca_bundle_differs_from_an_unknown_authority() {
    for (hidden, words) in [(true, "This image has no CA bundle"), (false, "Amazon did not issue it")] {
        alone(&[], || {
            if hidden {
                hide_bundles();
            }
            let mut raised = pod();
            let tls = raised.authority.server(&["127.0.0.1"]).expect("a certificate");
            let address = raised.sts.listen(Some(tls)).expect("listen");
            raised.command.env_remove("AWS_CA_BUNDLE").env("AWS_ENDPOINT_URL_STS", format!("https://{address}"));
            let run = run(&mut raised);
            assert_ended(&run, "broken", 1, 2000);
            assert_eq!(run.code(), Some("tls-unknown-ca"), "{}", run.report);
            let cause = run.report["findings"][0]["cause"].as_str().expect("a cause");
            assert!(cause.contains(words), "{cause}");
        });
    }
}

#[test]
fn a_proxy_that_a_vpc_endpoint_makes_needless_belongs_into_no_proxy() {
    alone(&["10.9.8.7"], || {
        let _listener = TcpListener::bind("10.9.8.7:443").expect("port 443");
        let mut raised = pod_with("", |_| Says::Address(PRIVATE.into()));
        let closed = local_sts::dead_ends::closed_port().expect("a port");
        raised.command.env("HTTPS_PROXY", format!("http://{closed}"));
        let run = run(&mut raised);
        assert_ended(&run, "undetermined", 3, 3000);
        assert_eq!(run.code(), Some("proxy-interferes"), "{}", run.report);
        let fix = run.report["findings"][0]["fix"]["text"].as_str().expect("a fix");
        assert!(fix.contains(&format!("Add {REGIONAL} to NO_PROXY")), "{fix}");
    });
}

#[test]
fn the_layer_in_which_the_runs_time_ends_is_named() {
    type Ends = fn(&mut Raised) -> Box<dyn std::any::Any>;
    let rows: [(&str, Says, Ends, &str); 4] = [
        ("dns", Says::Nothing, |_| Box::new(()), "dns-failure"),
        ("tcp", Says::Address(PRIVATE.into()), |_| Box::new(swallow(PRIVATE)), "sts-endpoint-unreachable-timeout"),
        (
            "tls",
            Says::Address(PRIVATE.into()),
            |_| Box::new(TcpListener::bind("10.9.8.7:443").expect("a port")),
            "proxy-interferes",
        ),
        (
            "proxy",
            Says::Address(PRIVATE.into()),
            |raised| {
                raised.command.env("HTTPS_PROXY", "http://127.0.0.1:3128");
                Box::new(TcpListener::bind("127.0.0.1:3128").expect("a port"))
            },
            "proxy-interferes",
        ),
    ];
    for (layer, says, ends, candidate) in rows {
        alone(&["10.9.8.7"], || {
            let mut raised = pod_with("", move |_| says);
            let _silent = ends(&mut raised);
            raised.arguments.extend(["--run-timeout", "700ms"].map(str::to_owned));
            let run = run(&mut raised);
            let (status, detail) = run.step(layer);
            assert_eq!((status, detail.contains("within")), ("fail", true), "{}", run.report);
            assert_eq!((run.code(), first_candidate(&run)), (Some("sts-unreachable"), Some(candidate)), "{layer}");
            let cause = run.report["findings"][0]["cause"].as_str().expect("a cause");
            assert!(cause.starts_with("The run timed out while") && cause.contains(&format!("({layer})")), "{cause}");
            assert_ended(&run, "undetermined", 3, 1000);
        });
    }
}

#[test]
fn sts_on_the_other_side_of_the_pods_link_is_reached_unless_a_filter_drops_the_packets() {
    for (filter, verdict, exit_code) in
        [(None, "healthy", 0), (Some("ip daddr 203.0.113.1 tcp dport 443 drop"), "undetermined", 3)]
    {
        internet(&OUTSIDE, |there| {
            filter.into_iter().for_each(|rule| there.filter(rule));
            let run = run(&mut outside(there, &NameServer::new(|_| Says::Address(PUBLIC.into()))));
            assert_ended(&run, verdict, exit_code, 10_000);
        });
    }
}
