use crate::aws::partition::Partition;
use crate::causes::{
    Advice, CHINA_PARTITION_ENDPOINT, Candidate, Cause, Diagnosis, Facts, Fix, HostFrom, Outcome, PROXY_INTERFERES,
    Priority, Reading, Saying, Severity, WEB_IDENTITY, WEB_IDENTITY_OR_STS, answered, any, china_partition_endpoint,
    with,
};
use crate::probe::evidence::{DnsFault, Endpoint, EndpointFault, EndpointSource, Evidence, Flaw, Seen};
use crate::probe::sdks::network::{Client, clients};

/// The settings send the call to something that is not STS.
pub(crate) static STS_ENDPOINT_MISCONFIGURED: Cause = Cause {
    code: "sts-endpoint-misconfigured",
    title: "the endpoint settings do not lead to STS",
    compare: "endpoint settings must lead to STS",
    severity: Severity::Error,
    advice: Advice::RecreatePod,
    // Source: AWS SDKs and Tools reference guide, "Service-specific endpoints", "AWS STS Regional endpoints" and
    // "Dual-stack and FIPS endpoints".
    explanation: "\
The pod's settings send STS calls to something that is not STS. AWS_ENDPOINT_URL_STS, AWS_ENDPOINT_URL or the region \
decides where STS is called. AWS_STS_REGIONAL_ENDPOINTS=legacy, AWS_USE_FIPS_ENDPOINT and AWS_USE_DUALSTACK_ENDPOINT \
change the name too.

Common mistakes are an endpoint meant for S3 that also applies to STS (S3 answers such a call with MethodNotAllowed, \
405), a region that does not exist (the name then does not resolve), TLS disabled for all services (http://sts...), \
and an override without a scheme.

Give each service its own override (for example AWS_ENDPOINT_URL_S3) and spell the region as AWS does, then recreate \
the pod. Its variables were set when it was created.",
    says: &[
        // Every service says this of its own endpoint.
        Saying::new(
            Priority::Aws,
            &[with(&["credential should be scoped to a valid region"], &[WEB_IDENTITY_OR_STS])],
            |_| {
                let why = "the call was signed for another region than the endpoint's";
                Reading::decided(&STS_ENDPOINT_MISCONFIGURED, why)
            },
        ),
        Saying::new(Priority::Sdk, &[any(&["http://sts.", "http://sts-fips."])], |_| {
            let why = "STS is called over http: TLS is disabled for all calls of the SDK";
            Reading::decided(&STS_ENDPOINT_MISCONFIGURED, why)
        }),
        // STS knows no unsigned call without a name; gateways and other services of AWS say this.
        Saying::new(
            Priority::Vague(15),
            &[with(
                &["missingauthenticationtoken", "missingauthenticationtokenexception", "missing authentication token"],
                &[WEB_IDENTITY],
            )],
            not_sts,
        ),
        // A server other than STS answered.
        Saying::new(
            Priority::Vague(50),
            &[with(
                &[
                    "methodnotallowed",
                    "method not allowed",
                    "405",
                    "invalid xml received",
                    "unable to parse response",
                    "failed to unmarshal error message",
                    "serializationerror",
                    "deserialization failed",
                    "failed to decode response body",
                    "invalid character '<' looking for beginning of value",
                    "unexpected token <",
                    "unexpected token '<'",
                    "unsupported protocol scheme",
                    "invalid endpoint",
                    "relative url without a base",
                    "could not find operation",
                    "invalidaction",
                    "unknownoperationexception",
                ],
                &[WEB_IDENTITY_OR_STS],
            )],
            not_sts,
        ),
    ],
    settles: false,
    hides_caller: true,
    judge: Some(judge),
    fix,
};

fn judge(evidence: &Evidence) -> Outcome {
    let fault = |cause: String| Diagnosis::new(cause, fix(&Facts::of(evidence)));
    match &evidence.endpoint {
        Seen::NotChecked(why) => Outcome::skip(why.clone()),
        Seen::Failed(EndpointFault::BadUrl { variable, url, why }) => {
            fault(format!("{variable} is {url:?}, which is not a usable endpoint URL: it {why}.")).into()
        }
        Seen::Failed(EndpointFault::BadRegion { variable, region }) => {
            fault(format!("{variable} is {region:?}, which is not a valid region name.{}", meant(region))).into()
        }
        Seen::Failed(EndpointFault::NoRule(words)) => {
            fault(format!("The SDK finds no endpoint for these settings: {words}.")).into()
        }
        Seen::Failed(EndpointFault::WrongPartition { .. }) => Outcome::skip("the endpoint is in another partition"),
        Seen::Seen(endpoint) => {
            if let Some(cause) = misspelt_region(endpoint, evidence) {
                fault(cause).into()
            } else if !endpoint.https && endpoint.partition.is_some() {
                let cause = format!(
                    "STS is called without TLS at {}. Anyone on the network path can read the token.",
                    endpoint.url
                );
                Outcome::Warning(Box::new(fault(cause)))
            } else {
                match (answered(evidence), empty_override(evidence)) {
                    (Outcome::Pass, Some(cause)) => Outcome::Warning(Box::new(fault(cause))),
                    (outcome, _) => outcome,
                }
            }
        }
    }
}

/// An empty variable, which not every SDK ignores.
fn empty_override(evidence: &Evidence) -> Option<String> {
    let is_empty = |name: &&str| evidence.environment.variable(name).flaw() == Some(Flaw::Empty);
    let variable = ["AWS_ENDPOINT_URL_STS", "AWS_ENDPOINT_URL"].into_iter().find(is_empty)?;
    let clients = clients(evidence);
    let takes_it = |client: &Client| !(client.is_known && client.ignores_an_empty_endpoint());
    let is_ignored = evidence.environment.value("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS") == Some("true");
    (!is_ignored && clients.iter().any(takes_it)).then(|| {
        format!(
            "{variable} is empty. boto3, the AWS CLI, Go and JavaScript ignore that. Other SDKs, such as the one for Rust, \
             take it for the endpoint and fail."
        )
    })
}

/// A host that does not exist, in an unknown region.
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
    Partition::nearest_region(region).map_or_else(String::new, |near| format!(" Did you mean {near}?"))
}

fn not_sts(facts: &Facts) -> Reading {
    let why = match &facts.host {
        Some(host) => format!("{host} returned a response that STS never returns"),
        None => "a server other than STS answered: an endpoint override, or a proxy or portal in between".to_owned(),
    };
    Reading::ranked(vec![
        Candidate::new(&STS_ENDPOINT_MISCONFIGURED, why),
        Candidate::new(&PROXY_INTERFERES, "a proxy or portal may have answered instead"),
    ])
}

/// Adds this cause: first if an override names the host, last if nobody knows what names it.
pub(crate) fn with_override(facts: &Facts, mut candidates: Vec<Candidate>, why: &'static str) -> Vec<Candidate> {
    match facts.host_from {
        HostFrom::Unknown => candidates.push(Candidate::new(&STS_ENDPOINT_MISCONFIGURED, why)),
        HostFrom::Region => {}
        HostFrom::Override(variable) => {
            let why = format!("{variable} names this host, which may not be STS");
            candidates.insert(0, Candidate::new(&STS_ENDPOINT_MISCONFIGURED, why));
        }
    }
    candidates
}

/// A host that cannot be right comes first, whatever failed.
pub(super) fn host_first(facts: &Facts, mut candidates: Vec<Candidate>) -> Reading {
    candidates.splice(0..0, impossible(facts));
    Reading::ranked(candidates)
}

/// Why the host cannot be one of STS.
fn impossible(facts: &Facts) -> Option<Candidate> {
    let host = facts.host.as_deref()?;
    let region = host.split('.').nth(1).filter(|region| host.starts_with("sts") && *region != "amazonaws")?;
    if region.starts_with("cn-") {
        let right = "use sts.cn-north-1.amazonaws.com.cn or sts.cn-northwest-1.amazonaws.com.cn";
        let known = Partition::China.knows_region(region) && Partition::of_host(host) == Some(Partition::China);
        return (!known).then(|| Candidate::new(&CHINA_PARTITION_ENDPOINT, format!("{host} does not exist; {right}")));
    }
    let known = Partition::of_region(region).is_some_and(|partition| partition.knows_region(region));
    let near = Partition::nearest_region(region).map_or_else(String::new, |near| format!("; did you mean {near:?}?"));
    (!known && !host.contains("vpce"))
        .then(|| Candidate::new(&STS_ENDPOINT_MISCONFIGURED, format!("{host} does not name a known region{near}")))
}

fn fix(_: &Facts) -> Fix {
    Fix::new(
        "Correct the region or the endpoint override: unset AWS_ENDPOINT_URL and AWS_ENDPOINT_URL_STS (give other \
         services their own variables, such as AWS_ENDPOINT_URL_S3), and use https.",
    )
    .command("env | grep -E '^AWS_(REGION|DEFAULT_REGION)='")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::causes::testing::{answered, failed, found, healthy};
    use crate::probe::evidence::{CallFault, Dial, Operation::*, UnexpectedKind, UnexpectedResponse};

    #[test]
    fn each_unusable_setting_is_named() {
        let region = |variable: &'static str, region: &str| {
            Seen::Failed(EndpointFault::BadRegion { variable, region: region.into() })
        };
        let url =
            EndpointFault::BadUrl { variable: "AWS_ENDPOINT_URL", url: "s3:9000".into(), why: "has no scheme".into() };
        for (endpoint, says) in [
            (region("AWS_REGION", "eu west 1"), "Did you mean eu-west-1?"),
            (Seen::Failed(url), "AWS_ENDPOINT_URL is \"s3:9000\""),
        ] {
            let evidence = Evidence { endpoint, ..healthy() };
            let Outcome::Fault(diagnosis) = judge(&evidence) else { panic!("no fault") };
            assert!(diagnosis.cause.contains(says), "{}", diagnosis.cause);
        }
    }

    #[test]
    fn a_region_is_wrong_only_if_it_is_unknown_and_its_host_does_not_exist() {
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
    fn an_answer_from_another_service_is_the_fault_of_the_override() {
        let unexpected = UnexpectedResponse {
            operation: AssumeRoleWithWebIdentity,
            status: 405,
            content_type: None,
            server: None,
            kind: UnexpectedKind::OtherXml { code: Some("MethodNotAllowed".into()) },
            attempts: 1,
        };
        let mut evidence = failed(AssumeRoleWithWebIdentity, CallFault::NotSts(unexpected));
        assert!(!found(&STS_ENDPOINT_MISCONFIGURED, &evidence));
        if let Seen::Seen(endpoint) = &mut evidence.endpoint {
            endpoint.source = EndpointSource::Override("AWS_ENDPOINT_URL");
        }
        assert!(found(&STS_ENDPOINT_MISCONFIGURED, &evidence));
        assert!(!found(&STS_ENDPOINT_MISCONFIGURED, &answered(AssumeRoleWithWebIdentity, 403, "AccessDenied", "")));
    }
}
