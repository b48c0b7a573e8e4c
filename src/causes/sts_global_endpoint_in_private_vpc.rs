use crate::aws::partition::sts_endpoint_service;
use crate::causes::{Advice, Cause, Facts, Fix, Names, Severity, connected};

/// The global STS endpoint is called where only a regional one can be reached.
pub(crate) static STS_GLOBAL_ENDPOINT_IN_PRIVATE_VPC: Cause = Cause {
    code: "sts-global-endpoint-in-private-vpc",
    title: "the global STS endpoint is called from a network without internet",
    compare: "is sts.amazonaws.com called?",
    severity: Severity::Error,
    advice: Advice::RecreatePod,
    // Sources: IAM user guide, "AWS STS Regions and endpoints", section "AWS STS global endpoint changes" (served
    // in the Region of the workload where that Region is enabled by default); AWS Developer Tools Blog, "Updating
    // AWS SDK defaults" (boto3, PHP, C++ and .NET call the regional endpoint since 2025-07-31); IAM user guide,
    // "Interface VPC endpoints".
    explanation: "\
sts.amazonaws.com resolves to public addresses. Since 2025, AWS answers it in the caller's region if that region is \
enabled by default, but its addresses stay public. A VPC without a route to the internet may have an endpoint for \
STS, but only for the name of its own region, sts.REGION.amazonaws.com. Older SDKs (boto3, PHP, C++ and .NET before \
2025-07-31) call the global name unless they are configured otherwise.

Set AWS_STS_REGIONAL_ENDPOINTS=regional and AWS_REGION, then recreate the pod. The webhook sets them if the service \
account has the annotation eks.amazonaws.com/sts-regional-endpoints: \"true\". Do not alias the global name to the \
endpoint: its certificate is not valid for that name.",
    says: &[],
    settles: false,
    hides_caller: true,
    judge: Some(connected),
    fix,
};

fn fix(facts: &Facts) -> Fix {
    let Names { region, .. } = facts.names();
    Fix::new(
        "Call the regional endpoint: set AWS_STS_REGIONAL_ENDPOINTS=regional and AWS_REGION (older SDKs default to the \
         global endpoint), and provide a VPC endpoint for STS.",
    )
    .command(format!(
        "aws ec2 describe-vpc-endpoints --region {region} --filters Name=service-name,Values={} --output json",
        sts_endpoint_service(&region).unwrap_or_else(|| format!("com.amazonaws.{region}.sts"))
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::causes::testing::{found, unreached};
    use crate::probe::evidence::{AddressFault, Dial, Seen, TcpFault};

    #[test]
    fn a_regional_endpoint_that_can_be_reached_decides() {
        let fault = TcpFault::TimedOut { after_ms: 3000 };
        let faults = vec![AddressFault { address: ([52, 1, 1, 1], 443).into(), fault }];
        let silent = Dial { tcp: Some(Err(faults)), ..Dial::default() };
        let way = Dial { dns: Some(Ok(vec![[10, 0, 1, 5].into()])), ..Dial::default() };
        for (host, alternate_route, is) in [
            ("sts.amazonaws.com", Seen::Seen(way.clone()), true),
            ("sts.amazonaws.com", Seen::Failed(way.clone()), false),
            ("sts.amazonaws.com", Seen::not_checked(""), false),
            ("sts.eu-west-1.amazonaws.com", Seen::Seen(way), false),
        ] {
            let mut evidence = unreached(silent.clone());
            evidence.alternate_route = alternate_route;
            if let Seen::Seen(endpoint) = &mut evidence.endpoint {
                endpoint.host = host.into();
            }
            assert_eq!(
                found(&STS_GLOBAL_ENDPOINT_IN_PRIVATE_VPC, &evidence),
                is,
                "{host} {:?}",
                evidence.alternate_route
            );
        }
    }
}
