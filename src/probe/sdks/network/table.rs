//! The rules, one row an SDK.

use crate::probe::evidence::{SYSTEM, SdkKind};

/// Which proxy variables an SDK reads for https URLs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Proxies {
    None,
    /// `HTTPS_PROXY`, but not `ALL_PROXY`.
    Https,
    All,
}

pub(super) struct Row {
    pub kind: SdkKind,
    /// Of the versions with this major number only, where there are two lines.
    pub major: Option<u32>,
    pub name: &'static str,
    /// The variables that name the region, in order. None where the program must name it.
    pub regions: &'static [&'static str],
    /// From which version on `regional` is the default of `AWS_STS_REGIONAL_ENDPOINTS`, and `legacy` before it; `None`
    /// where the SDK calls the regional endpoint whatever that variable says, or where no source says that it reads it.
    pub regional_since: Option<&'static str>,
    pub proxies: Proxies,
    /// The variables whose certificate authorities it trusts; [`SYSTEM`] for the bundle of the image.
    pub bundles: &'static [&'static str],
}

/// As the version since which `regional` is the default: it never was.
const NEVER: Option<&str> = Some("4294967295");
const ALWAYS: Option<&str> = Some("0");

const REGION: &[&str] = &["AWS_REGION"];
pub(super) const DEFAULT: &[&str] = &["AWS_DEFAULT_REGION"];
const BOTH: &[&str] = &["AWS_REGION", "AWS_DEFAULT_REGION"];

const CERTIFI: &[&str] = &["AWS_CA_BUNDLE", "REQUESTS_CA_BUNDLE"];
const NODE: &[&str] = &["NODE_EXTRA_CA_CERTS"];
const TRUSTSTORE: &[&str] = &[];
const OPENSSL: &[&str] = &["SSL_CERT_FILE", "SSL_CERT_DIR", SYSTEM];
const EVERY: &[&str] = &["AWS_CA_BUNDLE", "SSL_CERT_FILE", "SSL_CERT_DIR", SYSTEM];

const fn row(
    (kind, major, name): (SdkKind, Option<u32>, &'static str),
    regions: &'static [&'static str],
    regional_since: Option<&'static str>,
    proxies: Proxies,
    bundles: &'static [&'static str],
) -> Row {
    Row { kind, major, name, regions, regional_since, proxies, bundles }
}

pub(super) static ROWS: &[Row] = &[
    // botocore: configprovider.py (region, sts_regional_endpoints), args.py (the default; `regional` since 1.40.0, run
    // beside 1.39.17), utils.py get_environ_proxies and httpsession.py proxy_url_for (`getproxies()[scheme]`, so no
    // ALL_PROXY), httpsession.py where() (certifi), endpoint.py (REQUESTS_CA_BUNDLE).
    row((SdkKind::Boto3, None, "boto3"), DEFAULT, Some("1.40.0"), Proxies::Https, CERTIFI),
    row((SdkKind::Botocore, None, "botocore"), DEFAULT, Some("1.40.0"), Proxies::Https, CERTIFI),
    // awscli 1.42.0 is the first that requires botocore 1.40.0. Version 2: AWS CLI user guide, "Environment variables"
    // (AWS_REGION comes before AWS_DEFAULT_REGION) and "Breaking changes" (regional by default).
    row((SdkKind::Cli, Some(1), "AWS CLI 1"), DEFAULT, Some("1.42.0"), Proxies::Https, CERTIFI),
    row((SdkKind::Cli, None, "AWS CLI 2"), BOTH, None, Proxies::Https, CERTIFI),
    // SDKs and Tools reference guide, "AWS STS Regional endpoints" and "AWS Region"; the truststore: JSSE reference
    // guide.
    row((SdkKind::JavaV1, None, "Java 1"), REGION, None, Proxies::Https, TRUSTSTORE),
    // utils/.../ProxyEnvironmentSetting.java: HTTP_PROXY, HTTPS_PROXY and NO_PROXY.
    row((SdkKind::JavaV2, None, "Java 2"), REGION, None, Proxies::Https, TRUSTSTORE),
    row((SdkKind::Kotlin, None, "Kotlin"), REGION, None, Proxies::Https, TRUSTSTORE),
    // Node.js, "Command-line API" (NODE_EXTRA_CA_CERTS); SDK for JavaScript developer guide, "Configuring proxies".
    row((SdkKind::JavaScriptV2, None, "JavaScript 2"), REGION, NEVER, Proxies::None, NODE),
    row((SdkKind::JavaScriptV3, None, "JavaScript 3"), REGION, None, Proxies::None, NODE),
    // golang.org/x/net/http/httpproxy, FromEnvironment: no ALL_PROXY. crypto/x509/root_unix.go: SSL_CERT_FILE and _DIR.
    row((SdkKind::GoV1, None, "Go 1"), REGION, NEVER, Proxies::Https, EVERY),
    row((SdkKind::GoV2, None, "Go 2"), BOTH, None, Proxies::Https, EVERY),
    // aws-sdk-core: plugins/regional_endpoint.rb, aws-sdk-sts/plugins/sts_regional_endpoints.rb; Net::HTTP finds a
    // proxy by URI::Generic#find_proxy, which knows no ALL_PROXY.
    row((SdkKind::Ruby, None, "Ruby"), BOTH, ALWAYS, Proxies::Https, EVERY),
    // The program names the region; Guzzle leaves proxies to libcurl, which reads ALL_PROXY (curl(1), ENVIRONMENT).
    row((SdkKind::Php, None, "PHP"), &[], None, Proxies::All, EVERY),
    // .NET, HttpClient.DefaultProxy: ALL_PROXY too; certificates as OpenSSL. Version 4 has no StsRegionalEndpoints.
    row((SdkKind::DotNet, Some(4), ".NET 4"), REGION, None, Proxies::All, OPENSSL),
    row((SdkKind::DotNet, None, ".NET 3"), REGION, ALWAYS, Proxies::All, OPENSSL),
    // ClientConfiguration.cpp (AWS_DEFAULT_REGION first; allowSystemProxy is false).
    row((SdkKind::Cpp, None, "C++"), &["AWS_DEFAULT_REGION", "AWS_REGION"], None, Proxies::None, EVERY),
    // aws-config/src/default_provider/region.rs; aws-smithy-http-client: native roots, which honour SSL_CERT_FILE.
    row((SdkKind::Rust, None, "Rust"), BOTH, None, Proxies::All, OPENSSL),
];

/// The regions in which `legacy` means the global endpoint (SDKs and Tools reference guide, "AWS STS Regional
/// endpoints").
pub(super) const LEGACY_REGIONS: [&str; 16] = [
    "ap-northeast-1",
    "ap-south-1",
    "ap-southeast-1",
    "ap-southeast-2",
    "aws-global",
    "ca-central-1",
    "eu-central-1",
    "eu-north-1",
    "eu-west-1",
    "eu-west-2",
    "eu-west-3",
    "sa-east-1",
    "us-east-1",
    "us-east-2",
    "us-west-1",
    "us-west-2",
];
