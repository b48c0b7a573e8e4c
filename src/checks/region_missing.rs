use crate::checks::Check;
use crate::evidence::{EndpointSource, Evidence, Seen};
use crate::finding::{Advice, Cause, Diagnosis, Outcome, Severity};
use crate::sts_errors::{Clues, fix};

/// Nothing tells an SDK which region's STS to call.
pub static CHECK: Check = Check {
    cause: Cause {
        code: "region-missing",
        title: "no region is set, so most SDKs cannot tell which STS to call",
        severity: Severity::Warning,
        advice: Advice::RecreatePod,
        explanation: "\
Neither AWS_REGION nor AWS_DEFAULT_REGION is set, nor does a profile name a region. Some SDKs stop there (\"Missing \
Region\", \"You must specify a region\"), some build a host that does not exist (sts..amazonaws.com), and some call the \
global endpoint sts.amazonaws.com, which lies in us-east-1, cannot be reached from private networks, and does not know \
the accounts of China and GovCloud.

EKS's webhook sets both variables in the pods it changes. A webhook of one's own does so with --aws-default-region; \
else set AWS_REGION in the pod's template.

The probe itself goes on with the region of the token's issuer, so that the rest can still be judged.",
    },
    judge,
};

fn judge(evidence: &Evidence) -> Outcome {
    let environment = &evidence.environment;
    let endpoint = match &evidence.endpoint {
        Seen::Seen(endpoint) => endpoint,
        Seen::NotLooked(why) => return Outcome::skip(why.clone()),
        Seen::Failed(_) => return Outcome::skip("there is no endpoint"),
    };
    let took = match endpoint.source {
        EndpointSource::Region(_) => return Outcome::Pass,
        EndpointSource::Override(_) if environment.first(&["AWS_REGION", "AWS_DEFAULT_REGION"]).is_some() => {
            return Outcome::Pass;
        }
        EndpointSource::Override(variable) => format!("STS is called at {variable}"),
        EndpointSource::Issuer => format!("the probe took {}, the region of the token's issuer", endpoint.region),
        EndpointSource::Fallback => format!("the probe called {}", endpoint.host),
    };
    let cause = format!("Neither AWS_REGION nor AWS_DEFAULT_REGION is set; {took}.");
    Outcome::Warning(Box::new(Diagnosis::new(cause, fix(CHECK.cause.code, &Clues::of(evidence)))))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::{found, healthy, variables};

    #[test]
    fn only_what_an_sdk_would_use_counts_as_a_region() {
        for (source, region, missing) in [
            (EndpointSource::Region("AWS_REGION"), "eu-west-1", false),
            (EndpointSource::Region("a profile"), "", false),
            (EndpointSource::Issuer, "", true),
            (EndpointSource::Fallback, "", true),
            (EndpointSource::Override("AWS_ENDPOINT_URL_STS"), "eu-west-1", false),
            (EndpointSource::Override("AWS_ENDPOINT_URL_STS"), "", true),
        ] {
            let mut evidence = healthy();
            evidence.environment = variables(&[("AWS_REGION", region)]);
            if let Seen::Seen(endpoint) = &mut evidence.endpoint {
                endpoint.source = source.clone();
            }
            assert_eq!(found(&CHECK, &evidence), missing, "{source:?} {region:?}");
        }
    }
}
