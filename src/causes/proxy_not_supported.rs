use crate::causes::{Advice, Cause, Facts, Fix, Severity, connected};

/// The probe does not support the proxy's protocol and cannot test the connection.
pub(crate) static PROXY_NOT_SUPPORTED: Cause = Cause {
    code: "proxy-not-supported",
    title: "the probe does not support this proxy's protocol",
    compare: "the proxy URL's scheme must be http or https",
    severity: Severity::Error,
    // Exit 3: this is a limit of the probe, not a fault of the pod.
    advice: Advice::Retry,
    explanation: "\
HTTPS_PROXY or ALL_PROXY names a SOCKS proxy. The probe supports only HTTP proxies, with and without TLS, and cannot \
test whether this proxy can reach STS. An SDK that supports SOCKS may work here; most SDKs need an extra package for \
that.

Test the identity with the workload's SDK, or give the probe an HTTP proxy that can reach STS.",
    says: &[],
    settles: false,
    hides_caller: true,
    judge: Some(connected),
    fix,
};

fn fix(_: &Facts) -> Fix {
    Fix::new("Test the identity with the workload's SDK, or set HTTPS_PROXY to an HTTP proxy for the probe.")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::causes::testing::{found, unreached};
    use crate::probe::evidence::{Dial, ProxyFault};

    #[test]
    fn only_a_proxy_with_another_protocol_is_this_fault() {
        for (fault, is) in
            [(ProxyFault::Unsupported { scheme: "socks5".into() }, true), (ProxyFault::Refused { status: 403 }, false)]
        {
            let dial = Dial { via: Some("proxy:1080".into()), proxy: Some(Err(fault)), ..Dial::default() };
            assert_eq!(found(&PROXY_NOT_SUPPORTED, &unreached(dial.clone())), is, "{dial:?}");
        }
    }
}
