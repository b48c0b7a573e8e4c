use crate::causes::{Advice, Cause, Diagnosis, Facts, Fix, Outcome, Severity};
use crate::probe::evidence::{Evidence, Seen};
use crate::probe::sdks::network::{Connection, Other, Why, failure, listed, other_endpoints};

/// SDKs call another endpoint than the one that the probe tested, and that endpoint cannot be reached.
pub(crate) static SDK_CALLS_ANOTHER_ENDPOINT: Cause = Cause {
    code: "sdk-calls-another-endpoint",
    title: "some SDKs call an STS endpoint that this pod cannot reach",
    compare: "the endpoint in the SDK's error",
    severity: Severity::Warning,
    advice: Advice::RecreatePod,
    // The rules of each SDK, with sources, are in `probe::sdks::network`. Which SDKs changed their default on
    // 2025-07-31: AWS Developer Tools Blog, "Updating AWS SDK defaults".
    explanation: "\
SDKs choose the STS endpoint in different ways. boto3 and version 1 of the AWS CLI read the region only from \
AWS_DEFAULT_REGION, and call the global endpoint sts.amazonaws.com if it is not set. Java, JavaScript and .NET read \
only AWS_REGION. Go, Rust and Ruby read both. AWS_STS_REGIONAL_ENDPOINTS=legacy sends the SDKs that read it to the \
global endpoint; it was the default of boto3 before 1.40.0 and of the AWS CLI before 1.42.0. In a VPC that reaches \
STS only through a VPC endpoint, only the regional name works.

The probe calls one endpoint. It then opens a connection to each of the other endpoints, and sends nothing. This \
warning names the SDKs whose endpoint failed. A program that sets the region in its own code is not affected.

Set AWS_REGION and AWS_DEFAULT_REGION to the same region and AWS_STS_REGIONAL_ENDPOINTS=regional, then recreate the \
pod. The webhook sets AWS_STS_REGIONAL_ENDPOINTS if the service account has the annotation \
eks.amazonaws.com/sts-regional-endpoints: \"true\".",
    says: &[],
    settles: false,
    hides_caller: false,
    judge: Some(judge),
    fix,
};

fn judge(evidence: &Evidence) -> Outcome {
    if let Some(why) = evidence.why_not_irsa() {
        return Outcome::skip(why);
    }
    let endpoint = match &evidence.endpoint {
        Seen::Seen(endpoint) => endpoint,
        Seen::NotChecked(why) => return Outcome::skip(why.clone()),
        Seen::Failed(_) => return Outcome::skip("there is no endpoint"),
    };
    let failed: Vec<(Other, String)> = other_endpoints(evidence)
        .into_iter()
        .filter_map(|other| {
            let fault = failure(evidence, &Connection { host: other.host.clone(), is_direct: false })?;
            Some((other, fault))
        })
        .collect();
    let Some((first, _)) = failed.first() else {
        return Outcome::Pass;
    };
    let calls = failed.iter().map(|(other, fault)| {
        let Other { host, why, names } = other;
        format!("{} would call {host}, {}. That connection failed: {fault}.", listed(names), because(why))
    });
    let calls: Vec<String> = calls.collect();
    let cause = format!("STS answered at {}. {}", endpoint.host, calls.join(" "));
    let fix = for_endpoint(&first.why, &endpoint.region);
    Outcome::Warning(Box::new(Diagnosis::new(cause, fix)))
}

fn because(why: &Why) -> String {
    match why {
        Why::NoRegion(variable) => format!("because {variable} is not set"),
        Why::Region(variable, region) => format!("because {variable} is {region}"),
        Why::Legacy(setting) => format!("because {setting} is legacy"),
        Why::LegacyByDefault => "because AWS_STS_REGIONAL_ENDPOINTS is not set".to_owned(),
    }
}

fn for_endpoint(why: &Why, region: &str) -> Fix {
    Fix::new(match why {
        Why::NoRegion(_) | Why::Region(..) => {
            format!(
                "Set both AWS_REGION and AWS_DEFAULT_REGION to {region} in the pod template, then recreate the pod."
            )
        }
        Why::Legacy(_) | Why::LegacyByDefault => {
            "Set AWS_STS_REGIONAL_ENDPOINTS=regional in the pod template, then recreate the pod.".to_owned()
        }
    })
}

fn fix(_: &Facts) -> Fix {
    Fix::new(
        "Set AWS_REGION, AWS_DEFAULT_REGION and AWS_STS_REGIONAL_ENDPOINTS=regional in the pod template, then recreate \
         the pod.",
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::causes::testing::{environment, found};
    use crate::probe::evidence::{Dial, DnsFault};

    const GLOBAL: &str = "sts.amazonaws.com";

    fn unknown(host: &str) -> Dial {
        Dial { host: host.into(), dns: Some(Err(DnsFault::NoSuchName)), ..Dial::default() }
    }

    #[test]
    fn only_an_endpoint_that_failed_gives_a_warning() {
        for (variables, elsewhere, words) in [
            (
                &[("AWS_REGION", "eu-west-1")][..],
                vec![unknown(GLOBAL)],
                "boto3 and AWS CLI 1 would call sts.amazonaws.com",
            ),
            (&[("AWS_REGION", "eu-west-1")], vec![Dial { host: GLOBAL.into(), ..Dial::default() }], ""),
            (&[("AWS_REGION", "eu-west-1")], vec![], ""),
            (&[("AWS_REGION", "eu-west-1"), ("AWS_DEFAULT_REGION", "eu-west-1")], vec![unknown(GLOBAL)], ""),
            (
                &[("AWS_REGION", "eu-west-1"), ("AWS_DEFAULT_REGION", "us-west-2")],
                vec![unknown("sts.us-west-2.amazonaws.com")],
                "because AWS_DEFAULT_REGION is us-west-2",
            ),
        ] {
            let evidence = Evidence { other_connections: elsewhere, ..environment(variables) };
            assert_eq!(found(&SDK_CALLS_ANOTHER_ENDPOINT, &evidence), !words.is_empty(), "{variables:?}");
            if let Outcome::Warning(diagnosis) = judge(&evidence) {
                assert!(
                    diagnosis.cause.contains(words) && diagnosis.cause.contains("no such name"),
                    "{}",
                    diagnosis.cause
                );
            }
        }
    }
}
