//! What some SDKs do in a pod where the probe, and other SDKs, do not.

use super::network::{Client, clients};
use crate::probe::evidence::{Evidence, SdkKind};

/// The SDKs that fail where the profile that a variable names does not exist: botocore/session.py, get_scoped_config
/// (`ProfileNotFound`); aws-sdk-go-v2 config/config.go, resolveConfigLoaders.
pub(crate) fn failing_without_their_profile(evidence: &Evidence) -> Vec<String> {
    use SdkKind::{Boto3, Botocore, Cli, GoV2};
    let fails = |client: &Client| matches!(client.kind(), Boto3 | Botocore | Cli | GoV2);
    let mut names: Vec<String> = clients(evidence).into_iter().filter(fails).map(|client| client.name).collect();
    names.dedup();
    names
}

/// The SDKs that look for a profile without a name where the variable is empty: botocore/session.py, get_scoped_config,
/// run with 1.43.11. Go 2 and JavaScript 3 then use the default profile (config/env_config.go, setStringFromEnvVal;
/// shared-ini-file-loader, getProfileName.ts).
pub(crate) fn failing_on_an_empty_profile(evidence: &Evidence) -> Vec<String> {
    use SdkKind::{Boto3, Botocore, Cli};
    let fails = |client: &Client| matches!(client.kind(), Boto3 | Botocore | Cli);
    let mut names: Vec<String> = clients(evidence).into_iter().filter(fails).map(|client| client.name).collect();
    names.dedup();
    names
}

/// The SDKs in the target's image that choose web identity for the token file alone, and then fail without a role:
/// botocore/credentials.py, AssumeRoleWithWebIdentityProvider; aws-sdk-go, aws/session/credentials.go; aws-sdk-go-v2,
/// config/resolve_credentials.go. A profile may give botocore the role. `None` where the SDKs are not known, or one of them
/// continues with the next source.
pub(crate) fn failing_without_a_role(evidence: &Evidence) -> Option<Vec<String>> {
    use SdkKind::{Boto3, Botocore, Cli, GoV1, GoV2};
    let fails = |client: &Client| match client.kind() {
        Boto3 | Botocore | Cli => !evidence.has_profile_identity(),
        GoV1 | GoV2 => true,
        _ => false,
    };
    let known = clients(evidence);
    let mut names: Vec<String> = known.iter().map(|client| client.name.clone()).collect();
    names.dedup();
    known.iter().all(|client| client.is_known && fails(client)).then_some(names)
}

/// The SDKs in the target's image that know `credential_source = EcsContainer` only in ECS: aws-sdk-go,
/// aws/session/credentials.go, resolveCredsFromSource. Version 2 reads the agent's variable since September 2024 (pull
/// request 2790); which module version has it is not known.
pub(crate) fn without_the_agent_as_source(evidence: &Evidence) -> Vec<String> {
    if !evidence.has_pod_identity() || evidence.chained_roles().is_empty() {
        return Vec::new();
    }
    let fails = |client: &Client| client.is_known && client.kind() == SdkKind::GoV1;
    let mut names: Vec<String> = clients(evidence).into_iter().filter(fails).map(|client| client.name).collect();
    names.dedup();
    names
}

/// The SDKs whose HTTP client uses the proxy for http URLs for the agent of EKS Pod Identity too. boto3, the AWS CLI and the
/// SDKs for JavaScript were run beside a proxy and connect directly; those for Ruby, PHP and .NET do so by their source. Of
/// Java, Kotlin and C++ nothing is known.
pub(crate) fn asking_the_agent_through_a_proxy(evidence: &Evidence) -> Vec<String> {
    let is_proxied = |client: &Client| matches!(client.kind(), SdkKind::GoV1 | SdkKind::GoV2 | SdkKind::Rust);
    let mut names: Vec<String> = clients(evidence).into_iter().filter(is_proxied).map(|client| client.name).collect();
    names.dedup();
    names
}

/// The SDKs that ask ECS where its variable is set beside the agent's, and whether the application is known to use nothing
/// else: botocore/credentials.py, ContainerProvider; aws-config, ecs.rs. Go 2 does so since some version: an older
/// config/resolve_credentials.go takes the agent's variable, the one of Debian's rclone was run and asks ECS. JavaScript 3
/// takes the agent's (credential-provider-http, fromHttp.ts), Go 1 too.
pub(crate) fn asking_ecs_before_the_agent(evidence: &Evidence) -> (Vec<String>, bool) {
    use SdkKind::{Boto3, Botocore, Cli, GoV2, Rust};
    let always = |client: &Client| matches!(client.kind(), Boto3 | Botocore | Cli | Rust);
    let clients = clients(evidence);
    let is_all = clients.iter().all(|client| client.is_known && always(client));
    let named = |client: Client| match client.kind() {
        GoV2 => Some(format!("some versions of {}", client.name)),
        _ => always(&client).then_some(client.name),
    };
    let mut names: Vec<String> = clients.into_iter().filter_map(named).collect();
    names.dedup();
    (names, is_all)
}

/// The SDKs that read profile files with Python's configparser, and whether the application is known to use nothing else:
/// its program runs Python, and each SDK for Python in its image is too new for Python 2, whose parser takes duplicates
/// (`Requires-Python` of botocore 1.21.0, boto3 1.18.0 and awscli 1.20.0).
pub(crate) fn reading_profiles_by_configparser(evidence: &Evidence) -> (Vec<String>, bool) {
    use SdkKind::{Boto3, Botocore, Cli};
    let since = |client: &Client| match client.kind() {
        Boto3 => Some([1, 18, 0, 0]),
        Botocore => Some([1, 21, 0, 0]),
        Cli => Some([1, 20, 0, 0]),
        _ => None,
    };
    let clients = clients(evidence);
    let is_new = |client: &Client| since(client).zip(client.version).is_some_and(|(since, version)| version >= since);
    let program = evidence.target.as_ref().and_then(|target| target.program.as_deref()).unwrap_or_default();
    let runs_python = Boto3.runtimes().iter().any(|runtime| program.starts_with(runtime));
    let is_certain = runs_python && clients.iter().all(|client| client.is_known && is_new(client));
    let mut names: Vec<String> =
        clients.into_iter().filter(|client| since(client).is_some()).map(|client| client.name).collect();
    names.dedup();
    (names, is_certain)
}
