use crate::causes::{Advice, Cause, Severity};
use crate::diagnosis::unreached;

/// The proxy does not let the call through, or is passed by.
pub static PROXY_INTERFERES: Cause = Cause {
    code: "proxy-interferes",
    title: "the proxy does not let calls to STS through",
    severity: Severity::Error,
    advice: Advice::Fix,
    explanation: "\
Either the proxy refuses to open a connection to STS (the answer to CONNECT is 403 or 407), or a client ignores \
HTTPS_PROXY and connects directly, which fails where only the proxy leads out. Where HTTPS_PROXY itself begins with \
https://, the proxy's own certificate must be trusted too; the probe speaks TLS to such a proxy. It does not speak \
SOCKS: it then cannot test the connection, and says so. Variables of the proxy come in upper and lower case, and not \
every SDK reads both; several need a proxy set in code.

Allow the STS host in the proxy, or put it into NO_PROXY where a VPC endpoint is the direct way. Keep \
169.254.169.254 and the cluster's own names in NO_PROXY.",
    judge: Some(|evidence| unreached::judge(&PROXY_INTERFERES, evidence)),
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::causes::testing::{found, unreached};
    use crate::probe::evidence::{AddressFault, Dial, ProxyFault, TcpFault};

    #[test]
    fn a_proxy_that_refuses_or_is_not_there_is_this_fault() {
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
