use super::china_partition_endpoint;
use crate::aws::partition::Partition;
use crate::causes::{Advice, Cause, Diagnosis, Outcome, Severity};
use crate::diagnosis::sts_errors::{self, Clues, fix};
use crate::probe::evidence::{DnsFault, Endpoint, EndpointFault, EndpointSource, Evidence, Seen};

/// The settings lead the call to something that is not STS.
pub static STS_ENDPOINT_MISCONFIGURED: Cause = Cause {
        code: "sts-endpoint-misconfigured",
        title: "the settings lead calls to something that is not STS",
        severity: Severity::Error,
        advice: Advice::RecreatePod,
        // Source: AWS SDKs and Tools reference guide, "Service-specific endpoints", "AWS STS Regional endpoints" and
        // "Dual-stack and FIPS endpoints".
        explanation: "\
Where STS is called follows from AWS_ENDPOINT_URL_STS, AWS_ENDPOINT_URL, or the region; AWS_STS_REGIONAL_ENDPOINTS=legacy, \
AWS_USE_FIPS_ENDPOINT and AWS_USE_DUALSTACK_ENDPOINT change the name too. Seen in the field: an endpoint meant for S3 \
that also catches STS (S3 answers such a call with MethodNotAllowed, 405), a region that does not exist (the name then \
does not resolve), TLS switched off for all services (http://sts...), and an override without scheme.

Give each service its own override (AWS_ENDPOINT_URL_S3, say), spell the region as AWS does, and recreate the pod: its \
variables were set when it was made.",
    judge: Some(judge),
};

fn judge(evidence: &Evidence) -> Outcome {
    let fault = |cause: String| Diagnosis::new(cause, fix(&STS_ENDPOINT_MISCONFIGURED, &Clues::of(evidence)));
    match &evidence.endpoint {
        Seen::NotLooked(why) => Outcome::skip(why.clone()),
        Seen::Failed(EndpointFault::BadUrl { variable, url, why }) => {
            fault(format!("{variable} is {url:?}, which cannot be called: {why}.")).into()
        }
        Seen::Failed(EndpointFault::BadRegion { variable, region }) => {
            fault(format!("{variable} is {region:?}, which cannot be a region.{}", meant(region))).into()
        }
        Seen::Failed(EndpointFault::NoRule(words)) => {
            fault(format!("The SDK finds no endpoint for these settings: {words}.")).into()
        }
        Seen::Failed(EndpointFault::WrongPartition { .. }) => Outcome::skip("the endpoint is of another partition"),
        Seen::Seen(endpoint) => {
            if let Some(cause) = misspelt_region(endpoint, evidence) {
                fault(cause).into()
            } else if let Some(fault) = sts_errors::said(&STS_ENDPOINT_MISCONFIGURED, evidence) {
                fault
            } else if !endpoint.https && endpoint.partition.is_some() {
                let cause =
                    format!("STS is called without TLS, at {}: whoever listens can take the token.", endpoint.url);
                Outcome::Warning(Box::new(fault(cause)))
            } else {
                sts_errors::judge(&STS_ENDPOINT_MISCONFIGURED, evidence)
            }
        }
    }
}

/// A host that does not exist, in a region that nobody knows.
fn misspelt_region(endpoint: &Endpoint, evidence: &Evidence) -> Option<String> {
    let EndpointSource::Region(variable) = endpoint.source else { return None };
    let region = &endpoint.region;
    let known = Partition::of_region(region).is_some_and(|partition| partition.knows_region(region));
    let dial = evidence.dial.failed()?;
    let unknown_name = matches!(dial.dns, Some(Err(DnsFault::NoSuchName)));
    (!known && unknown_name && dial.via.is_none() && !china_partition_endpoint::is_near(&endpoint.host))
        .then(|| format!("{variable} is {region:?}, and {} does not exist.{}", endpoint.host, meant(region)))
}

fn meant(region: &str) -> String {
    Partition::nearest_region(region).map_or_else(String::new, |near| format!(" Is {near} meant?"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::causes::testing::{answered, failed, found, healthy};
    use crate::probe::evidence::{Alien, AlienKind, CallFault, Dial, Operation::*};

    #[test]
    fn each_way_to_miss_sts_is_told() {
        let region = |variable: &'static str, region: &str| {
            Seen::Failed(EndpointFault::BadRegion { variable, region: region.into() })
        };
        let url =
            EndpointFault::BadUrl { variable: "AWS_ENDPOINT_URL", url: "s3:9000".into(), why: "no scheme".into() };
        for (endpoint, says) in [
            (region("AWS_REGION", "eu west 1"), "Is eu-west-1 meant?"),
            (Seen::Failed(url), "AWS_ENDPOINT_URL is \"s3:9000\""),
        ] {
            let evidence = Evidence { endpoint, ..healthy() };
            let Outcome::Fault(diagnosis) = judge(&evidence) else { panic!("no fault") };
            assert!(diagnosis.cause.contains(says), "{}", diagnosis.cause);
        }
    }

    #[test]
    fn a_region_is_only_wrong_if_nobody_knows_it_and_its_host_does_not_exist() {
        for (name, dns, wrong) in [
            ("eu-west-11", DnsFault::NoSuchName, true),
            ("eu-west-11", DnsFault::TimedOut { after_ms: 1 }, false),
            ("eu-west-1", DnsFault::NoSuchName, false),
        ] {
            let mut evidence = healthy();
            if let Seen::Seen(endpoint) = &mut evidence.endpoint {
                endpoint.region = name.into();
                endpoint.host = format!("sts.{name}.amazonaws.com");
            }
            evidence.dial = Seen::Failed(Dial { dns: Some(Err(dns.clone())), ..Dial::default() });
            assert_eq!(found(&STS_ENDPOINT_MISCONFIGURED, &evidence), wrong, "{name} {dns:?}");
        }
    }

    #[test]
    fn an_answer_of_something_else_is_the_overrides_fault() {
        let alien = Alien {
            operation: AssumeRoleWithWebIdentity,
            status: 405,
            content_type: None,
            server: None,
            kind: AlienKind::OtherXml { code: Some("MethodNotAllowed".into()) },
            attempts: 1,
        };
        let mut evidence = failed(AssumeRoleWithWebIdentity, CallFault::NotSts(alien));
        assert!(!found(&STS_ENDPOINT_MISCONFIGURED, &evidence));
        if let Seen::Seen(endpoint) = &mut evidence.endpoint {
            endpoint.source = EndpointSource::Override("AWS_ENDPOINT_URL");
        }
        assert!(found(&STS_ENDPOINT_MISCONFIGURED, &evidence));
        assert!(!found(&STS_ENDPOINT_MISCONFIGURED, &answered(AssumeRoleWithWebIdentity, 403, "AccessDenied", "")));
    }
}
