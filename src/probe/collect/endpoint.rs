//! Which STS endpoint an SDK in this environment calls, by the SDK's own rules.

use super::profiles::{self, Profiles};
use super::transport::Transport;
use crate::aws::partition::Partition;
use crate::probe::evidence::{Endpoint, EndpointFault, EndpointSource, Token};
use crate::probe::os_shim;
use crate::probe::subject::{Subject, Variables};
use crate::text::redact;
use crate::text::secrets::Secrets;
use aws_config::retry::RetryConfig;
use aws_config::{ConfigLoader, Region, SdkConfig};
use aws_sdk_sts::config::endpoint::{DefaultResolver, Params, ResolveEndpoint};
use aws_types::service_config::ServiceConfigKey;

/// The SDK's configuration for this subject, without credentials.
pub(super) async fn sdk_config(subject: &Subject, profiles: &Profiles, transport: &Transport) -> SdkConfig {
    // Otherwise the SDK asks the node's metadata service if no region is set, through `transport`.
    let more = ("AWS_EC2_METADATA_DISABLED", "true");
    let loader = loader_with(Some(more), subject, profiles, transport).no_credentials();
    // AWS_REGION comes first in the SDK's own chain too, but that chain builds a client for the metadata service first.
    match subject.variables.filled("AWS_REGION") {
        Some(region) => loader.region(Region::new(region.to_owned())).load().await,
        None => loader.load().await,
    }
}

/// The SDK's configuration loader, without credentials yet.
pub(super) fn loader(subject: &Subject, profiles: &Profiles, transport: &Transport) -> ConfigLoader {
    loader_with(None, subject, profiles, transport)
}

fn loader_with(
    more: Option<(&str, &str)>,
    subject: &Subject,
    profiles: &Profiles,
    transport: &Transport,
) -> ConfigLoader {
    let variables: Vec<_> = profiles::variables(subject).into_iter().chain(more).collect();
    os_shim::loader(&variables, profiles.files())
        .http_client(transport.clone())
        .retry_config(retries(&subject.variables))
}

/// Left to itself, the SDK panics over an `AWS_MAX_ATTEMPTS` or `AWS_RETRY_MODE` that it cannot read.
fn retries(variables: &Variables) -> RetryConfig {
    let attempts = variables.filled("AWS_MAX_ATTEMPTS").and_then(|attempts| attempts.parse().ok());
    attempts
        .filter(|attempts| *attempts > 0)
        .map_or(RetryConfig::standard(), |attempts| RetryConfig::standard().with_max_attempts(attempts))
}

/// Finds the endpoint. Where no region is set, it takes the issuer's, or the first of the role's partition. With EKS
/// Pod Identity, nothing names the role's partition beforehand, and no token is sent to STS.
///
/// # Errors
/// There is none, or the token must not be sent to it.
pub(super) async fn locate(
    sdk: &SdkConfig,
    variables: &Variables,
    role: Option<Partition>,
    token: Option<&Token>,
    transport: &Transport,
) -> Result<Endpoint, EndpointFault> {
    let (region, source) = region(sdk, variables, role, token)?;
    if let Some((variable, url)) = endpoint_override(sdk, variables, transport.secrets()) {
        return endpoint(&url, region, EndpointSource::Override(variable), transport)
            .map_err(|why| EndpointFault::BadUrl { variable, url: shown(&url), why });
    }
    let parameters = Params::builder()
        .region(region.clone())
        .use_fips(sdk.use_fips().unwrap_or_default())
        .use_dual_stack(sdk.use_dual_stack().unwrap_or_default())
        .build()
        .map_err(|error| EndpointFault::NoRule(error.to_string()))?;
    let resolved = DefaultResolver::new().resolve_endpoint(&parameters).await;
    let resolved = resolved.map_err(|error| EndpointFault::NoRule(error.to_string()))?;
    let found = endpoint(resolved.url(), region, source, transport).map_err(EndpointFault::NoRule)?;
    match role {
        Some(role) if found.partition != Some(role) => {
            Err(EndpointFault::WrongPartition { endpoint: Box::new(found), role })
        }
        _ => Ok(found),
    }
}

fn region(
    sdk: &SdkConfig,
    variables: &Variables,
    role: Option<Partition>,
    token: Option<&Token>,
) -> Result<(String, EndpointSource), EndpointFault> {
    let configured = sdk.region().map(Region::as_ref).filter(|region| !region.trim().is_empty());
    // An empty AWS_REGION makes this SDK fail. Other SDKs try the next source, and so does the probe.
    let configured = configured.or_else(|| variables.filled("AWS_DEFAULT_REGION"));
    if let Some(region) = configured {
        let names = ["AWS_REGION", "AWS_DEFAULT_REGION"];
        let source = names.into_iter().find(|name| variables.filled(name).is_some()).unwrap_or("profile");
        let label = region.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-') && region.len() < 64;
        return match label {
            true => Ok((region.to_owned(), EndpointSource::Region(source))),
            false => Err(EndpointFault::BadRegion { variable: source, region: redact::scrub(region) }),
        };
    }
    let issuer = token.and_then(|token| token.issuer.as_deref()).unwrap_or_default();
    let is_of_partition = |partition: Partition| role.is_none_or(|role| role == partition);
    let named = issuer.split(['.', '/']).find(|label| Partition::of_region(label).is_some_and(is_of_partition));
    Ok(match named {
        Some(region) => (region.to_owned(), EndpointSource::Issuer),
        None => (role.unwrap_or(Partition::Aws).default_region().to_owned(), EndpointSource::Fallback),
    })
}

fn endpoint_override(sdk: &SdkConfig, variables: &Variables, secrets: &Secrets) -> Option<(&'static str, String)> {
    let url = named(sdk)?;
    // A profile's, too.
    secrets.keep_url(&url);
    let names = ["AWS_ENDPOINT_URL_STS", "AWS_ENDPOINT_URL"];
    let named = names.into_iter().find(|name| variables.text(name) == Some(Ok(&url)));
    Some((named.unwrap_or("profile"), url))
}

/// The endpoint that the user names, as the SDK looks for it: the service's own variable or profile entry, then the
/// one for all services (AWS SDKs reference, "Service-specific endpoints").
fn named(sdk: &SdkConfig) -> Option<String> {
    let key = ServiceConfigKey::builder().service_id("STS").env("AWS_ENDPOINT_URL").profile("endpoint_url").build();
    let own = key.ok().and_then(|key| sdk.service_config()?.load_config(key));
    own.or_else(|| sdk.endpoint_url().map(str::to_owned))
}

/// The endpoint that the user names, where it holds a user and a password, without them: aws-sigv4 would sign them as
/// part of the host, which is sent without them (`canonical_request.rs`, `insert_host_header`). botocore signs the host
/// alone.
pub(super) fn without_password(sdk: &SdkConfig) -> Option<String> {
    let url = named(sdk)?;
    redact::userinfo(&url).map(|userinfo| url.replacen(&format!("{userinfo}@"), "", 1))
}

fn endpoint(url: &str, region: String, source: EndpointSource, transport: &Transport) -> Result<Endpoint, String> {
    let parsed: hyper::Uri = url.parse().map_err(|_| "is not a URL".to_owned())?;
    let https = match parsed.scheme_str() {
        Some("https") => true,
        Some("http") => false,
        Some(scheme) => return Err(format!("has the scheme {scheme:?}, where https or http is needed")),
        None => return Err("has no scheme; it must begin with https:// or http://".to_owned()),
    };
    let Some(host) = parsed.host().filter(|host| !host.is_empty()) else {
        return Err("names no host".to_owned());
    };
    Ok(Endpoint {
        url: shown(url),
        host: host.to_ascii_lowercase(),
        port: parsed.port_u16().unwrap_or(if https { 443 } else { 80 }),
        https,
        region,
        source,
        partition: Partition::of_host(&host.to_ascii_lowercase()),
        proxy: transport.proxy_for(&parsed),
    })
}

/// The URL without user and password.
fn shown(url: &str) -> String {
    redact::url(&redact::scrub(url))
}
