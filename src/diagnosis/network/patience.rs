//! Whether a time-out says anything: a layer that had little time proves nothing.

use crate::probe::evidence::{Dial, DnsFault, HttpFault, Layer, Lookup, ProxyFault, TcpFault, TlsFault};

/// By then a SYN was repeated twice (after 1 s and 3 s, RFC 6298), and the least patient SDKs have given up: 2 s in Java
/// v2 (`ApacheHttpClient`), 3.1 s in Rust (aws-smithy-runtime).
const CONNECTING_MS: u64 = 3000;
/// STS answers within a second; this leaves room for a server that is slow.
const ANSWERING_MS: u64 = 4000;

/// The layer at which the run ended before its silence meant anything.
pub(super) fn cut_short(dial: &Dial) -> Option<Layer> {
    let layer = dial.failed_at()?;
    if matches!(dial.dns, Some(Err(DnsFault::TimedOut { .. }))) && dial.lookup.as_ref().is_some_and(Lookup::is_answered)
    {
        return Some(Layer::Dns);
    }
    let enough = if layer == Layer::Http { ANSWERING_MS } else { CONNECTING_MS };
    waited_ms(dial).filter(|waited| *waited < enough).map(|_| layer)
}

/// How long nothing answered, if that is the fault.
fn waited_ms(dial: &Dial) -> Option<u64> {
    if let Some(Err(fault)) = &dial.dns {
        return if let DnsFault::TimedOut { after_ms } = fault { Some(*after_ms) } else { None };
    }
    if let Some(Err(faults)) = &dial.tcp {
        let waited = faults.iter().filter_map(|fault| match fault.fault {
            TcpFault::TimedOut { after_ms } => Some(after_ms),
            TcpFault::Refused | TcpFault::Reset | TcpFault::NoRoute | TcpFault::Rejected | TcpFault::Os(_) => None,
        });
        return waited.reduce(|all, one| all + one);
    }
    if let Some(Err(fault)) = &dial.proxy_tls {
        return if let TlsFault::TimedOut { after_ms } = fault { Some(*after_ms) } else { None };
    }
    if let Some(Err(fault)) = &dial.proxy {
        return if let ProxyFault::TimedOut { after_ms } = fault { Some(*after_ms) } else { None };
    }
    if let Some(Err(fault)) = &dial.tls {
        return if let TlsFault::TimedOut { after_ms } = fault { Some(*after_ms) } else { None };
    }
    if let Some(HttpFault::TimedOut { after_ms }) = &dial.http { Some(*after_ms) } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::probe::evidence::AddressFault;

    #[test]
    fn silence_counts_once_it_has_lasted() {
        let tcp = |faults: &[TcpFault]| {
            let address = ([10, 0, 1, 5], 443).into();
            let faults = faults.iter().map(|fault| AddressFault { address, fault: *fault }).collect();
            Dial { tcp: Some(Err(faults)), ..Dial::default() }
        };
        let silent = |after_ms| TcpFault::TimedOut { after_ms };
        let dns = |fault| Dial { dns: Some(Err(fault)), ..Dial::default() };
        let http = |after_ms| Dial { http: Some(HttpFault::TimedOut { after_ms }), ..Dial::default() };
        for (dial, cut) in [
            (dns(DnsFault::TimedOut { after_ms: 800 }), Some(Layer::Dns)),
            (dns(DnsFault::TimedOut { after_ms: 3000 }), None),
            (dns(DnsFault::NoSuchName), None),
            (tcp(&[silent(2999)]), Some(Layer::Tcp)),
            (tcp(&[silent(1500), silent(1500)]), None),
            (tcp(&[TcpFault::Refused, silent(1500)]), Some(Layer::Tcp)),
            (tcp(&[TcpFault::Refused]), None),
            (http(3999), Some(Layer::Http)),
            (http(4000), None),
            (Dial { proxy: Some(Err(ProxyFault::TimedOut { after_ms: 9 })), ..Dial::default() }, Some(Layer::Proxy)),
            (Dial { tls: Some(Err(TlsFault::TimedOut { after_ms: 9 })), ..Dial::default() }, Some(Layer::Tls)),
            (
                Dial { proxy_tls: Some(Err(TlsFault::TimedOut { after_ms: 9 })), ..Dial::default() },
                Some(Layer::ProxyTls),
            ),
            (Dial::default(), None),
        ] {
            assert_eq!(cut_short(&dial), cut, "{dial:?}");
        }
    }
}
