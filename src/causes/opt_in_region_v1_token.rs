use crate::aws::partition::Partition;
use crate::causes::{Advice, Cause, Diagnosis, Facts, Fix, Outcome, Severity, answered};
use crate::probe::evidence::{Evidence, Seen};

/// The session comes from the global endpoint, and the region refuses such sessions.
pub(crate) static OPT_IN_REGION_V1_TOKEN: Cause = Cause {
    code: "opt-in-region-v1-token",
    title: "this region refuses sessions from the global STS endpoint",
    compare: "call the regional STS endpoint",
    severity: Severity::Error,
    advice: Advice::RecreatePod,
    // Source: IAM user guide, "Manage AWS STS in an AWS Region", section on session tokens of the global endpoint.
    // Which regions are opt-in: `Partition::is_opt_in`.
    explanation: "\
The global endpoint sts.amazonaws.com issues version 1 sessions, which are valid only in regions that are enabled by \
default. Regions that an account must enable (af-south-1, ap-east-1, eu-south-1 and me-south-1, for example) refuse \
them. The errors are InvalidClientTokenId, InvalidToken (\"The provided token is malformed or otherwise invalid\") at \
S3, and AuthFailure at EC2.

Regional endpoints issue version 2 sessions, which are valid everywhere. Set AWS_STS_REGIONAL_ENDPOINTS=regional and \
AWS_REGION (or the annotation eks.amazonaws.com/sts-regional-endpoints: \"true\"), then recreate the pod. The \
account's owner can also switch the global endpoint to version 2, for all regions, in the account settings of IAM.",
    says: &[],
    settles: false,
    hides_caller: false,
    judge: Some(judge),
    fix,
};

fn judge(evidence: &Evidence) -> Outcome {
    let endpoint = match &evidence.endpoint {
        Seen::Seen(endpoint) => endpoint,
        Seen::NotChecked(why) => return Outcome::skip(why.clone()),
        Seen::Failed(_) => return Outcome::skip("there is no endpoint"),
    };
    let region = evidence.environment.first(&["AWS_REGION", "AWS_DEFAULT_REGION"]);
    match region.filter(|(_, region)| Partition::is_opt_in(region)) {
        Some((variable, region)) if endpoint.is_global() && evidence.caller.seen().is_some() => {
            let cause = format!(
                "{variable} is {region}, an opt-in region, and the session comes from the global endpoint {}. Services \
                 in that region refuse the session unless the account has changed the version of these sessions.",
                endpoint.host
            );
            Outcome::Warning(Box::new(Diagnosis::new(cause, fix(&Facts::of(evidence)))))
        }
        _ => answered(evidence),
    }
}

fn fix(_: &Facts) -> Fix {
    Fix::new(
        "Get sessions from a regional endpoint: set AWS_STS_REGIONAL_ENDPOINTS=regional (or \
         eks.amazonaws.com/sts-regional-endpoints: \"true\" on the service account) and AWS_REGION.",
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::causes::testing::{answered, environment, found};
    use crate::probe::evidence::Operation::GetCallerIdentity;

    #[test]
    fn the_global_endpoint_with_an_opt_in_region_is_this_fault() {
        for (host, region, is) in [
            ("sts.amazonaws.com", "ap-east-1", true),
            ("sts.ap-east-1.amazonaws.com", "ap-east-1", false),
            ("sts.amazonaws.com", "eu-west-1", false),
        ] {
            let mut evidence = environment(&[("AWS_REGION", region)]);
            if let Seen::Seen(endpoint) = &mut evidence.endpoint {
                endpoint.host = host.into();
            }
            assert_eq!(found(&OPT_IN_REGION_V1_TOKEN, &evidence), is, "{host} {region}");
        }
    }

    #[test]
    fn a_refused_session_in_an_opt_in_region_is_this_fault() {
        let message = "The security token included in the request is invalid";
        for (region, is) in [("ap-east-1", true), ("eu-west-1", false)] {
            let mut evidence = answered(GetCallerIdentity, 403, "InvalidClientTokenId", message);
            if let Seen::Seen(endpoint) = &mut evidence.endpoint {
                endpoint.region = region.into();
            }
            assert_eq!(found(&OPT_IN_REGION_V1_TOKEN, &evidence), is, "{region}");
        }
    }
}
