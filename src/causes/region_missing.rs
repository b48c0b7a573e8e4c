use crate::aws::arn::RoleArn;
use crate::aws::partition::Partition;
use crate::causes::{Advice, Cause, Diagnosis, Facts, Fix, Outcome, Priority, Reading, Saying, Severity, any, with};
use crate::probe::evidence::{EndpointSource, Evidence, Seen};

/// No setting gives SDKs the region of the STS endpoint.
pub(crate) static REGION_MISSING: Cause = Cause {
    code: "region-missing",
    title: "some or all SDKs find no region and cannot choose an STS endpoint",
    compare: "AWS_REGION must be set",
    severity: Severity::Warning,
    advice: Advice::RecreatePod,
    // Source: botocore, configprovider.py: the region comes from AWS_DEFAULT_REGION alone. What the global endpoint
    // serves: IAM user guide, "AWS STS Regions and endpoints".
    explanation: "\
Neither AWS_REGION nor AWS_DEFAULT_REGION is set, and no profile names a region. Some SDKs stop there (\"Missing \
Region\", \"You must specify a region\"). Some call a host that does not exist (sts..amazonaws.com). Some call the \
global endpoint sts.amazonaws.com, which no VPC endpoint serves and which does not know the accounts of China and \
GovCloud.

EKS's webhook sets both variables in the pods that it mutates. A self-hosted webhook does so with \
--aws-default-region. Otherwise set AWS_REGION in the pod template.

boto3 and version 1 of the AWS CLI read AWS_DEFAULT_REGION and not AWS_REGION. This code reports that only for roles \
in China, GovCloud and other separate partitions, where the global endpoint that they then call cannot be right. \
Elsewhere, sdk-calls-another-endpoint reports whether they can reach it.

The probe itself continues with the region of the token's issuer, so that it can check the rest.",
    says: &[Saying::new(
        Priority::Sdk,
        &[
            any(&[
                "missingregion",
                "missing region in config",
                "missingregionerror",
                "noregionerror",
                "could not find region configuration",
                "unable to find a region",
                "unable to load region",
                "no region was provided",
                "no regionendpoint or serviceurl configured",
                "sts..amazonaws.com",
                "sts..amazonaws.com.cn",
                "https://sts./",
                "\"region\" configuration value is required",
                "aws region is required",
                "region is required, but was not found",
                "unable to determine aws region",
                "aws region not found",
            ]),
            // Other clouds have regions too.
            with(
                &[
                    "region not set",
                    "region is not set",
                    "no region configured",
                    "failed to load region",
                    "no region specified",
                    "no region found",
                    "region must be specified",
                    "region must be set",
                    "region cannot be empty",
                    "must provide a region",
                    "no default region",
                    "unable to determine region",
                    "failed to determine region",
                    "could not determine region",
                    "must specify a region",
                    "region is missing",
                    "missing region",
                ],
                &[&[
                    "aws",
                    "sts",
                    "eks",
                    "ec2",
                    "s3",
                    "aws_region",
                    "amazonaws",
                    "botocore",
                    "boto3",
                    "awssdk",
                    "aws-sdk",
                    "smithy",
                ]],
            ),
            with(&["aws_region", "aws_default_region"], &[&["missing", "required", "must be set", "not set"]]),
            with(&["missing required client configuration options"], &[&["region"]]),
        ],
        |_| Reading::decided(&REGION_MISSING, "no region is set, so the SDK cannot determine the STS endpoint"),
    )],
    settles: false,
    hides_caller: false,
    judge: Some(judge),
    fix,
};

fn judge(evidence: &Evidence) -> Outcome {
    if let Some(why) = evidence.why_not_irsa() {
        return Outcome::skip(why);
    }
    let environment = &evidence.environment;
    let endpoint = match &evidence.endpoint {
        Seen::Seen(endpoint) => endpoint,
        Seen::NotChecked(why) => return Outcome::skip(why.clone()),
        Seen::Failed(_) => return Outcome::skip("there is no endpoint"),
    };
    let used = match endpoint.source {
        EndpointSource::Region("AWS_REGION") if needs_default_region(evidence) => {
            let cause = "AWS_REGION is set, but AWS_DEFAULT_REGION is not. boto3 and version 1 of the AWS CLI read \
                         only AWS_DEFAULT_REGION. They call the global sts.amazonaws.com, which does not know the \
                         role's partition.";
            return warning(cause.to_owned(), evidence);
        }
        EndpointSource::Region(_) => return Outcome::Pass,
        EndpointSource::Override(_) if is_in_profile(evidence) => return Outcome::Pass,
        EndpointSource::Override(_) if environment.first(&["AWS_REGION", "AWS_DEFAULT_REGION"]).is_some() => {
            return Outcome::Pass;
        }
        EndpointSource::Override("profile") => "The probe calls the endpoint_url of the profile".to_owned(),
        EndpointSource::Override(variable) => format!("The probe calls the endpoint in {variable}"),
        EndpointSource::Issuer => format!("The probe uses {}, the region of the token's issuer", endpoint.region),
        EndpointSource::Fallback => format!("The probe calls {}", endpoint.host),
    };
    let cause = format!("Neither AWS_REGION nor AWS_DEFAULT_REGION is set. {used}.");
    warning(cause, evidence)
}

fn warning(cause: String, evidence: &Evidence) -> Outcome {
    Outcome::Warning(Box::new(Diagnosis::new(cause, fix(&Facts::of(evidence)))))
}

/// Whether an SDK that finds no region would leave the role's partition.
fn needs_default_region(evidence: &Evidence) -> bool {
    let role = evidence.role_arn().and_then(|arn| RoleArn::parse(arn).ok());
    let elsewhere = role.is_some_and(|role| role.partition != Partition::Aws);
    elsewhere && !is_in_profile(evidence) && !evidence.environment.variable("AWS_DEFAULT_REGION").is_filled()
}

/// Every SDK reads the region of its profile.
fn is_in_profile(evidence: &Evidence) -> bool {
    evidence.profile.seen().is_some_and(|profile| profile.region.is_some())
}

fn fix(_: &Facts) -> Fix {
    Fix::new("Set AWS_REGION in the pod (the webhook sets it if run with --aws-default-region).")
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
    fn outside_the_commercial_partition_aws_default_region_must_be_set_too() {
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
