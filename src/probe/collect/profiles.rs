//! The profile files that the SDK would read. They are read here, once, as the subject sees them and bounded: the SDK
//! itself would read those of this process, and wait for ever on a FIFO.

use super::{rootfs, token_file};
use crate::probe::evidence::{BotoFault, ClosedProfileFile, Profile, Seen};
use crate::probe::os_shim::{self, Files};
use crate::probe::profile::{as_most_read_it, boto, of_container, value, web_identity};
use crate::probe::subject::Subject;
use crate::text::redact::scrub;
use crate::text::secrets::Secrets;
use aws_config::profile::ProfileSet;
use std::io::{self, ErrorKind, Read};
use std::path::Path;

/// A larger file is not read.
const MAX_BYTES: u64 = 256 * 1024;
/// The settings whose values are credentials (AWS SDKs reference, "Static credentials").
const CREDENTIALS: [&str; 3] = ["aws_access_key_id", "aws_secret_access_key", "aws_session_token"];

/// The files' contents under the names by which the SDK asks for them. They hold keys: there is no way to print them.
pub(super) struct Profiles {
    files: Files,
    /// The paths of the configuration file and of the credentials file.
    paths: [String; 2],
    /// Why a file that a variable names cannot be read.
    fault: Option<String>,
    /// The files that the subject, or the probe, may not read.
    closed: Vec<ClosedProfileFile>,
    boto_faults: Vec<BotoFault>,
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
        let mut profiles = Profiles {
            files: Files::new(),
            paths: paths.clone(),
            fault: None,
            closed: Vec::new(),
            boto_faults: Vec::new(),
        };
        for ((variable, _), path) in NAMES.into_iter().zip(paths) {
            let variable = subject.variables.filled(variable).map(|_| variable);
            let content = read(&subject.root, &path);
            let closed = closed(subject, variable, &path, content.as_ref().err());
            match content {
                Ok(content) if closed.is_none() => {
                    let content = match str::from_utf8(&content) {
                        Ok(text) => {
                            boto::read(&path, text, &mut profiles.boto_faults);
                            as_most_read_it(text).into_bytes()
                        }
                        Err(_) => content,
                    };
                    profiles.files.insert(path.into(), content);
                }
                content => {
                    let why = content.err().map_or("its mode is closed".to_owned(), |error| error.to_string());
                    let fault = |variable| format!("{variable} is {}, which cannot be read: {why}", scrub(&path));
                    profiles.fault = variable.map(fault).or(profiles.fault);
                }
            }
            profiles.closed.extend(closed);
        }
        profiles
    }

    /// The files that are not read because of their mode.
    pub(super) fn closed(&self) -> &[ClosedProfileFile] {
        &self.closed
    }

    pub(super) fn boto_faults(&self) -> &[BotoFault] {
        &self.boto_faults
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
/// the SDKs for Go read `AWS_DEFAULT_PROFILE` too. An empty endpoint or profile counts as none, as for most SDKs
/// (botocore/configprovider.py, `ConfiguredEndpointProvider`; aws-sdk-go-v2, config/env_config.go; smithy-typescript,
/// getEndpointUrlConfig.ts). That for Rust takes an empty endpoint for the URL to call, and botocore an empty profile for
/// a name.
pub(super) fn variables(subject: &Subject) -> Vec<(&str, &str)> {
    const EMPTY_IS_NONE: [&str; 3] = ["AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_STS", "AWS_PROFILE"];
    let mut pairs = subject.variables.pairs();
    pairs.retain(|(name, value)| !value.is_empty() || !EMPTY_IS_NONE.contains(name));
    let default = || subject.variables.filled("AWS_DEFAULT_PROFILE");
    if let (None, Some(name)) = (subject.variables.filled("AWS_PROFILE"), default()) {
        pairs.retain(|(name, _)| *name != "AWS_PROFILE");
        pairs.push(("AWS_PROFILE", name));
    }
    pairs
}

/// Whether the mode of a file, or of a directory above it, closes it to the subject. A probe with more rights than its
/// target reads what the target cannot.
fn closed(
    subject: &Subject,
    variable: Option<&'static str>,
    path: &str,
    error: Option<&io::Error>,
) -> Option<ClosedProfileFile> {
    let is_denied = error.is_some_and(|error| error.kind() == ErrorKind::PermissionDenied);
    if !is_denied && (error.is_some() || subject.target.is_none()) {
        return None;
    }
    let walk = token_file::steps(&subject.root, Path::new(path));
    let refused = walk.iter().find(|step| !subject.identity.may_pass(step)).cloned();
    let is_only_for_the_probe = subject.target.is_some() && refused.is_none();
    let is_closed = is_denied || refused.is_some();
    is_closed.then(|| ClosedProfileFile { path: scrub(path), variable, refused, is_only_for_the_probe })
}

fn read(root: &Path, path: &str) -> io::Result<Vec<u8>> {
    let file = rootfs::open_regular(root, Path::new(path))?;
    let mut content = Vec::new();
    file.take(MAX_BYTES + 1).read_to_end(&mut content)?;
    if content.len() as u64 > MAX_BYTES {
        return Err(io::Error::other(format!("it is larger than {MAX_BYTES} bytes")));
    }
    Ok(content)
}

#[cfg(test)]
pub(in crate::probe) mod tests {
    use super::*;
    use crate::probe::evidence::Identity;

    pub(in crate::probe) async fn selected(config: &str, variables: &[(&str, &str)]) -> Seen<Profile, String> {
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
            (&[("AWS_PROFILE", "")], "default", true, &[]),
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
}
