use crate::causes::{Advice, Cause, Severity};
use crate::diagnosis::unreached;

/// The proxy is one that the probe cannot speak to, so that nothing is known of the connection.
pub static PROXY_NOT_SUPPORTED: Cause = Cause {
        code: "proxy-not-supported",
        title: "the probe does not speak the protocol of this proxy",
        severity: Severity::Error,
        // Exit 3: this is a limit of the probe, not a fault of the pod.
        advice: Advice::Retry,
        explanation: "\
HTTPS_PROXY or ALL_PROXY names a SOCKS proxy. The probe speaks to HTTP proxies only, with and without TLS, so it cannot \
tell whether STS can be reached through this one. An SDK that supports SOCKS may work here; most do not without an extra \
package.

Test the identity with the SDK of the workload, or give the probe an HTTP proxy that leads to STS.",
    judge: Some(|evidence| unreached::judge(&PROXY_NOT_SUPPORTED, evidence)),
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::causes::testing::{found, unreached};
    use crate::probe::evidence::{Dial, ProxyFault};

    #[test]
    fn only_a_proxy_of_another_protocol_is_this() {
        for (fault, is) in
            [(ProxyFault::Unsupported { scheme: "socks5".into() }, true), (ProxyFault::Refused { status: 403 }, false)]
        {
            let dial = Dial { via: Some("proxy:1080".into()), proxy: Some(Err(fault)), ..Dial::default() };
            assert_eq!(found(&PROXY_NOT_SUPPORTED, &unreached(dial.clone())), is, "{dial:?}");
        }
    }
}
