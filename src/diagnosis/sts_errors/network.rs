//! What the network's errors mean, by the layer that failed and the host that was called.

use super::clues::Clues;
use super::symptoms::Symptom;
use super::{Reading, Suspect};
use crate::aws::partition::Partition;
use crate::probe::evidence::is_private;

pub fn interpret(symptom: Symptom, clues: &Clues) -> Reading {
    use Symptom::*;
    let suspects = match symptom {
        Proxy => vec![Suspect::new("proxy-interferes", "the proxy did not open the way to STS")],
        TlsName => vec![Suspect::new(
            "tls-hostname-mismatch",
            "the certificate is for other names: mostly a DNS alias of the global name to a regional VPC endpoint",
        )],
        TlsAuthority => vec![Suspect::new(
            "tls-unknown-ca",
            "nobody in the trust store vouches for the certificate: the image has no CA bundle, or something on the way inspects TLS",
        )],
        TlsTime => vec![
            Suspect::new(
                "request-clock-skew",
                "STS's certificates are renewed in time, so the local clock may be far off",
            ),
            Suspect::new("tls-unknown-ca", "or the certificate is not STS's: something on the way inspects TLS"),
        ],
        DnsFailed => names(clues, vec![Suspect::new("dns-failure", "the name server did not answer, or failed")]),
        NoSuchName => names(clues, no_such_name(clues)),
        Unresolved => names(clues, unresolved(clues)),
        NotTls => vec![
            Suspect::new("proxy-interferes", "something answers on the way to STS, but not in TLS: a proxy or portal"),
            Suspect::new("sts-endpoint-misconfigured", "or an endpoint override says https where only http is spoken"),
        ],
        CannotConnect => names(clues, cannot_connect(clues)),
        Refused => names(clues, refused(clues)),
        Reset => names(clues, reset(clues)),
        _ => names(clues, timed_out(clues)),
    };
    Reading { symptom, suspects, umbrella: None }
}

/// A host that cannot be right comes first, whatever failed.
fn names(clues: &Clues, mut suspects: Vec<Suspect>) -> Vec<Suspect> {
    let Some(host) = clues.host.as_deref() else { return suspects };
    let region = host.split('.').nth(1).filter(|_| host.starts_with("sts"));
    let first = match region {
        Some("amazonaws") | None => None,
        Some(region) if region.starts_with("cn-") => {
            let right = "China's hosts are sts.cn-north-1.amazonaws.com.cn and sts.cn-northwest-1.amazonaws.com.cn";
            let known = Partition::China.knows_region(region) && Partition::of_host(host) == Some(Partition::China);
            (!known).then(|| Suspect::new("china-partition-endpoint", format!("{host} does not exist; {right}")))
        }
        Some(region) => {
            let known = Partition::of_region(region).is_some_and(|partition| partition.knows_region(region));
            let nearest =
                Partition::nearest_region(region).map_or_else(String::new, |near| format!("; {near:?} is near"));
            let known = known || region == "vpce" || host.contains("vpce");
            (!known).then(|| {
                Suspect::new("sts-endpoint-misconfigured", format!("{host} names no region that is known{nearest}"))
            })
        }
    };
    if let Some(first) = first {
        suspects.insert(0, first);
    }
    suspects
}

fn no_such_name(clues: &Clues) -> Vec<Suspect> {
    let host = clues.host.as_deref().unwrap_or("the name");
    let proxy = match clues.proxy {
        true => format!("a proxy is set, and still the client looked up {host} by itself: it ignores the proxy"),
        false => format!(
            "{host} is a public name; where it is unknown, often only the proxy resolves such names and the client ignores it"
        ),
    };
    vec![
        Suspect::new("proxy-interferes", proxy),
        Suspect::new(
            "dns-failure",
            "the cluster's DNS is not there, cannot resolve public names, or answers for the zone itself",
        ),
        Suspect::new("sts-endpoint-misconfigured", "the host may be one that does not exist"),
    ]
}

/// The resolver gave nothing, and the SDK does not say whether it denied the name or kept silent.
fn unresolved(clues: &Clues) -> Vec<Suspect> {
    let mut suspects = no_such_name(clues);
    if !clues.proxy {
        suspects.swap(0, 1);
    }
    suspects
}

fn cannot_connect(clues: &Clues) -> Vec<Suspect> {
    let mut suspects =
        vec![Suspect::new("dns-failure", "SDKs that say no more than this mostly could not resolve the name")];
    suspects.extend(timed_out(clues));
    suspects
}

fn timed_out(clues: &Clues) -> Vec<Suspect> {
    let global = Suspect::new(
        "sts-global-endpoint-in-private-vpc",
        "sts.amazonaws.com is only on the internet: a VPC without a way out has regional endpoints at most",
    );
    let way = match clues.address {
        Some(address) if is_private(address) => {
            format!("{address} is private, so a VPC endpoint: its security group or a network policy drops the packets")
        }
        Some(address) => {
            format!("{address} is public: no NAT gateway, or a network policy or security group drops the packets")
        }
        None => "no answer: no route out (NAT), or a network policy or security group drops the packets".to_owned(),
    };
    let unreachable = Suspect::new("sts-endpoint-unreachable-timeout", way);
    let proxy =
        Suspect::new("proxy-interferes", "where only a proxy leads out, a client that ignores it gets no answer");
    match (clues.calls_global_endpoint(), clues.proxy) {
        (true, false) => vec![global, unreachable, proxy],
        (true, true) => vec![proxy, global, unreachable],
        (false, true) => vec![proxy, unreachable],
        (false, false) if clues.host.is_none() => vec![unreachable, global, proxy],
        (false, false) => vec![unreachable, proxy],
    }
}

fn refused(clues: &Clues) -> Vec<Suspect> {
    let loopback = clues.address.is_some_and(|address| address.is_loopback());
    let mesh = match loopback {
        true => {
            "refused on this very host: a service mesh's proxy that is not up yet, as in an init container, or an endpoint override"
        }
        false => "a firewall or network policy refuses the connection",
    };
    vec![
        Suspect::new("sts-endpoint-unreachable-timeout", mesh),
        Suspect::new("proxy-interferes", "a proxy that is down refuses too"),
        Suspect::new("sts-endpoint-misconfigured", "an endpoint override that leads nowhere is refused too"),
    ]
}

fn reset(clues: &Clues) -> Vec<Suspect> {
    let mut suspects = vec![
        Suspect::new("proxy-interferes", "something on the way cut the connection: a firewall, a proxy, a mesh"),
        Suspect::new("sts-endpoint-unreachable-timeout", "or a network policy that resets instead of dropping"),
    ];
    if !clues.proxy {
        suspects.swap(0, 1);
    }
    suspects
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn host_address_and_proxy_decide_what_comes_first() {
        use Symptom::*;
        for (symptom, host, proxy, first) in [
            (TimedOut, "sts.amazonaws.com", false, "sts-global-endpoint-in-private-vpc"),
            (TimedOut, "sts.eu-west-1.amazonaws.com", false, "sts-endpoint-unreachable-timeout"),
            (TimedOut, "sts.eu-west-1.amazonaws.com", true, "proxy-interferes"),
            (NoSuchName, "sts.eu-west-1.amazonaws.com", true, "proxy-interferes"),
            (NoSuchName, "sts.eu-west1.amazonaws.com", false, "sts-endpoint-misconfigured"),
            (NoSuchName, "sts.cn-north-1.amazonaws.com", false, "china-partition-endpoint"),
            (Unresolved, "sts.eu-west-1.amazonaws.com", false, "dns-failure"),
            (DnsFailed, "sts.us-gov-west-1.amazonaws.com", false, "dns-failure"),
            (Refused, "vpce-1-a.sts.eu-west-1.vpce.amazonaws.com", false, "sts-endpoint-unreachable-timeout"),
        ] {
            let clues = Clues { host: Some(host.into()), proxy, ..Clues::default() };
            assert_eq!(interpret(symptom, &clues).suspects[0].code, first, "{symptom:?} {host} {proxy}");
        }
    }
}
