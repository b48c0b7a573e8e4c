//! How names are looked up, in a network of its own behind a veth pair: what the C library finds must be found, with a
//! warning of what is wrong, and each fault must have its own words. Limits are those of the run's own account of time.

use crate::application::Application;
use crate::internet::{Internet, internet};
use crate::local_sts;
use crate::name_server::{NameServer, Query, Says};
use crate::private_network::{hide, hosts, ip, resolv_conf};
use crate::probe::{Run, raise, run};
use crate::stage::{Raised, UNSET};
use simple_dns::RCODE;
use std::net::IpAddr;
use std::path::Path;
use std::time::Duration;

const REGIONAL: &str = "sts.eu-west-1.amazonaws.com";
const STS: [u8; 4] = [203, 0, 113, 1];
/// The name server that does what a row says, and one that is well.
const ODD: [u8; 4] = [203, 0, 113, 53];
const WELL: [u8; 4] = [203, 0, 113, 54];
const ADDRESSES: [&str; 3] = ["203.0.113.1", "203.0.113.53", "203.0.113.54"];
/// As the kubelet writes it.
const SEARCH: &str = "search payments.svc.cluster.local svc.cluster.local cluster.local\noptions ndots:5\n";

/// STS has an address, and nothing else has.
fn well(query: &Query) -> Says {
    match query.name.as_str() {
        REGIONAL => Says::Address(STS.into()),
        _ => Says::Code(RCODE::NameError),
    }
}

/// A pod with this resolv.conf and no proxy, and STS on the other side of its link.
fn pod(there: &Internet, configuration: &str) -> Raised {
    let raised = raise(|stage| stage.set("HTTPS_PROXY", UNSET));
    resolv_conf(raised.directory.path(), configuration);
    there.there(|| {
        let tls = raised.authority.server(&[REGIONAL]).expect("a certificate");
        raised.sts.listen_at((STS, 443).into(), Some(tls)).expect("port 443");
    });
    raised
}

struct Row<'r> {
    what: &'r str,
    name_server: Option<NameServer>,
    also_on_tcp: bool,
    filter: &'r str,
    configuration: String,
    arguments: &'r [&'r str],
    verdict: &'r str,
    exit_code: i32,
    code: Option<&'r str>,
    /// In the cause, and in the text of the fix.
    words: [&'r str; 2],
    within_ms: u64,
}

impl Row<'_> {
    fn holds(self) {
        internet(&ADDRESSES, |there| {
            let mut raised = pod(there, &self.configuration);
            raised.arguments.extend(self.arguments.iter().map(|argument| (*argument).to_owned()));
            there.there(|| {
                NameServer::new(well).listen(WELL);
                if let Some(server) = &self.name_server {
                    server.listen(ODD);
                    if self.also_on_tcp {
                        server.listen_on_tcp(ODD);
                    }
                }
            });
            if !self.filter.is_empty() {
                there.filter(self.filter);
            }
            self.judge(&run(&mut raised));
        });
    }

    fn judge(&self, run: &Run) {
        let Row { what, .. } = self;
        let report = &run.report;
        assert_eq!((run.verdict(), run.exit_code), (self.verdict, self.exit_code), "{what}: {report:#}");
        assert_eq!(run.code(), self.code, "{what}: {report:#}");
        let finding = &report["findings"][0];
        for (text, words) in [&finding["cause"], &finding["fix"]["text"]].into_iter().zip(self.words) {
            assert!(text.as_str().unwrap_or_default().contains(words), "{what}: {text}");
        }
        assert!(!finding["fix"]["commands"].to_string().contains("curl"), "{what}: {report:#}");
        assert!(run.duration_ms() <= self.within_ms, "{what}: {} ms", run.duration_ms());
    }
}

/// What a row says unless it says otherwise: one name server that nothing is wrong with.
fn row(what: &str) -> Row<'_> {
    Row {
        what,
        name_server: None,
        also_on_tcp: false,
        filter: "",
        configuration: format!("nameserver 203.0.113.53\n{SEARCH}"),
        arguments: &[],
        verdict: "degraded",
        exit_code: 0,
        code: Some("dns-degraded"),
        words: ["", ""],
        within_ms: 2000,
    }
}

fn two_servers() -> String {
    format!("nameserver 203.0.113.53\nnameserver 203.0.113.54\n{SEARCH}")
}

#[test]
fn what_the_c_library_finds_is_found_with_a_warning_of_what_is_wrong() {
    let healthy = |what| Row { verdict: "healthy", code: None, ..row(what) };
    let server = |answer: fn(&Query) -> Says| Some(NameServer::new(answer));
    for row in [
        Row { name_server: server(well), ..healthy("all is well") },
        Row {
            name_server: server(|query| if query.tcp { well(query) } else { Says::Truncated }),
            also_on_tcp: true,
            ..healthy("the answer is truncated")
        },
        Row {
            name_server: server(well),
            also_on_tcp: true,
            configuration: "nameserver 203.0.113.53\noptions use-vc\n".into(),
            filter: "udp dport 53 drop",
            ..healthy("only TCP is used")
        },
        Row {
            configuration: two_servers(),
            filter: "ip daddr 203.0.113.53 udp dport 53 drop",
            words: ["203.0.113.53 did not answer in time", "Repair or remove"],
            within_ms: 4000,
            ..row("the first of two servers is silent")
        },
        Row {
            configuration: two_servers(),
            words: ["203.0.113.53 rejects packets to port 53", ""],
            ..row("port 53 of the first of two servers is closed")
        },
        Row {
            name_server: server(|_| Says::Code(RCODE::Refused)),
            configuration: two_servers(),
            words: ["203.0.113.53 answered REFUSED", ""],
            ..row("the first of two servers refuses")
        },
        Row {
            name_server: server(|_| Says::Code(RCODE::ServerFailure)),
            configuration: two_servers(),
            words: ["203.0.113.53 answered with a failure (SERVFAIL)", ""],
            ..row("the first of two servers fails")
        },
        Row {
            name_server: server(|query| if query.ipv6 { Says::Nothing } else { well(query) }),
            words: ["did not answer in time (queries for IPv6 addresses, AAAA). ", "all record types"],
            within_ms: 3000,
            ..row("queries for IPv6 addresses are dropped")
        },
        Row {
            name_server: Some(NameServer::new(well).late(Duration::from_secs(1))),
            words: ["for 4 names, one after the other (ndots 5)", "ndots to 1"],
            within_ms: 6000,
            ..row("each answer takes a second")
        },
    ] {
        row.holds();
    }
}

#[test]
fn each_fault_of_dns_has_its_own_words_and_fix() {
    let server = |answer: fn(&Query) -> Says| Some(NameServer::new(answer));
    let failure = |what| Row {
        verdict: "undetermined",
        exit_code: 3,
        code: Some("dns-failure"),
        configuration: "nameserver 203.0.113.53\n".into(),
        ..row(what)
    };
    for row in [
        Row {
            name_server: server(|_| Says::Code(RCODE::NameError)),
            code: Some("sts-unreachable"),
            words: ["no such name (NXDOMAIN)", "forward public names"],
            ..failure("there is no such name")
        },
        Row {
            name_server: server(|_| Says::Code(RCODE::NoError)),
            words: ["neither an IPv4 nor an IPv6 address", "an address record"],
            ..failure("the name has no address")
        },
        Row {
            code: Some("sts-unreachable"),
            words: ["port 53 of every name server is closed", "make DNS pods ready"],
            ..failure("port 53 is closed")
        },
        Row {
            filter: "udp dport 53 reject with icmp admin-prohibited",
            words: ["no route to any name server", "firewalls that reject"],
            ..failure("a firewall rejects the queries")
        },
        Row {
            name_server: server(|_| Says::Truncated),
            words: ["is truncated, and its TCP port 53 refused the connection", "Allow TCP port 53"],
            ..failure("TCP port 53 is closed")
        },
        Row {
            name_server: server(|_| Says::Truncated),
            filter: "tcp dport 53 drop",
            words: ["is truncated, and its TCP port 53 did not answer within", "Allow TCP port 53"],
            within_ms: 6000,
            ..failure("TCP port 53 is silent")
        },
        Row {
            name_server: server(|_| Says::Code(RCODE::ServerFailure)),
            words: ["203.0.113.53 answers that it failed (SERVFAIL)", "Find out why 203.0.113.53 fails"],
            ..failure("the server fails")
        },
        Row {
            name_server: server(|_| Says::Code(RCODE::Refused)),
            words: ["203.0.113.53 refuses to answer (REFUSED)", "Allow this pod's network to query"],
            ..failure("the server refuses")
        },
        Row {
            name_server: Some(NameServer::new(well).late(Duration::from_secs(1))),
            configuration: format!("nameserver 203.0.113.53\n{SEARCH}"),
            arguments: &["--run-timeout", "3s"],
            code: Some("sts-unreachable"),
            words: ["because DNS is slow", "Raise --run-timeout and run again. If the fault stays: Find out why"],
            within_ms: 3200,
            ..failure("the run ends before slow DNS has found the name")
        },
        Row {
            configuration: two_servers(),
            filter: "udp dport 53 drop",
            words: [
                "203.0.113.53 did not answer in time, 203.0.113.54 did not answer in time",
                "Allow UDP and TCP port 53",
            ],
            within_ms: 10_000,
            ..failure("all servers are silent")
        },
    ] {
        row.holds();
    }
}

#[test]
fn a_pod_without_resolv_conf_is_broken() {
    internet(&ADDRESSES, |there| {
        let mut raised = pod(there, "");
        hide(Path::new("/etc"));
        Row {
            verdict: "broken",
            exit_code: 1,
            code: Some("dns-failure"),
            words: ["there is no /etc/resolv.conf", "dnsPolicy: ClusterFirst"],
            ..row("no resolv.conf")
        }
        .judge(&run(&mut raised));
    });
}

#[test]
fn the_hosts_file_comes_before_dns() {
    internet(&ADDRESSES, |there| {
        let mut raised = pod(there, "nameserver 203.0.113.53\n");
        hosts(raised.directory.path(), &format!("127.0.0.1 localhost\n203.0.113.1 sts {REGIONAL}\n"));
        let run = run(&mut raised);
        assert_eq!((run.verdict(), run.exit_code), ("healthy", 0), "{:#}", run.report);
        assert_eq!(run.step("dns").1, format!("{REGIONAL} is {}", IpAddr::from(STS)));
    });
}

#[test]
fn an_sts_that_answers_late_works_with_a_warning() {
    internet(&ADDRESSES, |there| {
        let mut raised = pod(there, "nameserver 203.0.113.54\n");
        there.there(|| NameServer::new(well).listen(WELL));
        let late = local_sts::Misbehaviour::Delay(Duration::from_millis(4500));
        raised.sts.misbehave(local_sts::Operation::AssumeRoleWithWebIdentity, late);
        Row {
            code: Some("sts-slow"),
            words: ["the answer took 45", "what delays the connection"],
            within_ms: 6000,
            ..row("late")
        }
        .judge(&run(&mut raised));
    });
}

#[test]
fn names_are_looked_up_by_the_targets_own_files() {
    internet(&ADDRESSES, |there| {
        let mut raised = pod(there, "nameserver 203.0.113.53\n");
        there.there(|| NameServer::new(well).listen(WELL));
        let its_own = raised.directory.path().join("its-own");
        std::fs::write(&its_own, "nameserver 203.0.113.54\n").expect("written");
        let variables: Vec<(&str, &str)> = raised.variables.iter().map(|(name, value)| (&**name, &**value)).collect();
        let script = format!("mount --bind {} /etc/resolv.conf && echo ready", its_own.display());
        let target = Application::start(&["unshare", "--mount"], &variables, &script);
        raised.arguments.extend(["--target-pid".to_owned(), target.pid()]);
        let run = run(&mut raised);
        assert_eq!((run.verdict(), run.exit_code), ("healthy", 0), "{:#}", run.report);
        assert_eq!(run.report["target"]["resolves_as_the_probe"], false);
    });
}

/// A pod whose name server is well, and what becomes of its connection to STS.
fn connection(what: &str, filter: &str, code: &str, words: [&str; 2], within_ms: u64) {
    internet(&ADDRESSES, |there| {
        let mut raised = pod(there, "nameserver 203.0.113.54\n");
        there.there(|| NameServer::new(well).listen(WELL));
        there.filter(filter);
        let (verdict, exit_code) = ("undetermined", 3);
        Row { verdict, exit_code, code: Some(code), words, within_ms, ..row(what) }.judge(&run(&mut raised));
    });
}

#[test]
fn a_rejected_connection_is_no_silence_and_silence_names_the_vpc_endpoint() {
    connection(
        "rejected",
        "ip daddr 203.0.113.1 tcp dport 443 reject with icmp admin-prohibited",
        "sts-unreachable",
        ["rejects the connection (ICMP)", "where it is rejected"],
        2000,
    );
    connection(
        "silent",
        "ip daddr 203.0.113.1 tcp dport 443 drop",
        "sts-endpoint-unreachable-timeout",
        ["did not answer within", "neither one nor a NAT gateway"],
        10_000,
    );
}

#[test]
fn a_pod_with_only_ipv6_needs_a_name_with_ipv6_addresses() {
    const STS6: &str = "2001:db8::1";
    for has_ipv6 in [false, true] {
        internet(&[ADDRESSES[0], STS6, "2001:db8::53"], |there| {
            let mut raised = pod(there, "nameserver 2001:db8::53\n");
            ip("-4 route del default");
            ip("-4 addr flush dev eth0");
            there.there(|| {
                let server = NameServer::new(move |query| match has_ipv6 && query.ipv6 {
                    true => Says::Address(STS6.parse().expect("an address")),
                    false => well(query),
                });
                server.listen("2001:db8::53".parse::<IpAddr>().expect("an address"));
                let tls = raised.authority.server(&[REGIONAL]).expect("a certificate");
                raised
                    .sts
                    .listen_at(format!("[{STS6}]:443").parse().expect("an address"), Some(tls))
                    .expect("port 443");
            });
            let found = run(&mut raised);
            match has_ipv6 {
                true => assert_eq!((found.verdict(), found.exit_code), ("healthy", 0), "{:#}", found.report),
                false => Row {
                    verdict: "broken",
                    exit_code: 1,
                    code: Some("sts-unreachable"),
                    words: ["only IPv4 addresses, and this pod has only IPv6", "AWS_USE_DUALSTACK_ENDPOINT=true"],
                    ..row("only IPv6")
                }
                .judge(&found),
            }
        });
    }
}
