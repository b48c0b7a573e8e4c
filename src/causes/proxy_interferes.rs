use crate::causes::{
    About, Advice, Candidate, Cause, Facts, Fix, Priority, Reading, Saying, Severity, any, connected,
    sts_endpoint_misconfigured::with_override,
};

/// Calls to STS fail at the proxy, or a client bypasses it.
pub(crate) static PROXY_INTERFERES: Cause = Cause {
    code: "proxy-interferes",
    title: "calls to STS fail at the proxy",
    compare: "does the proxy allow CONNECT to STS?",
    severity: Severity::Error,
    advice: Advice::Fix,
    explanation: "\
Either the proxy refuses to open a connection to STS (it answers CONNECT with 403 or 407), or a client ignores \
HTTPS_PROXY and connects directly. A direct connection fails if the proxy is the only route out.

If HTTPS_PROXY begins with https://, clients must also trust the proxy's own certificate; the probe supports TLS to \
the proxy. The probe does not support SOCKS and reports that it cannot test such a connection. Proxy variables exist \
in upper and lower case, and not every SDK reads both. Several SDKs need a proxy set in code.

Allow the STS host in the proxy, or add it to NO_PROXY if a VPC endpoint provides a direct connection. Keep \
169.254.169.254 and the cluster's own names in NO_PROXY.",
    says: &[
        Saying::new(
            Priority::Network(10),
            &[any(&[
                "proxyconnect",
                "response code for connect",
                "from proxy after connect",
                "proxy authentication required",
                "proxyauthenticationrequired",
                "tunnel connection failed",
                "unable to tunnel through proxy",
                "tunneling socket could not be established",
                "unable to connect to proxy",
                "cannot connect to proxy",
                "failed to connect to proxy",
                "proxyerror",
                "proxyconnectionerror",
                "proxy connect aborted",
                "connect tunnel failed",
                "tunnel failed",
                "proxy tunnel request",
                "aws_error_http_proxy_connect_failed",
                "unsuccessful tunnel",
            ])],
            |_| Reading::decided(&PROXY_INTERFERES, "the proxy did not open a connection to STS"),
        )
        .about(About::StsOrSdk),
        // Something answers, but not in TLS.
        Saying::new(
            Priority::Network(50),
            &[any(&[
                "first record does not look like a tls handshake",
                "wrong version number",
                "wrong_version_number",
                "server gave http response to https client",
                "received corrupt message",
                "unsupported or unrecognized ssl message",
                "record layer failure",
            ])],
            |facts| Reading::ranked(not_tls(facts)),
        ),
    ],
    settles: false,
    hides_caller: true,
    judge: Some(connected),
    fix,
};

/// Something answers, but not in TLS.
pub(crate) fn not_tls(facts: &Facts) -> Vec<Candidate> {
    let proxy = Candidate::new(&PROXY_INTERFERES, "a transparent proxy or portal answers in plain text instead of STS");
    with_override(facts, vec![proxy], "an endpoint override uses https where the server speaks only http")
}

fn fix(_: &Facts) -> Fix {
    Fix::new(
        "Allow connections to STS in the proxy, or add STS to NO_PROXY if there is a direct route. Configure the proxy \
         explicitly in clients that ignore HTTPS_PROXY.",
    )
    .command("env | grep -oiE '^[a-z_]*_proxy'")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::causes::testing::{found, unreached};
    use crate::probe::evidence::{AddressFault, Dial, ProxyFault, TcpFault};

    #[test]
    fn a_proxy_that_refuses_or_cannot_be_reached_is_this_fault() {
        let fault = AddressFault { address: ([10, 0, 0, 1], 3128).into(), fault: TcpFault::Refused };
        let refused = Dial { proxy: Some(Err(ProxyFault::Refused { status: 407 })), ..Dial::default() };
        let absent = Dial { tcp: Some(Err(vec![fault])), ..Dial::default() };
        for (dial, via, is) in [
            (refused, Some("proxy:3128".to_owned()), true),
            (absent.clone(), Some("proxy:3128".to_owned()), true),
            (absent, None, false),
        ] {
            assert_eq!(found(&PROXY_INTERFERES, &unreached(Dial { via: via.clone(), ..dial })), is, "{via:?}");
        }
    }
}
