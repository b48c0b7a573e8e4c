//! What the network's errors mean, by the layer that failed and the host that was called.

use super::Reading;
use super::clues::Clues;
use super::symptoms::Symptom;
use crate::aws::partition::Partition;
use crate::causes::{
    CHINA_PARTITION_ENDPOINT, Candidate, DNS_FAILURE, PROXY_INTERFERES, REQUEST_CLOCK_SKEW, STS_ENDPOINT_MISCONFIGURED,
    STS_ENDPOINT_UNREACHABLE_TIMEOUT, STS_GLOBAL_ENDPOINT_IN_PRIVATE_VPC, TLS_HOSTNAME_MISMATCH, TLS_UNKNOWN_CA,
};
use crate::probe::evidence::is_private;

pub fn interpret(symptom: Symptom, clues: &Clues) -> Reading {
    use Symptom::*;
    let candidates = match symptom {
        Proxy => vec![Candidate::new(&PROXY_INTERFERES, "the proxy did not open a connection to STS")],
        TlsName => vec![Candidate::new(
            &TLS_HOSTNAME_MISMATCH,
            "the certificate is for other names: usually a DNS alias of the global name to a regional VPC endpoint",
        )],
        TlsAuthority => vec![Candidate::new(
            &TLS_UNKNOWN_CA,
            "the trust store has no CA for the certificate: the image lacks a CA bundle, or a proxy inspects TLS",
        )],
        TlsTime => vec![
            Candidate::new(
                &REQUEST_CLOCK_SKEW,
                "STS renews its certificates in time: check whether the local clock is far off",
            ),
            Candidate::new(&TLS_UNKNOWN_CA, "the certificate is not from STS: a proxy or firewall inspects TLS"),
        ],
        DnsFailed => names(clues, vec![Candidate::new(&DNS_FAILURE, "the name server did not answer, or failed")]),
        NoSuchName => names(clues, no_such_name(clues)),
        Unresolved => names(clues, unresolved(clues)),
        NotTls => vec![
            Candidate::new(&PROXY_INTERFERES, "a proxy or portal answers instead of STS, without TLS"),
            Candidate::new(
                &STS_ENDPOINT_MISCONFIGURED,
                "an endpoint override uses https where the server speaks only http",
            ),
        ],
        CannotConnect => names(clues, cannot_connect(clues)),
        Refused => names(clues, refused(clues)),
        Reset => names(clues, reset(clues)),
        _ => names(clues, timed_out(clues)),
    };
    Reading { symptom, candidates, umbrella: None }
}

/// A host that cannot be right comes first, whatever failed.
fn names(clues: &Clues, mut candidates: Vec<Candidate>) -> Vec<Candidate> {
    let Some(host) = clues.host.as_deref() else { return candidates };
    let region = host.split('.').nth(1).filter(|_| host.starts_with("sts"));
    let first = match region {
        Some("amazonaws") | None => None,
        Some(region) if region.starts_with("cn-") => {
            let right = "use sts.cn-north-1.amazonaws.com.cn or sts.cn-northwest-1.amazonaws.com.cn";
            let known = Partition::China.knows_region(region) && Partition::of_host(host) == Some(Partition::China);
            (!known).then(|| Candidate::new(&CHINA_PARTITION_ENDPOINT, format!("{host} does not exist; {right}")))
        }
        Some(region) => {
            let known = Partition::of_region(region).is_some_and(|partition| partition.knows_region(region));
            let nearest =
                Partition::nearest_region(region).map_or_else(String::new, |near| format!("; did you mean {near:?}?"));
            let known = known || region == "vpce" || host.contains("vpce");
            (!known).then(|| {
                Candidate::new(&STS_ENDPOINT_MISCONFIGURED, format!("{host} does not name a known region{nearest}"))
            })
        }
    };
    if let Some(first) = first {
        candidates.insert(0, first);
    }
    candidates
}

fn no_such_name(clues: &Clues) -> Vec<Candidate> {
    let host = clues.host.as_deref().unwrap_or("the name");
    let proxy = match clues.proxy {
        true => format!("a proxy is set, but the client resolved {host} itself: it ignores the proxy"),
        false => {
            format!("{host} is a public name: if only the proxy resolves such names, the client ignores the proxy")
        }
    };
    vec![
        Candidate::new(&PROXY_INTERFERES, proxy),
        Candidate::new(
            &DNS_FAILURE,
            "the cluster's DNS is down, cannot resolve public names, or serves a private zone of that name",
        ),
        Candidate::new(&STS_ENDPOINT_MISCONFIGURED, "the host may not exist"),
    ]
}

/// The resolver gave nothing, and the SDK does not say whether it denied the name or kept silent.
fn unresolved(clues: &Clues) -> Vec<Candidate> {
    let mut candidates = no_such_name(clues);
    if !clues.proxy {
        candidates.swap(0, 1);
    }
    candidates
}

fn cannot_connect(clues: &Clues) -> Vec<Candidate> {
    let mut candidates =
        vec![Candidate::new(&DNS_FAILURE, "SDKs that report only this usually could not resolve the name")];
    candidates.extend(timed_out(clues));
    candidates
}

fn timed_out(clues: &Clues) -> Vec<Candidate> {
    let global = Candidate::new(
        &STS_GLOBAL_ENDPOINT_IN_PRIVATE_VPC,
        "sts.amazonaws.com is only on the internet: a VPC without internet egress can reach only regional VPC \
         endpoints",
    );
    let way = match clues.address {
        Some(address) if is_private(address) => {
            format!("{address} is private (a VPC endpoint): its security group or a network policy drops the packets")
        }
        Some(address) => {
            format!("{address} is public: no NAT gateway, or a network policy or security group drops the packets")
        }
        None => "no answer: no route out (NAT), or a network policy or security group drops the packets".to_owned(),
    };
    let unreachable = Candidate::new(&STS_ENDPOINT_UNREACHABLE_TIMEOUT, way);
    let proxy = Candidate::new(&PROXY_INTERFERES, "a client that ignores a required proxy gets no answer");
    match (clues.calls_global_endpoint(), clues.proxy) {
        (true, false) => vec![global, unreachable, proxy],
        (true, true) => vec![proxy, global, unreachable],
        (false, true) => vec![proxy, unreachable],
        (false, false) if clues.host.is_none() => vec![unreachable, global, proxy],
        (false, false) => vec![unreachable, proxy],
    }
}

fn refused(clues: &Clues) -> Vec<Candidate> {
    let loopback = clues.address.is_some_and(|address| address.is_loopback());
    let mesh = match loopback {
        true => {
            "refused by this host itself: a mesh proxy that is not running yet (as in init containers), or an \
             endpoint override"
        }
        false => "a firewall or network policy refuses the connection",
    };
    vec![
        Candidate::new(&STS_ENDPOINT_UNREACHABLE_TIMEOUT, mesh),
        Candidate::new(&PROXY_INTERFERES, "a proxy that is down refuses connections too"),
        Candidate::new(&STS_ENDPOINT_MISCONFIGURED, "an endpoint override may point to a closed port"),
    ]
}

fn reset(clues: &Clues) -> Vec<Candidate> {
    let mut candidates = vec![
        Candidate::new(&PROXY_INTERFERES, "a firewall, proxy or mesh closed the connection"),
        Candidate::new(
            &STS_ENDPOINT_UNREACHABLE_TIMEOUT,
            "a network policy may reset connections instead of dropping packets",
        ),
    ];
    if !clues.proxy {
        candidates.swap(0, 1);
    }
    candidates
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
            assert_eq!(interpret(symptom, &clues).candidates[0].cause.code, first, "{symptom:?} {host} {proxy}");
        }
    }
}
