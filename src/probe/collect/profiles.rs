//! The profile files that the SDK would read. They are read here, once, as the subject sees them and bounded: the SDK
//! itself would read those of this process, and wait for ever on a FIFO.

use super::os_shim::{self, Files};
use super::rootfs;
use crate::probe::evidence::{Profile, ProfileFlaw, Seen, WebIdentity};
use crate::probe::subject::Subject;
use crate::text::redact::scrub;
use crate::text::secrets::Secrets;
use aws_config::profile::ProfileSet;
use std::io::{self, Read};
use std::path::Path;

/// A larger file is not read.
const MAX_BYTES: u64 = 256 * 1024;
/// The settings whose values are credentials (AWS SDKs reference, "Static credentials").
const CREDENTIALS: [&str; 3] = ["aws_access_key_id", "aws_secret_access_key", "aws_session_token"];
/// Settings that give credentials of their own, with which a role may be assumed as well.
const OTHER_CREDENTIALS: [&str; 5] =
    ["aws_access_key_id", "credential_process", "sso_session", "sso_start_url", "credential_source"];

/// The files' contents under the names by which the SDK asks for them. They hold keys: there is no way to print them.
pub(super) struct Profiles {
    files: Files,
    /// The paths of the configuration file and of the credentials file.
    paths: [String; 2],
    /// Why a file that a variable names cannot be read.
    fault: Option<String>,
}

impl Profiles {
    pub(super) fn read(subject: &Subject) -> Profiles {
        let home = subject.variables.filled("HOME").unwrap_or_default();
        let path = |(variable, name): (&str, &str)| match subject.variables.filled(variable) {
            Some(path) => path.replacen("~/", &format!("{home}/"), usize::from(path.starts_with("~/"))),
            None => format!("{home}/.aws/{name}"),
        };
        const NAMES: [(&str, &str); 2] =
            [("AWS_CONFIG_FILE", "config"), ("AWS_SHARED_CREDENTIALS_FILE", "credentials")];
        let paths = NAMES.map(path);
        let (mut files, mut fault) = (Files::new(), None);
        for ((variable, _), path) in NAMES.iter().zip(&paths) {
            match read(&subject.root, path) {
                Ok(content) => drop(files.insert(path.into(), content)),
                Err(error) if subject.variables.filled(variable).is_some() => {
                    fault = Some(format!("{variable} is {}, which cannot be read: {error}", scrub(path)));
                }
                Err(_) => {}
            }
        }
        Profiles { files, paths, fault }
    }

    pub(super) fn files(&self) -> &Files {
        &self.files
    }

    /// What the files say of the profile that an SDK selects; no values but those of a role and its token file.
    pub(super) async fn selected(&self, subject: &Subject, secrets: &Secrets) -> Seen<Profile, String> {
        if self.files.is_empty() {
            return Seen::not_checked(self.fault.as_deref().unwrap_or("there are no profile files"));
        }
        let variables = variables(subject);
        let Ok(profiles) = os_shim::profiles(&variables, &self.files).await else {
            return Seen::Failed("the profile files cannot be parsed".to_owned());
        };
        let of_all = profiles.profiles().filter_map(|name| profiles.get_profile(name));
        for (profile, setting) in of_all.flat_map(|profile| CREDENTIALS.map(|setting| (profile, setting))) {
            profile.get(setting).into_iter().for_each(|value| secrets.keep(value));
        }
        let name = profiles.selected_profile();
        let profile = profiles.get_profile(name);
        let has = |setting: &&str| profile.is_some_and(|profile| profile.get(setting).is_some());
        let mut web_identity = web_identity(&profiles, name);
        if let Some(Ok(identity)) = &mut web_identity {
            let [config, credentials] = &self.paths;
            let alone = self.files.iter().filter(|(path, _)| path.as_os_str() == credentials.as_str());
            let alone = alone.map(|(path, content)| (path.clone(), content.clone())).collect();
            let of_credentials = os_shim::profiles(&variables, &alone).await.ok();
            let has_token = |set: &ProfileSet| value(set, &identity.profile, "web_identity_token_file").is_some();
            identity.file = if of_credentials.as_ref().is_some_and(has_token) { credentials } else { config }.clone();
        }
        Seen::Seen(Profile {
            name: scrub(name),
            exists: profile.is_some(),
            settings: Profile::CREDENTIAL_SETTINGS.into_iter().filter(has).collect(),
            role_arn: profile.and_then(|profile| profile.get("role_arn")).map(scrub),
            region: value(&profiles, name, "region").map(scrub),
            sts_regional_endpoints: value(&profiles, name, "sts_regional_endpoints").map(scrub),
            web_identity,
            of_container: of_container(&profiles, name),
        })
    }
}

/// The subject's variables, with the selected profile under the name that the SDK for Rust reads. boto3, the AWS CLI and
/// the SDKs for Go read `AWS_DEFAULT_PROFILE` too.
pub(super) fn variables(subject: &Subject) -> Vec<(&str, &str)> {
    let mut pairs = subject.variables.pairs();
    let default = || subject.variables.filled("AWS_DEFAULT_PROFILE");
    if let (None, Some(name)) = (subject.variables.filled("AWS_PROFILE"), default()) {
        pairs.retain(|(name, _)| *name != "AWS_PROFILE");
        pairs.push(("AWS_PROFILE", name));
    }
    pairs
}

/// A setting that is not blank.
fn value<'p>(profiles: &'p ProfileSet, profile: &str, setting: &str) -> Option<&'p str> {
    profiles.get_profile(profile)?.get(setting).filter(|value| !value.trim().is_empty())
}

/// Follows `source_profile` from the selected profile to one with a web identity token (AWS SDKs reference, "Assume role
/// credential provider"). A profile that names a token file is the end of its chain.
fn web_identity(profiles: &ProfileSet, selected: &str) -> Option<Result<WebIdentity, ProfileFlaw>> {
    let (mut name, mut then, mut passed) = (selected, Vec::new(), Vec::new());
    loop {
        let setting = |setting| value(profiles, name, setting);
        let profile = || scrub(name);
        match (setting("role_arn"), setting("web_identity_token_file"), setting("source_profile")) {
            (Some(role_arn), Some(token_file), _) => {
                return Some(Ok(WebIdentity {
                    profile: profile(),
                    file: String::new(),
                    role_arn: scrub(role_arn),
                    token_file: scrub(token_file),
                    session_name: setting("role_session_name").map(scrub),
                    then,
                }));
            }
            _ if OTHER_CREDENTIALS.into_iter().any(|other| setting(other).is_some()) => return None,
            (None, None, _) => return None,
            (None, Some(_), _) => return Some(Err(ProfileFlaw::NoRole { profile: profile() })),
            (Some(_), None, None) => return Some(Err(ProfileFlaw::NoSource { profile: profile() })),
            (Some(_), None, Some(source)) if profiles.get_profile(source).is_none() => {
                return Some(Err(ProfileFlaw::NoSuchSource { profile: profile(), source: scrub(source) }));
            }
            (Some(_), None, Some(source)) if source == name || passed.contains(&source) => {
                return Some(Err(ProfileFlaw::Loop { profile: profile() }));
            }
            (Some(role_arn), None, Some(source)) => {
                then.insert(0, scrub(role_arn));
                passed.push(name);
                name = source;
            }
        }
    }
}

/// The roles of a chain that begins with the credentials of the container. Sources: botocore/credentials.py,
/// ContainerProvider (`CANONICAL_NAME`); aws-sdk-go-v2, config/resolve_credentials.go, resolveCredsFromSource.
fn of_container(profiles: &ProfileSet, selected: &str) -> Vec<String> {
    let (mut name, mut roles, mut passed) = (selected, Vec::new(), Vec::new());
    while !passed.contains(&name) {
        let setting = |setting| value(profiles, name, setting);
        let (Some(role), None) = (setting("role_arn"), setting("web_identity_token_file")) else { break };
        roles.insert(0, scrub(role));
        if setting("credential_source") == Some("EcsContainer") {
            return roles;
        }
        passed.push(name);
        name = setting("source_profile").unwrap_or(name);
    }
    Vec::new()
}

fn read(root: &Path, path: &str) -> io::Result<Vec<u8>> {
    let file = rootfs::open_regular(root, Path::new(path))?;
    let mut content = Vec::new();
    file.take(MAX_BYTES + 1).read_to_end(&mut content)?;
    match content.len() as u64 <= MAX_BYTES {
        true => Ok(content),
        false => Err(io::Error::other(format!("it is larger than {MAX_BYTES} bytes"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::probe::evidence::Identity;

    async fn selected(config: &str, variables: &[(&str, &str)]) -> Seen<Profile, String> {
        let root = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(root.path().join("home/.aws")).unwrap();
        std::fs::write(root.path().join("home/.aws/config"), config).unwrap();
        let variables = [("HOME", "/home")].iter().chain(variables).copied().collect();
        let subject = Subject { variables, identity: Identity::default(), root: root.path().to_owned(), target: None };
        Profiles::read(&subject).selected(&subject, &Secrets::default()).await
    }

    #[tokio::test]
    async fn the_selected_profile_is_described_by_its_settings_alone() {
        let config = "[default]\nregion = eu-west-1\n[profile a]\ncredential_process = /bin/x --secret hunter2\n\
                      [profile b]\naws_access_key_id = AKIAIOSFODNN7EXAMPLE\naws_secret_access_key = hunter2\n\
                      [profile d]\nrole_arn = arn:aws:iam::111122223333:role/a\nsource_profile = b\n";
        for (variables, name, exists, settings) in [
            (&[][..], "default", true, &[][..]),
            (&[("AWS_PROFILE", "a")], "a", true, &["credential_process"]),
            (&[("AWS_PROFILE", "b")], "b", true, &["aws_access_key_id"]),
            (&[("AWS_PROFILE", "c")], "c", false, &[]),
            (&[("AWS_PROFILE", "d")], "d", true, &["role_arn", "source_profile"]),
        ] {
            let role_arn = settings.contains(&"role_arn").then(|| "arn:aws:iam::111122223333:role/a".to_owned());
            let profile = Profile {
                name: name.into(),
                exists,
                settings: settings.to_vec(),
                role_arn,
                region: (name == "default").then(|| "eu-west-1".to_owned()),
                sts_regional_endpoints: None,
                web_identity: None,
                of_container: vec![],
            };
            let seen = selected(config, variables).await;
            assert!(!format!("{seen:?}").contains("hunter2"));
            assert_eq!(seen, Seen::Seen(profile));
        }
        let broken = selected("[profile a\nsecret = hunter2", &[]).await;
        assert_eq!(broken, Seen::Failed("the profile files cannot be parsed".into()));
    }

    const CHAINS: &str = "\
# what a person may write around it
[default]
role_arn = arn:aws:iam::111122223333:role/a
web_identity_token_file = /token ; a comment
role_session_name = checkout
s3 =
  max_concurrent_requests = 20

[profile hop]
role_arn = arn:aws:iam::111122223333:role/c
source_profile = middle
[profile middle]
role_arn = arn:aws:iam::111122223333:role/b
source_profile = default
[profile no-role]
web_identity_token_file = /token
[profile no-source]
role_arn = arn:aws:iam::111122223333:role/a
web_identity_token_file =
[profile no-such]
role_arn = arn:aws:iam::111122223333:role/a
source_profile = gone
[profile round]
role_arn = arn:aws:iam::111122223333:role/a
source_profile = about
[profile about]
role_arn = arn:aws:iam::111122223333:role/a
source_profile = round
[profile node]
role_arn = arn:aws:iam::111122223333:role/a
credential_source = Ec2InstanceMetadata
[profile container]
role_arn = arn:aws:iam::111122223333:role/b
credential_source = EcsContainer
[profile container-hop]
role_arn = arn:aws:iam::111122223333:role/c
source_profile = container
[profile twice]
role_arn = arn:aws:iam::111122223333:role/first
[profile twice]
role_arn = arn:aws:iam::111122223333:role/a
web_identity_token_file = /token
";

    #[tokio::test]
    async fn a_chain_is_followed_to_the_credentials_of_the_container() {
        for (name, roles) in [
            ("container", &["b"][..]),
            ("container-hop", &["b", "c"]),
            ("node", &[]),
            ("hop", &[]),
            ("round", &[]),
            ("no-such", &[]),
        ] {
            let seen = selected(CHAINS, &[("AWS_PROFILE", name)]).await;
            let roles: Vec<String> =
                roles.iter().map(|role| format!("arn:aws:iam::111122223333:role/{role}")).collect();
            assert_eq!(seen.seen().map(|profile| &profile.of_container), Some(&roles), "{name}");
        }
    }

    #[tokio::test]
    async fn a_web_identity_is_followed_to_the_profile_that_names_its_token() {
        let identity = |profile: &str, session_name: Option<&str>, then: &[&str]| {
            Ok(WebIdentity {
                profile: profile.into(),
                file: "/home/.aws/config".into(),
                role_arn: "arn:aws:iam::111122223333:role/a".into(),
                token_file: "/token".into(),
                session_name: session_name.map(str::to_owned),
                then: then.iter().map(|role| format!("arn:aws:iam::111122223333:role/{role}")).collect(),
            })
        };
        let profile = String::from;
        for (name, expected) in [
            ("default", Some(identity("default", Some("checkout"), &[]))),
            ("hop", Some(identity("default", Some("checkout"), &["b", "c"]))),
            ("no-role", Some(Err(ProfileFlaw::NoRole { profile: profile("no-role") }))),
            ("no-source", Some(Err(ProfileFlaw::NoSource { profile: profile("no-source") }))),
            ("no-such", Some(Err(ProfileFlaw::NoSuchSource { profile: profile("no-such"), source: profile("gone") }))),
            ("round", Some(Err(ProfileFlaw::Loop { profile: profile("about") }))),
            ("node", None),
            ("twice", Some(identity("twice", None, &[]))),
        ] {
            for variable in ["AWS_PROFILE", "AWS_DEFAULT_PROFILE"] {
                let seen = selected(CHAINS, &[(variable, name)]).await;
                assert_eq!(seen.seen().map(|profile| profile.web_identity.clone()), Some(expected.clone()), "{name}");
            }
        }
    }
}
