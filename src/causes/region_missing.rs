use crate::aws::arn::RoleArn;
use crate::aws::partition::Partition;
use crate::causes::{Advice, Cause, Diagnosis, Outcome, Severity};
use crate::diagnosis::sts_errors::{Clues, fix};
use crate::probe::evidence::{EndpointSource, Evidence, Seen};

/// Nothing tells an SDK which region's STS to call.
pub static REGION_MISSING: Cause = Cause {
        code: "region-missing",
        title: "some or all SDKs find no region, so they cannot tell which STS to call",
        severity: Severity::Warning,
        advice: Advice::RecreatePod,
        // Source: botocore, configprovider.py: the region comes from AWS_DEFAULT_REGION alone. What the global endpoint
        // serves: IAM user guide, "AWS STS Regions and endpoints".
        explanation: "\
Neither AWS_REGION nor AWS_DEFAULT_REGION is set, nor does a profile name a region. Some SDKs stop there (\"Missing \
Region\", \"You must specify a region\"), some build a host that does not exist (sts..amazonaws.com), and some call the \
global endpoint sts.amazonaws.com, which no VPC endpoint serves and which does not know the accounts of China and \
GovCloud.

EKS's webhook sets both variables in the pods it changes. A webhook of one's own does so with --aws-default-region; \
else set AWS_REGION in the pod's template.

boto3 and version 1 of the aws CLI read AWS_DEFAULT_REGION and not AWS_REGION. This code says so only for roles of China, \
GovCloud and the like, where the global endpoint that they then call cannot be right; elsewhere \
sdk-calls-another-endpoint says whether they reach it.

The probe itself goes on with the region of the token's issuer, so that the rest can still be judged.",
    judge: Some(judge),
};

fn judge(evidence: &Evidence) -> Outcome {
    let environment = &evidence.environment;
    let endpoint = match &evidence.endpoint {
        Seen::Seen(endpoint) => endpoint,
        Seen::NotLooked(why) => return Outcome::skip(why.clone()),
        Seen::Failed(_) => return Outcome::skip("there is no endpoint"),
    };
    let took = match endpoint.source {
        EndpointSource::Region("AWS_REGION") if needs_default_region(evidence) => {
            let cause = "AWS_REGION is set and AWS_DEFAULT_REGION is not, the only one that boto3 and version 1 of the \
                         aws CLI read: they call the global sts.amazonaws.com, which knows nothing of the role's partition.";
            return warning(cause.to_owned(), evidence);
        }
        EndpointSource::Region(_) => return Outcome::Pass,
        EndpointSource::Override(_) if environment.first(&["AWS_REGION", "AWS_DEFAULT_REGION"]).is_some() => {
            return Outcome::Pass;
        }
        EndpointSource::Override(variable) => format!("STS is called at {variable}"),
        EndpointSource::Issuer => format!("the probe took {}, the region of the token's issuer", endpoint.region),
        EndpointSource::Fallback => format!("the probe called {}", endpoint.host),
    };
    let cause = format!("Neither AWS_REGION nor AWS_DEFAULT_REGION is set; {took}.");
    warning(cause, evidence)
}

fn warning(cause: String, evidence: &Evidence) -> Outcome {
    Outcome::Warning(Box::new(Diagnosis::new(cause, fix(&REGION_MISSING, &Clues::of(evidence)))))
}

/// Whether an SDK that finds no region would leave the role's partition.
fn needs_default_region(evidence: &Evidence) -> bool {
    let role = evidence.environment.value("AWS_ROLE_ARN").and_then(|arn| RoleArn::parse(arn).ok());
    let elsewhere = role.is_some_and(|role| role.partition != Partition::Aws);
    elsewhere && !evidence.environment.variable("AWS_DEFAULT_REGION").is_filled()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::causes::testing::{found, healthy, variables};

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
            assert_eq!(found(&REGION_MISSING, &evidence), missing, "{source:?} {region:?}");
        }
    }

    #[test]
    fn outside_the_commercial_partition_the_variable_of_boto3_must_be_set_too() {
        let (commercial, china) = ("arn:aws:iam::111122223333:role/a", "arn:aws-cn:iam::111122223333:role/a");
        for (role, default_region, missing) in
            [(china, "", true), (china, "cn-north-1", false), (commercial, "", false)]
        {
            let mut evidence = healthy();
            evidence.environment = variables(&[
                ("AWS_REGION", "cn-north-1"),
                ("AWS_ROLE_ARN", role),
                ("AWS_DEFAULT_REGION", default_region),
            ]);
            assert_eq!(found(&REGION_MISSING, &evidence), missing, "{role} {default_region:?}");
        }
    }
}
