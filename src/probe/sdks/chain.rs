//! In which order the default credential chain of each AWS SDK runs: the one table about it.
//!
//! The table describes default chains only. Keys, a provider or a profile that a program sets in its code come first.

use crate::probe::evidence::{Evidence, SdkKind};
use crate::probe::sdks::support::numbers;

/// A place where an SDK runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Link {
    /// `AWS_ACCESS_KEY_ID` and `AWS_SECRET_ACCESS_KEY`.
    Keys,
    /// A profile that assumes a role with other credentials: `role_arn` without `web_identity_token_file`.
    AssumeRole,
    /// `AWS_WEB_IDENTITY_TOKEN_FILE` and `AWS_ROLE_ARN`.
    WebIdentity,
    /// Whatever else the profile files say.
    Profile,
    /// EKS Pod Identity and ECS.
    Container,
    /// The instance metadata service.
    Node,
}

use Link::*;

struct Row {
    kind: SdkKind,
    /// From this version on, up to the next row of the same SDK.
    since: &'static str,
    order: [Link; 6],
}

const fn row(kind: SdkKind, since: &'static str, order: [Link; 6]) -> Row {
    Row { kind, since, order }
}

/// What most SDKs do.
const KEYS_WEB_FILE: [Link; 6] = [Keys, WebIdentity, AssumeRole, Profile, Container, Node];
const KEYS_FILE_WEB: [Link; 6] = [Keys, AssumeRole, Profile, WebIdentity, Container, Node];
const BOTO: [Link; 6] = [Keys, AssumeRole, WebIdentity, Profile, Container, Node];

static ROWS: &[Row] = &[
    // botocore/credentials.py, create_credential_resolver: EnvProvider, AssumeRoleProvider, then the providers of
    // ProfileProviderBuilder, which begin with AssumeRoleWithWebIdentityProvider; that one reads the variables before
    // the profile. boto3 and the AWS CLI use botocore's chain.
    row(SdkKind::Boto3, "0", BOTO),
    row(SdkKind::Botocore, "0", BOTO),
    row(SdkKind::Cli, "0", BOTO),
    // com.amazonaws.auth.DefaultAWSCredentialsProviderChain.
    row(SdkKind::JavaV1, "0", KEYS_WEB_FILE),
    // software.amazon.awssdk.auth.credentials.DefaultCredentialsProvider.
    row(SdkKind::JavaV2, "0", KEYS_WEB_FILE),
    // SDK for Kotlin developer guide, "Credentials providers": the order changed with version 1.4.0.
    row(SdkKind::Kotlin, "0", KEYS_FILE_WEB),
    row(SdkKind::Kotlin, "1.4.0", KEYS_WEB_FILE),
    // lib/node_loader.js, CredentialProviderChain.defaultProviders; here EcsCredentials come before the token file.
    row(SdkKind::JavaScriptV2, "0", [Keys, AssumeRole, Profile, Container, WebIdentity, Node]),
    // packages/credential-provider-node/src/defaultProvider.ts: fromEnv, fromSSO, fromIni, fromProcess, fromTokenFile,
    // remoteProvider.
    row(SdkKind::JavaScriptV3, "0", KEYS_FILE_WEB),
    // aws/session/credentials.go, resolveCredentials; a profile comes first only if the program names it.
    row(SdkKind::GoV1, "0", KEYS_WEB_FILE),
    // config/resolve_credentials.go, resolveCredentialChain; the same.
    row(SdkKind::GoV2, "0", KEYS_WEB_FILE),
    // gems/aws-sdk-core/lib/aws-sdk-core/credential_provider_chain.rb; the same.
    row(SdkKind::Ruby, "0", KEYS_WEB_FILE),
    // src/Credentials/CredentialProvider.php, defaultProvider.
    row(SdkKind::Php, "0", KEYS_WEB_FILE),
    // Version 3: sdk/src/Core/Amazon.Runtime/Credentials/FallbackCredentialsFactory.cs.
    row(SdkKind::DotNet, "3", [WebIdentity, AssumeRole, Profile, Keys, Container, Node]),
    // Version 4: DefaultAWSCredentialsIdentityResolver.cs, and the developer guide, "Credential and profile
    // resolution".
    row(SdkKind::DotNet, "4", KEYS_WEB_FILE),
    // src/aws-cpp-sdk-core/source/auth/AWSCredentialsProviderChain.cpp.
    row(SdkKind::Cpp, "0", KEYS_FILE_WEB),
    // aws-config/src/default_provider/credentials.rs.
    row(SdkKind::Rust, "0", KEYS_FILE_WEB),
];

/// Whether `kind` takes `link` before web identity. `None` where that changed and the version is not known.
pub(crate) fn comes_before_web_identity(kind: SdkKind, version: Option<&str>, link: Link) -> Option<bool> {
    first_of(kind, version, &[link, WebIdentity]).map(|first| first == link)
}

/// Which of `links` this SDK takes first. `None` where that changed and the version is not known.
pub(super) fn first_of(kind: SdkKind, version: Option<&str>, links: &[Link]) -> Option<Link> {
    let version = version.and_then(numbers);
    let first = |row: &Row| row.order.into_iter().find(|link| links.contains(link));
    let rows = || ROWS.iter().filter(|row| row.kind == kind);
    match version {
        Some(_) => rows().rfind(|row| numbers(row.since) <= version).and_then(first),
        None => {
            let by_first_row = rows().next().and_then(first)?;
            rows().all(|row| first(row) == Some(by_first_row)).then_some(by_first_row)
        }
    }
}

/// Every SDK in its newest version, and which of `links` it takes first.
pub(super) fn first_of_each(links: &[Link]) -> impl Iterator<Item = (SdkKind, Link)> {
    let is_newest = |(place, row): &(usize, &Row)| ROWS.get(place + 1).is_none_or(|next| next.kind != row.kind);
    let newest = ROWS.iter().enumerate().filter(is_newest);
    newest.filter_map(move |(_, row)| Some((row.kind, row.order.into_iter().find(|link| links.contains(link))?)))
}

/// Who takes a link of the chain before web identity, each as the subject of a clause with its verb.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Takers {
    /// The SDKs of the target are not known.
    Unknown,
    /// Those SDKs of the target's image that its program may use.
    These(String),
    None,
}

pub(crate) fn takers(evidence: &Evidence, link: Link) -> Takers {
    let target = evidence.target.as_ref();
    let Some((target, scan)) = target.and_then(|target| Some((target, target.sdks.seen()?))) else {
        return Takers::Unknown;
    };
    let (mut before, mut after) = (Vec::new(), Vec::new());
    for sdk in scan.sdks.iter().filter(|sdk| target.may_use(sdk)) {
        let version = sdk.version.as_deref();
        let name = [Some(sdk.kind.name()), version].into_iter().flatten().collect::<Vec<_>>().join(" ");
        // An SDK of which it is not known counts as one that may.
        let may = comes_before_web_identity(sdk.kind, version, link) != Some(false);
        let side = if may { &mut before } else { &mut after };
        if !side.contains(&name) {
            side.push(name);
        }
    }
    match (before.as_slice(), after.as_slice()) {
        ([], []) => Takers::Unknown,
        ([], _) if scan.cut_short.is_some() => Takers::Unknown,
        ([], _) => Takers::None,
        ([one], []) => Takers::These(format!("{one} in the image takes")),
        (_, []) => Takers::These(format!("{} in the image take", before.join(", "))),
        _ => Takers::These(format!("of the image, {} (but not {}) would take", before.join(", "), after.join(", "))),
    }
}

impl Takers {
    /// `unknown` where the SDKs are not known; nothing if none of them does.
    pub(crate) fn or(self, unknown: &str) -> Option<String> {
        match self {
            Takers::Unknown => Some(unknown.to_owned()),
            Takers::These(who) => Some(who),
            Takers::None => None,
        }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) const ALL: [SdkKind; 15] = [
        SdkKind::Boto3,
        SdkKind::Botocore,
        SdkKind::Cli,
        SdkKind::JavaV1,
        SdkKind::JavaV2,
        SdkKind::Kotlin,
        SdkKind::JavaScriptV2,
        SdkKind::JavaScriptV3,
        SdkKind::GoV1,
        SdkKind::GoV2,
        SdkKind::Ruby,
        SdkKind::Php,
        SdkKind::DotNet,
        SdkKind::Cpp,
        SdkKind::Rust,
    ];

    #[test]
    fn keys_come_first_in_all_but_dot_net_3_and_a_file_only_in_some() {
        for kind in ALL {
            let keys = comes_before_web_identity(kind, Some("4.0.0"), Keys);
            assert_eq!(keys, Some(true), "{kind:?}");
            let file = comes_before_web_identity(kind, Some("4.0.0"), Profile);
            let reads_it_first =
                matches!(kind, SdkKind::JavaScriptV2 | SdkKind::JavaScriptV3 | SdkKind::Cpp | SdkKind::Rust);
            assert_eq!(file, Some(reads_it_first), "{kind:?}");
            let role = comes_before_web_identity(kind, Some("4.0.0"), AssumeRole);
            let boto = matches!(kind, SdkKind::Boto3 | SdkKind::Botocore | SdkKind::Cli);
            assert_eq!(role, Some(reads_it_first || boto), "{kind:?}");
        }
    }

    #[test]
    fn an_order_that_changed_needs_the_version() {
        for (kind, version, link, before) in [
            (SdkKind::DotNet, Some("3.7.400.0"), Keys, Some(false)),
            (SdkKind::DotNet, Some("4.0.0.1"), Keys, Some(true)),
            (SdkKind::DotNet, None, Keys, None),
            (SdkKind::DotNet, None, Profile, Some(false)),
            (SdkKind::Kotlin, Some("1.3.112"), Profile, Some(true)),
            (SdkKind::Kotlin, Some("1.4.0"), Profile, Some(false)),
            (SdkKind::Kotlin, None, Profile, None),
            (SdkKind::Boto3, None, Profile, Some(false)),
            (SdkKind::JavaScriptV2, None, Container, Some(true)),
        ] {
            assert_eq!(comes_before_web_identity(kind, version, link), before, "{kind:?} {version:?} {link:?}");
        }
    }

    #[test]
    fn every_order_has_every_link_once() {
        for row in ROWS {
            for link in [Keys, AssumeRole, WebIdentity, Profile, Container, Node] {
                assert_eq!(row.order.iter().filter(|one| **one == link).count(), 1, "{:?} {link:?}", row.kind);
            }
        }
    }
}
