//! Where the probe reaches STS and other SDKs do not, in networks made for it.

use crate::local_sts;
use crate::name_server::{NameServer, Query, Says};
use crate::private_network::{alone, resolv_conf, swallow};
use crate::probe::{Run, raise, run};
use crate::stage::{Raised, UNSET};
use simple_dns::RCODE;
use std::net::{IpAddr, Ipv4Addr};

const REGIONAL: &str = "sts.eu-west-1.amazonaws.com";
/// Of a VPC endpoint.
const PRIVATE: [u8; 4] = [10, 9, 8, 7];
/// On the internet, which there is none.
const PUBLIC: [u8; 4] = [203, 0, 113, 1];

/// A pod with these variables, whose name server knows the regional endpoint only.
fn pod(variables: &[(&str, &str)], address: [u8; 4]) -> Raised {
    let raised = raise(|stage| variables.iter().for_each(|(name, value)| stage.set(name, value)));
    resolv_conf(raised.directory.path(), "nameserver 127.0.0.1\n");
    let answer = move |query: &Query| match query.name == REGIONAL {
        true => Says::Address(IpAddr::from(address)),
        false => Says::Code(RCODE::NameError),
    };
    NameServer::new(answer).listen(Ipv4Addr::LOCALHOST);
    raised
}

fn finding<'l>(run: &'l Run, field: &str) -> &'l str {
    let finding = &run.report["findings"][0];
    match field {
        "fix" => finding["fix"]["text"].as_str().expect("a fix"),
        _ => finding["cause"].as_str().expect("a cause"),
    }
}

#[test]
fn an_endpoint_that_other_sdks_call_and_that_does_not_resolve_is_warned_of() {
    type Row = (&'static [(&'static str, &'static str)], &'static [&'static str], &'static str);
    let rows: [Row; 5] = [
        (&[], &[], ""),
        (&[("AWS_STS_REGIONAL_ENDPOINTS", UNSET)], &[], ""),
        (
            &[("AWS_STS_REGIONAL_ENDPOINTS", "legacy")],
            &["boto3", "Go 1", "would call sts.amazonaws.com", "no such name"],
            "AWS_STS_REGIONAL_ENDPOINTS=regional",
        ),
        (
            &[("AWS_DEFAULT_REGION", UNSET)],
            &["boto3 and AWS CLI 1 would call sts.amazonaws.com", "no such name"],
            "AWS_DEFAULT_REGION to eu-west-1",
        ),
        (
            &[("AWS_DEFAULT_REGION", "us-west-2")],
            &["boto3, AWS CLI 1 and C++ would call sts.us-west-2.amazonaws.com", "no such name"],
            "AWS_DEFAULT_REGION to eu-west-1",
        ),
    ];
    for (variables, words, fix) in rows {
        alone(&["10.9.8.7"], || {
            let mut raised = pod(&[&[("HTTPS_PROXY", UNSET)], variables].concat(), PRIVATE);
            let tls = raised.authority.server(&[REGIONAL]).expect("a certificate");
            raised.sts.listen_at((PRIVATE, 443).into(), Some(tls)).expect("port 443");
            let run = run(&mut raised);
            assert_eq!(run.exit_code, 0, "{}", run.report);
            if words.is_empty() {
                assert_eq!((run.verdict(), run.code()), ("healthy", None), "{}", run.report);
                return;
            }
            assert_eq!(run.code(), Some("sdk-calls-another-endpoint"), "{}", run.report);
            words.iter().for_each(|words| assert!(finding(&run, "cause").contains(words), "{}", run.report));
            assert!(finding(&run, "fix").contains(fix), "{}", run.report);
        });
    }
}

#[test]
fn a_proxy_that_only_some_sdks_use_is_warned_of_where_nothing_else_leads_out() {
    for (is_closed, code) in [(true, Some("sdk-ignores-proxy")), (false, None)] {
        alone(&["203.0.113.1"], || {
            let mut raised = pod(&[("HTTPS_PROXY", UNSET)], PUBLIC);
            let (proxy, _full);
            {
                let tls = raised.authority.server(&[REGIONAL]).expect("a certificate");
                let sts = raised.sts.listen(Some(tls.clone())).expect("listen");
                let stand_in = local_sts::proxy::Proxy::new(local_sts::proxy::Manner::Allow, &[("*:443", sts)]);
                proxy = stand_in.listen().expect("listen");
                _full = is_closed.then(|| swallow(PUBLIC));
                if !is_closed {
                    raised.sts.listen_at((PUBLIC, 443).into(), Some(tls)).expect("port 443");
                }
            }
            raised.command.env("ALL_PROXY", format!("http://{proxy}"));
            let run = run(&mut raised);
            assert_eq!((run.exit_code, run.code()), (0, code), "{}", run.report);
            if is_closed {
                let cause = finding(&run, "cause");
                assert!(cause.contains("boto3") && cause.contains("did not answer within"), "{cause}");
                assert!(finding(&run, "fix").contains("Set HTTPS_PROXY"), "{}", run.report);
            }
        });
    }
}

#[test]
fn a_proxy_for_http_alone_is_named_where_nothing_else_leads_out() {
    alone(&["203.0.113.1"], || {
        let mut raised = pod(&[("HTTPS_PROXY", UNSET), ("HTTP_PROXY", "http://127.0.0.1:3128")], PUBLIC);
        let _full = swallow(PUBLIC);
        let run = run(&mut raised);
        assert_eq!(run.code(), Some("sts-endpoint-unreachable-timeout"), "{}", run.report);
        assert!(finding(&run, "cause").contains("HTTP_PROXY is set and HTTPS_PROXY is not"), "{}", run.report);
        assert!(finding(&run, "fix").contains("Set HTTPS_PROXY"), "{}", run.report);
    });
}
