//! How each AWS SDK reaches STS by default: which endpoint it calls, which proxy variables and which certificate
//! authorities it reads. What a program sets in its own code comes before all of this.

mod table;

pub(crate) use table::Proxies;

use crate::aws::partition::Partition;
use crate::probe::evidence::{Dial, Endpoint, EndpointSource, Evidence, OF_THE_PROBE, SYSTEM, SdkKind};
use crate::probe::sdks::support::numbers;
use table::{DEFAULT, LEGACY_REGIONS, ROWS, Row};

const GLOBAL: &str = "sts.amazonaws.com";

/// An SDK that the application uses or, where its SDKs are not known, may use.
pub(crate) struct Client {
    row: &'static Row,
    pub(super) version: Option<[u32; 4]>,
    pub name: String,
    /// It was found in the application's image.
    pub is_known: bool,
}

/// Why an SDK calls another endpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Why {
    /// The only variable that it reads is not set.
    NoRegion(&'static str),
    /// It reads this variable, whose value is another region.
    Region(&'static str, String),
    /// The variable or the profile's setting that is `legacy`.
    Legacy(&'static str),
    /// `AWS_STS_REGIONAL_ENDPOINTS` is not set, and `legacy` is this version's default.
    LegacyByDefault,
}

/// An endpoint that was not proved, and who calls it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Other {
    pub host: String,
    pub why: Why,
    pub names: Vec<String>,
}

/// `a, b and c`.
pub(crate) fn listed(names: &[String]) -> String {
    match names {
        [] => String::new(),
        [one] => one.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

/// The SDKs in the application's image that its program may use; every SDK where they are not known.
pub(crate) fn clients(evidence: &Evidence) -> Vec<Client> {
    let known: Vec<Client> = evidence
        .target
        .iter()
        .flat_map(|target| {
            let sdks = target.sdks.seen().into_iter().flat_map(|scan| &scan.sdks);
            sdks.filter(|sdk| target.may_use(sdk)).filter_map(|sdk| {
                let version = sdk.version.as_deref().and_then(numbers);
                let name =
                    [Some(sdk.kind.name()), sdk.version.as_deref()].into_iter().flatten().collect::<Vec<_>>().join(" ");
                Some(Client { row: row_of(sdk.kind, version)?, version, name, is_known: true })
            })
        })
        .collect();
    if !known.is_empty() {
        return known;
    }
    let own = |row: &&Row| row.kind != SdkKind::Botocore;
    let client = |row: &'static Row| Client { row, version: None, name: row.name.to_owned(), is_known: false };
    ROWS.iter().filter(own).map(client).collect()
}

fn row_of(kind: SdkKind, version: Option<[u32; 4]>) -> Option<&'static Row> {
    let major = version.map(|[major, ..]| major);
    ROWS.iter().find(|row| row.kind == kind && (row.major.is_none() || row.major == major))
}

impl Client {
    pub(super) fn kind(&self) -> SdkKind {
        self.row.kind
    }

    pub(crate) fn proxies(&self) -> Proxies {
        self.row.proxies
    }

    /// Whether it trusts the certificate authorities that `bundle` names: a variable, [`SYSTEM`], or [`OF_THE_PROBE`],
    /// which stands for those that an SDK or its runtime brings along.
    pub(crate) fn trusts(&self, bundle: &str) -> bool {
        match bundle {
            OF_THE_PROBE => !self.row.bundles.contains(&SYSTEM),
            _ => self.row.bundles.contains(&bundle),
        }
    }

    /// Whether an empty `AWS_ENDPOINT_URL` or `AWS_ENDPOINT_URL_STS` counts as none; see `collect/profiles.rs`.
    pub(crate) fn ignores_an_empty_endpoint(&self) -> bool {
        use SdkKind::*;
        matches!(self.row.kind, Boto3 | Botocore | Cli | GoV2 | JavaScriptV3)
    }

    /// Whether it reads nothing else where `SSL_CERT_FILE` or `SSL_CERT_DIR` is set (rustls-native-certs,
    /// `load_native_certs`). Go and OpenSSL read the image's bundle too, unless both are set.
    pub(crate) fn reads_named_bundles_alone(&self) -> bool {
        self.row.kind == SdkKind::Rust
    }

    /// The variables of its own that may name further authorities.
    pub(crate) fn bundles(&self) -> &'static [&'static str] {
        self.row.bundles
    }

    /// The host that it calls if that is not the endpoint's.
    fn other_host(&self, evidence: &Evidence, endpoint: &Endpoint) -> Option<(String, Why)> {
        let environment = &evidence.environment;
        // Files that cannot be parsed may name a region and a kind of endpoint.
        let is_unknown = evidence.profile.failed().is_some();
        let profile = evidence.profile.seen();
        let of_profile =
            profile.and_then(|profile| profile.region.as_deref()).map(|region| ("the profile's region", region));
        let of_profile = of_profile.filter(|_| !self.row.regions.is_empty());
        let Some((variable, region)) = environment.first(self.row.regions).or(of_profile) else {
            // Measured with botocore 1.34 to 1.44: without a region it calls the global endpoint.
            let is_boto = self.row.regions == DEFAULT && !is_unknown;
            return is_boto.then(|| (GLOBAL.to_owned(), Why::NoRegion("AWS_DEFAULT_REGION")));
        };
        let is_old =
            self.row.regional_since.and_then(numbers).zip(self.version).is_some_and(|(since, own)| own < since);
        let kind = || Some(("the profile's sts_regional_endpoints", profile?.sts_regional_endpoints.as_deref()?));
        let legacy = match environment.first(&["AWS_STS_REGIONAL_ENDPOINTS"]).or_else(kind) {
            _ if self.row.regional_since.is_none() => None,
            Some((setting, value)) => value.eq_ignore_ascii_case("legacy").then_some(Why::Legacy(setting)),
            None => (is_old && !is_unknown).then_some(Why::LegacyByDefault),
        };
        match legacy {
            Some(why) if LEGACY_REGIONS.contains(&region) => Some((GLOBAL.to_owned(), why)),
            _ if region == "aws-global" => Some((GLOBAL.to_owned(), Why::Region(variable, region.to_owned()))),
            _ => {
                let suffix = Partition::of_region(region)?.dns_suffix();
                Some((format!("sts.{region}.{suffix}"), Why::Region(variable, region.to_owned())))
            }
        }
        .filter(|(host, _)| *host != endpoint.host)
    }
}

/// The endpoints that SDKs call in this environment beside the one that was proved.
pub(crate) fn other_endpoints(evidence: &Evidence) -> Vec<Other> {
    let environment = &evidence.environment;
    // Both have names of their own, whatever the region's setting.
    let special = ["AWS_USE_FIPS_ENDPOINT", "AWS_USE_DUALSTACK_ENDPOINT"].map(|name| environment.value(name));
    let Some(endpoint) = proved(evidence).filter(|endpoint| {
        !matches!(endpoint.source, EndpointSource::Override(_)) && special.iter().all(|value| *value != Some("true"))
    }) else {
        return Vec::new();
    };
    let mut others: Vec<Other> = Vec::new();
    for client in clients(evidence) {
        let Some((host, why)) = client.other_host(evidence, endpoint) else { continue };
        // Outside its partition no endpoint can be right: `region-missing` and `wrong-partition-endpoint` are about
        // that.
        if Partition::of_host(&host) != endpoint.partition {
            continue;
        }
        match others.iter_mut().find(|other| other.host == host && other.why == why) {
            Some(other) if other.names.contains(&client.name) => {}
            Some(other) => other.names.push(client.name),
            None => others.push(Other { host, why, names: vec![client.name] }),
        }
    }
    others
}

/// The SDKs that connect directly although the probe went through a proxy. Of those that read no proxy variable at all
/// only the ones that are known to be there: their programs set a proxy in code.
pub(crate) fn without_proxy(evidence: &Evidence) -> Vec<String> {
    let variable = evidence.environment.https_proxy().map(|(variable, _)| variable.to_ascii_uppercase());
    let is_proxied = proved(evidence).is_some_and(|endpoint| endpoint.proxy.is_some());
    let Some(variable) = variable.filter(|_| is_proxied) else {
        return Vec::new();
    };
    let reads = if variable == "ALL_PROXY" { Proxies::All } else { Proxies::Https };
    let mut names = Vec::new();
    for client in clients(evidence) {
        let counts = client.is_known || client.proxies() == Proxies::Https;
        if counts && client.proxies() < reads && !names.contains(&client.name) {
            names.push(client.name);
        }
    }
    names
}

/// The endpoint at which STS answered, over https.
fn proved(evidence: &Evidence) -> Option<&Endpoint> {
    let endpoint = evidence.endpoint.seen()?;
    (evidence.dial.seen().is_some() && endpoint.https).then_some(endpoint)
}

/// A connection that an SDK makes in place of the probe's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Connection {
    pub host: String,
    /// Past the proxy that the variables name.
    pub is_direct: bool,
}

/// The connections to try, as far as they differ from the one that was proved.
pub(crate) fn connections(evidence: &Evidence) -> Vec<Connection> {
    let mut connections: Vec<Connection> = Vec::new();
    for Other { host, .. } in other_endpoints(evidence) {
        let connection = Connection { host, is_direct: false };
        if !connections.contains(&connection) {
            connections.push(connection);
        }
    }
    let endpoint = proved(evidence).filter(|_| !without_proxy(evidence).is_empty());
    connections.extend(endpoint.map(|endpoint| Connection { host: endpoint.host.clone(), is_direct: true }));
    connections
}

/// How the attempt to make that connection failed, if it did.
pub(crate) fn failure(evidence: &Evidence, connection: &Connection) -> Option<String> {
    let is_it = |dial: &&Dial| dial.host == connection.host && (dial.via.is_none() || !connection.is_direct);
    evidence.other_connections.iter().find(is_it)?.fault()
}

#[cfg(test)]
mod tests;
