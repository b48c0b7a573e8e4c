use crate::aws::arn::RoleArn;
use crate::aws::partition::Partition;
use crate::causes::{Advice, Cause, Diagnosis, Facts, Fix, Outcome, Severity};
use crate::probe::evidence::{EndpointFault, Evidence, Seen};

/// A host that resembles an STS host of the China partition but does not exist.
pub(crate) static CHINA_PARTITION_ENDPOINT: Cause = Cause {
    code: "china-partition-endpoint",
    title: "the STS host resembles a China endpoint but does not exist",
    compare: "the host must end in .amazonaws.com.cn",
    severity: Severity::Error,
    advice: Advice::RecreatePod,
    // Sources: partitions.json of the AWS SDKs for regions and suffix; the webhook's default audience, the same in
    // every partition: pods sent through it, tests/webhook.
    explanation: "\
The STS host name does not exist. A misspelt region (cn-north) or a hand-written endpoint with the suffix \
.amazonaws.com produces such a name. China's regions, cn-north-1 and cn-northwest-1, form a separate partition, and \
their hosts end in .amazonaws.com.cn.

Set AWS_REGION to one of the two regions and let the SDK choose the host. The audience in China is sts.amazonaws.com, \
as in every other partition.",
    says: &[],
    settles: false,
    hides_caller: false,
    judge: Some(judge),
    fix,
};

fn judge(evidence: &Evidence) -> Outcome {
    let host = match &evidence.endpoint {
        Seen::NotChecked(why) => return Outcome::skip(why.clone()),
        Seen::Seen(endpoint) => &endpoint.host,
        Seen::Failed(EndpointFault::WrongPartition { endpoint, .. }) => &endpoint.host,
        Seen::Failed(_) => return Outcome::skip("there is no endpoint"),
    };
    if !is_near(host) {
        return Outcome::Pass;
    }
    let role = evidence.role_arn().and_then(|arn| RoleArn::parse(arn).ok());
    let of_china = role.filter(|role| role.partition == Partition::China);
    let role = of_china.map_or_else(String::new, |role| format!(" The role {} is in the China partition.", role.name));
    let cause = format!("The STS host is {host}, which does not exist in the China partition.{role}");
    Diagnosis::new(cause, fix(&Facts::of(evidence))).into()
}

/// Whether a host resembles an STS host in China, but is not one.
pub(crate) fn is_near(host: &str) -> bool {
    let region = host.split('.').find(|label| *label == "cn" || label.starts_with("cn-"));
    let region = region.filter(|region| *region != "cn" || !host.ends_with(".com.cn"));
    region.is_some_and(|region| {
        !Partition::China.knows_region(region) || Partition::of_host(host) != Some(Partition::China)
    })
}

fn fix(_: &Facts) -> Fix {
    Fix::new("Set AWS_REGION to cn-north-1 or cn-northwest-1. SDKs then call the hosts that end in .amazonaws.com.cn.")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_invalid_hosts_that_resemble_china_are_this_fault() {
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
