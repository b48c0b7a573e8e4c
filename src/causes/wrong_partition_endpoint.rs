use crate::aws::partition::Partition;
use crate::causes::{Advice, Cause, Diagnosis, Facts, Fix, Outcome, Severity, answered, china_partition_endpoint};
use crate::probe::evidence::{EndpointFault, EndpointSource, Evidence, Seen};

/// The STS endpoint is in another partition than the role.
pub(crate) static WRONG_PARTITION_ENDPOINT: Cause = Cause {
    code: "wrong-partition-endpoint",
    title: "the STS endpoint is in another partition than the role",
    compare: "role and endpoint must share a partition",
    severity: Severity::Error,
    advice: Advice::RecreatePod,
    // Source: partitions.json of the AWS SDKs.
    explanation: "\
The commercial regions, China, GovCloud, the European Sovereign Cloud (aws-eusc) and the isolated regions are \
separate partitions with their own accounts, roles and hosts. STS in one partition does not know the others. It \
answers \"No OpenIDConnect provider found in your account\", and refuses signed calls with InvalidClientTokenId.

This happens when no region is set and an SDK falls back to sts.amazonaws.com, when AWS_REGION was copied from \
another stage, and when an SDK builds an inner client for us-east-1 whatever the configuration says.

Set AWS_REGION to a region of the role's partition and remove endpoint overrides, then recreate the pod. The probe \
never sends a token to another partition.",
    says: &[],
    settles: false,
    hides_caller: false,
    judge: Some(judge),
    fix,
};

fn judge(evidence: &Evidence) -> Outcome {
    let Some(EndpointFault::WrongPartition { endpoint, role }) = evidence.endpoint.failed() else {
        return match &evidence.endpoint {
            Seen::NotChecked(why) => Outcome::skip(why.clone()),
            Seen::Failed(_) => Outcome::skip("there is no endpoint"),
            Seen::Seen(_) => answered(evidence),
        };
    };
    if china_partition_endpoint::is_near(&endpoint.host) {
        return Outcome::skip("the endpoint does not exist");
    }
    let from = match &endpoint.source {
        EndpointSource::Override(variable) | EndpointSource::Region(variable) => format!(" (from {variable})"),
        EndpointSource::Issuer => " (from the token's issuer)".to_owned(),
        EndpointSource::Fallback => String::new(),
    };
    let called =
        endpoint.partition.map_or("another partition".to_owned(), |called| format!("the partition {}", called.id()));
    let cause = format!(
        "The role is in the partition {}, but STS would be called at {}{from}, in {called}. The probe did not send the \
         token there.",
        role.id(),
        endpoint.host
    );
    Diagnosis::new(cause, fix(&Facts::of(evidence))).into()
}

/// Why the called host is in another partition than the role or the issuer, if it is.
pub(super) fn why(facts: &Facts) -> Option<String> {
    let host = facts.host.as_deref()?;
    let called = Partition::of_host(host)?;
    let role = facts.role.as_ref().map(|role| role.partition);
    let region = facts.region.as_deref().and_then(Partition::of_region);
    let wanted = role.or_else(|| facts.issuer_partition()).or(region).filter(|wanted| *wanted != called)?;
    Some(format!("{host} belongs to partition {}, but the role or the issuer to {}", called.id(), wanted.id()))
}

fn fix(_: &Facts) -> Fix {
    Fix::new(
        "Set AWS_REGION to a region of the role's partition and remove endpoint overrides so that STS is called there.",
    )
    .command("env | grep -E '^AWS_(REGION|DEFAULT_REGION|ROLE_ARN)='")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::aws::partition::Partition;
    use crate::causes::testing::{answered, found, healthy};
    use crate::probe::evidence::{Endpoint, Operation::*};

    #[test]
    fn the_endpoint_must_be_in_the_role_s_partition() {
        let Seen::Seen(endpoint) = healthy().endpoint else { panic!("an endpoint") };
        for (host, role, wrong) in [
            ("sts.eu-west-1.amazonaws.com", Partition::China, true),
            ("sts.us-gov-west-1.amazonaws.com", Partition::Aws, true),
            ("sts.cn-north.amazonaws.com", Partition::China, false),
        ] {
            let endpoint = Endpoint { host: host.into(), partition: Partition::of_host(host), ..endpoint.clone() };
            let fault = EndpointFault::WrongPartition { endpoint: Box::new(endpoint), role };
            let evidence = Evidence { endpoint: Seen::Failed(fault), ..healthy() };
            assert_eq!(found(&WRONG_PARTITION_ENDPOINT, &evidence), wrong, "{host}");
        }
    }

    #[test]
    fn answers_of_another_partition_are_recognised() {
        let message = "The security token included in the request is invalid";
        let mut evidence = answered(GetCallerIdentity, 403, "InvalidClientTokenId", message);
        assert!(!found(&WRONG_PARTITION_ENDPOINT, &evidence));
        if let Seen::Seen(endpoint) = &mut evidence.endpoint {
            endpoint.host = "sts.us-gov-west-1.amazonaws.com".into();
        }
        assert!(found(&WRONG_PARTITION_ENDPOINT, &evidence));
    }
}
