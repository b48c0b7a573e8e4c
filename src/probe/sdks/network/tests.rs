use super::*;
use crate::causes::testing::{environment, profile, with_sdk};
use crate::probe::evidence::{Profile, Seen};

const NO_REGION: &[(&str, &str)] = &[("AWS_REGION", "eu-west-1")];
const NO_KIND: &[(&str, &str)] = &[("AWS_REGION", "eu-west-1"), ("AWS_DEFAULT_REGION", "eu-west-1")];
const LEGACY: &[(&str, &str)] =
    &[("AWS_REGION", "eu-west-1"), ("AWS_DEFAULT_REGION", "eu-west-1"), ("AWS_STS_REGIONAL_ENDPOINTS", "legacy")];

#[test]
fn each_sdk_goes_by_its_own_variables() {
    use SdkKind::*;
    for (kind, version, variables, host) in [
        (Boto3, "1.44.8", NO_REGION, GLOBAL),
        (Boto3, "1.44.8", NO_KIND, ""),
        (Boto3, "1.39.17", NO_KIND, GLOBAL),
        (Boto3, "1.44.8", LEGACY, GLOBAL),
        (Cli, "1.41.0", NO_KIND, GLOBAL),
        (Cli, "1.42.0", NO_KIND, ""),
        (Cli, "2.15.0", NO_REGION, ""),
        (GoV1, "1.55.0", NO_KIND, GLOBAL),
        (GoV2, "1.30.0", LEGACY, ""),
        (JavaV2, "2.25.0", LEGACY, ""),
        (Ruby, "3.200.0", LEGACY, GLOBAL),
        (Ruby, "3.200.0", NO_REGION, ""),
        (DotNet, "3.7.400.0", LEGACY, GLOBAL),
        (DotNet, "4.0.0.1", LEGACY, ""),
        (
            Cpp,
            "1.11.0",
            &[("AWS_REGION", "eu-west-1"), ("AWS_DEFAULT_REGION", "us-west-2")],
            "sts.us-west-2.amazonaws.com",
        ),
        // Not a region of the old ones, where legacy changes nothing.
        (
            Boto3,
            "1.34.0",
            &[("AWS_REGION", "eu-south-1"), ("AWS_DEFAULT_REGION", "eu-south-1")],
            "sts.eu-south-1.amazonaws.com",
        ),
    ] {
        let target = Some(with_sdk("app", kind, version));
        let evidence = Evidence { target, ..environment(variables) };
        let hosts: Vec<String> = other_endpoints(&evidence).into_iter().map(|other| other.host).collect();
        assert_eq!(hosts.join(" "), host, "{kind:?} {version} {variables:?}");
    }
}

#[test]
fn the_profile_names_region_and_kind_where_no_variable_does() {
    for (region, kind, version, host) in [
        (Some("eu-west-1"), None, "1.44.8", ""),
        (Some("eu-west-1"), Some("legacy"), "1.44.8", GLOBAL),
        (Some("eu-west-1"), Some("regional"), "1.39.17", ""),
        (Some("eu-west-1"), None, "1.39.17", GLOBAL),
        (None, None, "1.44.8", GLOBAL),
    ] {
        let named = |text: Option<&str>| text.map(str::to_owned);
        let (region, sts_regional_endpoints) = (named(region), named(kind));
        let profile = Seen::Seen(Profile { region, sts_regional_endpoints, ..profile(&[]) });
        let target = Some(with_sdk("app", SdkKind::Boto3, version));
        let evidence = Evidence { target, profile, ..environment(NO_REGION) };
        let hosts: Vec<String> = other_endpoints(&evidence).into_iter().map(|other| other.host).collect();
        assert_eq!(hosts.join(" "), host, "{kind:?} {version}");
    }
}

#[test]
fn a_default_is_held_against_a_version_that_is_known_only() {
    assert_eq!(other_endpoints(&environment(NO_KIND)), []);
    let names: Vec<String> =
        other_endpoints(&environment(NO_REGION)).into_iter().flat_map(|other| other.names).collect();
    assert_eq!(names, ["boto3", "AWS CLI 1"]);
}

#[test]
fn what_names_the_endpoint_for_every_sdk_leaves_no_other() {
    let mut evidence = environment(&[NO_REGION, &[("AWS_USE_FIPS_ENDPOINT", "true")]].concat());
    assert_eq!(other_endpoints(&evidence), []);
    evidence = environment(NO_REGION);
    if let crate::probe::evidence::Seen::Seen(endpoint) = &mut evidence.endpoint {
        endpoint.source = EndpointSource::Override("AWS_ENDPOINT_URL_STS");
    }
    assert_eq!(other_endpoints(&evidence), []);
}

#[test]
fn every_sdk_has_a_rule() {
    for kind in crate::probe::sdks::chain::tests::ALL {
        assert!(row_of(kind, None).is_some(), "{kind:?}");
    }
}
