use crate::aws::arn::RoleArn;
use crate::aws::partition::Partition;
use crate::causes::{Advice, Cause, Diagnosis, Outcome, Severity};
use crate::diagnosis::sts_errors::{Clues, fix};
use crate::probe::evidence::{EndpointFault, Evidence, Seen};

/// A host that looks like China's and is none.
pub static CHINA_PARTITION_ENDPOINT: Cause = Cause {
    code: "china-partition-endpoint",
    title: "the STS host looks like one of China's and does not exist",
    severity: Severity::Error,
    advice: Advice::RecreatePod,
    // Sources: partitions.json of the AWS SDKs for regions and suffix; the webhook's default audience, the same in
    // every partition: pods sent through it, tests/webhook.
    explanation: "\
China's regions are a partition of their own: cn-north-1 and cn-northwest-1, with hosts that end in .amazonaws.com.cn. \
A misspelt region (cn-north) or an endpoint written by hand with the suffix .amazonaws.com gives a name that does not \
exist anywhere.

Set AWS_REGION to one of the two and leave the host to the SDK. The audience stays sts.amazonaws.com in China too.",
    judge: Some(judge),
};

fn judge(evidence: &Evidence) -> Outcome {
    let host = match &evidence.endpoint {
        Seen::NotLooked(why) => return Outcome::skip(why.clone()),
        Seen::Seen(endpoint) => &endpoint.host,
        Seen::Failed(EndpointFault::WrongPartition { endpoint, .. }) => &endpoint.host,
        Seen::Failed(_) => return Outcome::skip("there is no endpoint"),
    };
    if !is_near(host) {
        return Outcome::Pass;
    }
    let role = evidence.environment.value("AWS_ROLE_ARN").and_then(|arn| RoleArn::parse(arn).ok());
    let of_china = role.filter(|role| role.partition == Partition::China);
    let role = of_china.map_or_else(String::new, |role| format!(" The role {} is in China.", role.name));
    let cause = format!("The settings lead to {host}, which is not one of China's hosts.{role}");
    Diagnosis::new(cause, fix(&CHINA_PARTITION_ENDPOINT, &Clues::of(evidence))).into()
}

/// Whether a host is meant to be STS in China, but is not.
pub fn is_near(host: &str) -> bool {
    let region = host.split('.').find(|label| *label == "cn" || label.starts_with("cn-"));
    let region = region.filter(|region| *region != "cn" || !host.ends_with(".com.cn"));
    region.is_some_and(|region| {
        !Partition::China.knows_region(region) || Partition::of_host(host) != Some(Partition::China)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_hosts_that_mean_china_and_miss_it_count() {
        for (host, near) in [
            ("sts.cn-north-1.amazonaws.com.cn", false),
            ("sts.cn-northwest-1.amazonaws.com.cn", false),
            ("sts.cn-north.amazonaws.com", true),
            ("sts.cn-north-1.amazonaws.com", true),
            ("sts.cn-north-9.amazonaws.com.cn", true),
            ("sts.amazonaws.com", false),
            ("sts.eu-west-1.amazonaws.com", false),
            ("proxy.example.com.cn", false),
        ] {
            assert_eq!(is_near(host), near, "{host}");
        }
    }
}
