//! After STS could not be reached: opens the TCP connection that another configuration would use. Nothing is sent.

use super::transport::{Log, Transport};
use crate::aws::partition::Partition;
use crate::probe::evidence::{Dial, Endpoint, Layer, Seen};
use std::time::Duration;
use tokio::time::Instant;

/// The minimum; otherwise a quarter of the time left. Another route seldom exists, and a silent one uses up its whole
/// time.
pub(super) const TIMEOUT: Duration = Duration::from_millis(1500);

/// Whether STS can be reached by another route than that of `failed`.
pub(super) async fn collect(
    endpoint: &Endpoint,
    failed: &Dial,
    transport: &Transport,
    deadline: Instant,
) -> (Seen<Dial, Dial>, Log) {
    let Some(host) = other_host(endpoint, failed) else {
        return (Seen::not_checked("there is only one way to STS"), Log::default());
    };
    let now = Instant::now();
    let deadline = deadline.min(now + TIMEOUT.max(deadline.saturating_duration_since(now) / 4));
    if deadline <= now {
        return (Seen::not_checked("there was no time left to try another way"), Log::default());
    }
    transport.reach_directly(&host, endpoint.port, deadline).await;
    let log = transport.take_log();
    let dial = match log.dial.clone() {
        Some(dial) if dial.failed_at().is_none() => Seen::Seen(dial),
        Some(dial) => Seen::Failed(dial),
        None => Seen::not_checked("there is only one way to STS"),
    };
    (dial, log)
}

/// The regional host if the global one failed; the same host without the proxy if a proxy was used.
fn other_host(endpoint: &Endpoint, failed: &Dial) -> Option<String> {
    let unreached = failed.failed_at().is_some_and(|layer| layer <= Layer::Proxy);
    if failed.via.is_some() && unreached {
        return Some(endpoint.host.clone());
    }
    let partition = Partition::of_region(&endpoint.region).filter(|_| endpoint.is_global() && unreached)?;
    Some(format!("sts.{}.{}", endpoint.region, partition.dns_suffix()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::probe::evidence::{DnsFault, EndpointSource, HttpFault};

    #[test]
    fn only_a_proxy_or_the_global_name_leaves_another_way() {
        let endpoint = |host: &str, region: &str| Endpoint {
            url: format!("https://{host}"),
            host: host.into(),
            port: 443,
            https: true,
            region: region.into(),
            source: EndpointSource::Region("AWS_REGION"),
            partition: Some(Partition::Aws),
            proxy: None,
        };
        let silent = || Dial { tcp: Some(Err(vec![])), ..Dial::default() };
        let (global, regional) = ("sts.amazonaws.com", "sts.eu-west-1.amazonaws.com");
        for (host, region, failed, other) in [
            (global, "eu-west-1", silent(), Some(regional)),
            (global, "aws-global", silent(), None),
            (global, "eu-west-1", Dial { http: Some(HttpFault::Closed), ..Dial::default() }, None),
            (regional, "eu-west-1", silent(), None),
            (regional, "eu-west-1", Dial { via: Some("proxy:3128".into()), ..silent() }, Some(regional)),
            (
                regional,
                "eu-west-1",
                Dial { via: Some("proxy:3128".into()), dns: Some(Err(DnsFault::NoSuchName)), ..Dial::default() },
                Some(regional),
            ),
        ] {
            assert_eq!(other_host(&endpoint(host, region), &failed).as_deref(), other, "{host} {region} {failed:?}");
        }
    }
}
