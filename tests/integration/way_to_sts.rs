//! How the whole program finds its way to STS: regions, endpoints, proxies and trust stores. The token goes nowhere but
//! where an SDK would send it.

use crate::local_sts::proxy::Manner;
use crate::local_sts::{self, dead_ends};
use crate::local_sts::{LocalSts, World};
use crate::probe::{self, Run, inspect, raise, run};
use crate::stage::{Raised, Stage, UNSET};
use std::net::SocketAddr;

const STS: &str = "sts.eu-west-1.amazonaws.com:443";

/// A pod without a proxy whose variable names a stand-in's own address.
fn direct(scheme: &str, address: SocketAddr, mut raised: Raised) -> (Run, Raised) {
    raised.command.env_remove("HTTPS_PROXY").env("AWS_ENDPOINT_URL_STS", format!("{scheme}://{address}"));
    (run(&mut raised), raised)
}

#[test]
fn the_endpoint_is_the_one_that_an_sdk_would_call() {
    let cases: &[(&[(&'static str, &str)], &str)] = &[
        (&[], STS),
        (&[("AWS_REGION", UNSET)], STS),
        (&[("AWS_REGION", "us-west-2")], "sts.us-west-2.amazonaws.com:443"),
        (&[("AWS_REGION", "aws-global")], "sts.amazonaws.com:443"),
        (&[("AWS_REGION", "us-east-1"), ("AWS_USE_FIPS_ENDPOINT", "true")], "sts-fips.us-east-1.amazonaws.com:443"),
        (&[("AWS_USE_DUALSTACK_ENDPOINT", "true")], "sts.eu-west-1.api.aws:443"),
        (
            &[("AWS_REGION", "cn-north-1"), ("AWS_ROLE_ARN", "arn:aws-cn:iam::111122223333:role/checkout")],
            "sts.cn-north-1.amazonaws.com.cn:443",
        ),
        (
            &[("AWS_REGION", "us-gov-west-1"), ("AWS_ROLE_ARN", "arn:aws-us-gov:iam::111122223333:role/checkout")],
            "sts.us-gov-west-1.amazonaws.com:443",
        ),
        // No SDK finds a region here; the probe takes the issuer's.
        (&[("AWS_REGION", UNSET), ("AWS_DEFAULT_REGION", UNSET)], STS),
    ];
    for (variables, host) in cases {
        let (run, raised) = inspect(|stage| variables.iter().for_each(|(name, value)| stage.set(name, value)));
        // What is asked for behind that are the hosts of SDKs that go by other variables.
        assert_eq!(raised.proxy.asked().first().map(String::as_str), Some(*host), "{variables:?}");
        let hosts = run.report["steps"].as_array().expect("steps").iter().filter(|step| step["name"] == "tcp").count();
        assert_eq!(hosts, 1, "something else was dialled: {}", run.report);
    }
}

#[test]
fn the_token_is_sent_nowhere_where_the_endpoint_cannot_be_right() {
    let elsewhere = LocalSts::new(World::default());
    let address = elsewhere.listen(None).expect("listen").to_string();
    let cases: &[(&[(&'static str, &str)], &str)] = &[
        (&[("AWS_REGION", "cn-north-1")], "another partition than the role's"),
        (&[("AWS_ROLE_ARN", "arn:aws-us-gov:iam::111122223333:role/checkout")], "another partition than the region's"),
        (&[("AWS_REGION", "eu-west-1.evil.example")], "a region that is none"),
        (&[("AWS_REGION", "eu-west-1#@evil.example")], "a region that is none"),
        (&[("AWS_ENDPOINT_URL", &address)], "no scheme"),
        (&[("AWS_ENDPOINT_URL_STS", &address)], "no scheme"),
        (&[("AWS_ENDPOINT_URL_STS", "ftp://127.0.0.1/")], "a scheme that is not spoken"),
    ];
    for (variables, why) in cases {
        let (run, raised) = inspect(|stage| variables.iter().for_each(|(name, value)| stage.set(name, value)));
        assert!(raised.proxy.asked().is_empty(), "{why}: {variables:?}");
        assert_eq!(run.step("assume-role-with-web-identity").0, "skip", "{why}: {variables:?}");
        assert_ne!(run.exit_code, 0, "{why}: {variables:?}");
    }
    assert!(elsewhere.exchanges().is_empty());
}

#[test]
fn a_proxy_is_used_as_sdks_use_it() {
    for (variable, asked) in [("HTTPS_PROXY", 1), ("https_proxy", 1), ("ALL_PROXY", 1), ("HTTP_PROXY", 0)] {
        let mut raised = raise(|_| ());
        let proxy = raised.variables["HTTPS_PROXY"].clone();
        if asked == 0 {
            // Without a proxy the real name would lead out of this machine.
            let closed = dead_ends::closed_port().expect("a port");
            raised.command.env("AWS_ENDPOINT_URL_STS", format!("https://{closed}"));
        }
        raised.command.env_remove("HTTPS_PROXY").env(variable, proxy);
        run(&mut raised);
        assert_eq!(raised.proxy.asked().len(), asked, "{variable}");
    }
}

#[test]
fn no_proxy_leads_past_the_proxy() {
    for (excepted, host) in
        [("127.0.0.1", "127.0.0.1"), ("127.0.0.0/8", "127.0.0.1"), ("localhost", "localhost"), ("*", "localhost")]
    {
        let mut raised = raise(|stage| stage.set("NO_PROXY", excepted));
        let tls = raised.authority.server(&[host]).expect("a certificate");
        let port = raised.sts.listen(Some(tls)).expect("listen").port();
        raised.command.env("AWS_ENDPOINT_URL_STS", format!("https://{host}:{port}"));
        let run = run(&mut raised);
        assert_eq!(run.verdict_without_warnings(), "healthy", "{excepted}: {}", run.report);
        assert!(raised.proxy.asked().is_empty(), "{excepted}");
    }
}

#[test]
fn plain_http_goes_through_its_own_proxy() {
    let mut raised = raise(|stage| stage.set("AWS_ENDPOINT_URL_STS", "http://sts.eu-west-1.amazonaws.com"));
    raised.command.env("HTTP_PROXY", raised.variables["HTTPS_PROXY"].clone()).env_remove("HTTPS_PROXY");
    let run = run(&mut raised);
    assert_eq!(run.step("assume-role-with-web-identity").0, "pass", "{}", run.report);
    assert!(raised.proxy.asked().iter().all(|asked| asked == "sts.eu-west-1.amazonaws.com:80"));
    assert!(raised.sts.exchanges().iter().all(|exchange| !exchange.tls));
}

#[test]
fn a_proxys_password_is_sent_to_it_and_never_printed() {
    // base64 of `probe:correct-horse`
    let mut raised = raise(|stage| stage.proxy = Manner::AllowWith("Basic cHJvYmU6Y29ycmVjdC1ob3JzZQ=="));
    let proxy = with_password(&raised);
    raised.command.env("HTTPS_PROXY", proxy);
    let run = run(&mut raised);
    assert_eq!(run.step("proxy"), ("pass", format!("CONNECT {STS}: 200").as_str()));
    assert!(!run.report.to_string().contains("correct-horse"), "{}", run.report);
    assert!(!run.report.to_string().contains("cHJvYmU6"), "{}", run.report);
}

/// `HTTPS_PROXY` with the password that the proxy wants.
fn with_password(raised: &Raised) -> String {
    raised.variables["HTTPS_PROXY"].replace("://", "://probe:correct-horse@")
}

#[test]
fn a_proxy_may_speak_tls_and_gets_its_password_only_there() {
    for (url, steps) in [
        (format!("https://{}", STS.trim_end_matches(":443")), &["proxy-tls", "proxy", "tls"][..]),
        ("http://sts.eu-west-1.amazonaws.com".to_owned(), &["proxy-tls"]),
    ] {
        let mut raised = raise(|stage| {
            stage.proxy = Manner::AllowWith("Basic cHJvYmU6Y29ycmVjdC1ob3JzZQ==");
            stage.proxy_certificate_for = Some(vec!["127.0.0.1".to_owned()]);
        });
        let proxy = with_password(&raised);
        raised.command.env("HTTPS_PROXY", &proxy).env("HTTP_PROXY", &proxy).env("AWS_ENDPOINT_URL_STS", &url);
        let run = run(&mut raised);
        assert_eq!(run.verdict_without_warnings(), "healthy", "{url}: {}", run.report);
        steps.iter().for_each(|step| assert_eq!(run.step(step).0, "pass", "{step}: {}", run.report));
        assert!(!run.report.to_string().contains("correct-horse"), "{}", run.report);
    }

    // A listener that is no TLS server must not get to see the password.
    let seen = local_sts::dead_ends::recorder().expect("a port");
    let mut raised = raise(|stage| stage.set("AWS_ENDPOINT_URL_STS", "https://sts.eu-west-1.invalid"));
    raised.command.env("HTTPS_PROXY", format!("https://probe:correct-horse@{}", seen.address));
    let run = run(&mut raised);
    assert_eq!(run.step("proxy-tls"), ("fail", "the server does not speak TLS"), "{}", run.report);
    let bytes = String::from_utf8_lossy(&seen.bytes()).into_owned();
    assert!(!bytes.contains("cHJvYmU6") && !bytes.contains("CONNECT"), "{bytes}");
}

#[test]
fn whose_certificate_is_wrong_is_said() {
    let proxy_for = |stage: &mut Stage, name: &str| {
        stage.proxy_certificate_for = Some(vec![name.to_owned()]);
        stage.set("AWS_ENDPOINT_URL_STS", "https://sts.eu-west-1.invalid");
    };
    let cause = |run: &Run| run.report["findings"][0]["cause"].as_str().expect("a cause").to_owned();

    let (run, raised) = inspect(|stage| proxy_for(stage, "proxy.example.com"));
    assert_eq!((run.code(), run.exit_code), (Some("proxy-interferes"), 1), "{}", run.report);
    assert!(cause(&run).starts_with("TLS with the proxy") && cause(&run).contains("proxy.example.com"));
    assert!(raised.proxy.asked().is_empty());

    let (run, raised) = inspect(|stage| {
        proxy_for(stage, "127.0.0.1");
        stage.has_authority = false;
    });
    assert_eq!((run.code(), run.exit_code), (Some("proxy-interferes"), 1), "{}", run.report);
    assert!(cause(&run).contains("irsa-probe local test CA"), "{}", cause(&run));
    assert!(raised.proxy.asked().is_empty());

    let (run, _) = inspect(|stage| {
        proxy_for(stage, "127.0.0.1");
        stage.certificate_for = vec!["sts.us-east-1.amazonaws.com".to_owned()];
    });
    assert_eq!(run.step("proxy-tls").0, "pass");
    assert_eq!(run.code(), Some("tls-hostname-mismatch"), "{}", run.report);
}

#[test]
fn a_proxy_that_the_probe_cannot_speak_to_is_no_fault_of_the_pod() {
    for scheme in ["socks5", "socks5h", "socks4"] {
        let (run, raised) = inspect(|stage| stage.set("HTTPS_PROXY", &format!("{scheme}://127.0.0.1:1080")));
        assert_eq!((run.verdict(), run.exit_code), ("undetermined", 3), "{}", run.report);
        assert_eq!(run.code(), Some("proxy-not-supported"));
        let cause = run.report["findings"][0]["cause"].as_str().expect("a cause");
        assert!(cause.starts_with("The probe cannot test the proxy"), "{cause}");
        assert!(raised.sts.exchanges().is_empty());
    }
}

#[test]
fn what_the_proxy_does_is_reported() {
    for (manner, detail, exit_code) in [
        (Manner::Refuse(403), "refused with status 403", 1),
        (Manner::Refuse(407), "refused with status 407", 1),
        (Manner::Refuse(502), "refused with status 502", 3),
        (Manner::Garbage, "it closed within its answer", 3),
        (Manner::Close, "it closed without an answer", 3),
    ] {
        // Past such a proxy the probe tries the direct way: the name must lead nowhere.
        let (run, raised) = inspect(|stage| {
            stage.proxy = manner;
            stage.set("AWS_ENDPOINT_URL_STS", "https://sts.eu-west-1.invalid");
        });
        assert_eq!(run.step("proxy"), ("fail", format!("CONNECT sts.eu-west-1.invalid:443: {detail}").as_str()));
        assert!(raised.sts.exchanges().is_empty());
        assert_eq!((run.code(), run.exit_code), (Some("proxy-interferes"), exit_code), "{detail}");
    }
}

#[test]
fn a_trust_store_is_the_one_that_the_variables_name() {
    let (run, _) = inspect(|_| ());
    assert_eq!(run.step("tls").0, "pass", "AWS_CA_BUNDLE: {}", run.report);

    // As Go and OpenSSL read them: what the one lacks, the other may have.
    for (file, directories, status, detail) in [
        ("BUNDLE", None, "pass", ""),
        ("/no/such/file", Some("/no/such/directory:DIRECTORY"), "pass", ""),
        ("/no/such/file", Some("/no/such/directory"), "fail", "SSL_CERT_FILE=/no/such/file: No such file"),
    ] {
        let mut raised = raise(|stage| stage.set("AWS_CA_BUNDLE", UNSET));
        let directory = raised.bundle.parent().expect("a directory").display().to_string();
        let bundle = raised.bundle.display().to_string();
        raised.command.env("SSL_CERT_FILE", file.replace("BUNDLE", &bundle));
        raised.command.envs(directories.map(|paths| ("SSL_CERT_DIR", paths.replace("DIRECTORY", &directory))));
        let run = probe::run(&mut raised);
        let (seen, words) = run.step("tls");
        assert!(seen == status && words.contains(detail), "{file} {directories:?}: {seen}, {words}");
    }

    for (break_it, detail) in [
        (&(|stage: &mut Stage| stage.has_authority = false) as &dyn Fn(&mut Stage), "irsa-probe local test CA"),
        (
            &|stage: &mut Stage| stage.set("AWS_CA_BUNDLE", "/nowhere/ca.pem"),
            "AWS_CA_BUNDLE=/nowhere/ca.pem: No such file",
        ),
        (&|stage: &mut Stage| stage.set("AWS_CA_BUNDLE", "/proc/self/status"), "holds no certificate"),
        (
            &|stage: &mut Stage| stage.certificate_for = vec!["sts.us-east-1.amazonaws.com".to_owned()],
            "sts.us-east-1.amazonaws.com",
        ),
        (&|stage: &mut Stage| stage.sts = dead_ends::other_protocol().ok(), "the server does not speak TLS"),
    ] {
        let (run, raised) = inspect(break_it);
        let (status, said) = run.step("tls");
        assert_eq!(status, "fail");
        assert!(said.contains(detail), "{said}");
        assert!(raised.sts.exchanges().is_empty(), "{detail}");
    }
}

#[test]
fn an_expired_or_early_certificate_is_reported_with_its_date() {
    for (years, detail) in [
        (2019..2020, "the certificate expired 2020-01-01T00:00:00Z"),
        (2090..2091, "the certificate begins 2090-01-01T00:00:00Z"),
    ] {
        let raised = raise(|_| ());
        let tls = raised.authority.server_valid(&["127.0.0.1"], years).expect("a certificate");
        let address = raised.sts.listen(Some(tls)).expect("listen");
        let (run, _) = direct("https", address, raised);
        assert_eq!(run.step("tls"), ("fail", detail));
        let candidate = &run.report["findings"][0]["candidates"][0]["code"];
        assert_eq!((run.code(), candidate.as_str()), (Some("sts-unreachable"), Some("request-clock-skew")));
    }
}

#[test]
fn an_endpoint_of_the_users_own_may_be_plain_http() {
    let raised = raise(|_| ());
    let address = raised.sts.listen(None).expect("listen");
    let (run, raised) = direct("http", address, raised);
    assert_eq!(run.verdict_without_warnings(), "healthy", "{}", run.report);
    assert!(raised.sts.exchanges().iter().all(|exchange| !exchange.tls));
}

#[test]
fn a_password_in_an_endpoint_is_neither_sent_nor_shown() {
    for through_proxy in [false, true] {
        let mut raised = raise(|_| ());
        let proxy = raised.variables["HTTPS_PROXY"].clone();
        let address = raised.sts.listen(None).expect("listen").to_string();
        let (place, host) = match through_proxy {
            false => (address.as_str(), address.as_str()),
            true => ("sts.eu-west-1.amazonaws.com:80", "sts.eu-west-1.amazonaws.com"),
        };
        raised
            .command
            .env("AWS_ENDPOINT_URL_STS", format!("http://me:correct-horse@{place}"))
            .env_remove("HTTPS_PROXY");
        if through_proxy {
            raised.command.env("HTTP_PROXY", proxy);
        }
        let run = run(&mut raised);
        assert_eq!(run.step("get-caller-identity").0, "pass", "{}", run.report);
        let exchanges = raised.sts.exchanges();
        assert!(exchanges.len() == 2 && exchanges.iter().all(|exchange| exchange.host == host), "{exchanges:?}");
        assert!(!run.report.to_string().contains("correct-horse"), "{}", run.report);
    }
}

#[test]
fn a_closed_port_is_reported_at_its_layer() {
    let closed = dead_ends::closed_port().expect("a port");
    let (run, _) = direct("http", closed, raise(|_| ()));
    assert_eq!(run.step("tcp"), ("fail", format!("{closed} refused the connection").as_str()));
    assert_eq!(run.step("assume-role-with-web-identity"), ("fail", "no answer, 3 attempts"));
}

#[test]
fn no_sts_asks_nothing_and_exits_well() {
    let (run, raised) = inspect(|stage| stage.arguments.push("--no-sts".to_owned()));
    assert_eq!((run.verdict(), run.exit_code), ("undetermined", 0));
    assert!(raised.proxy.asked().is_empty() && raised.sts.exchanges().is_empty());
}
