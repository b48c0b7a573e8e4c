//! The profile files that the SDK would read. They are read here, once, as the subject sees them and bounded: the SDK
//! itself would read those of this process, and wait for ever on a FIFO.

use super::os_shim::{self, Files};
use super::rootfs;
use crate::probe::evidence::{Profile, Seen};
use crate::probe::subject::Subject;
use crate::text::secrets::Secrets;
use std::io::Read;
use std::path::Path;

/// A larger file is not read.
const MAX_BYTES: u64 = 1024 * 1024;
/// The settings whose values are credentials (AWS SDKs reference, "Static credentials").
const CREDENTIALS: [&str; 3] = ["aws_access_key_id", "aws_secret_access_key", "aws_session_token"];

/// The files' contents under the names by which the SDK asks for them. They hold keys: there is no way to print them.
pub(super) struct Profiles(Files);

impl Profiles {
    pub(super) fn read(subject: &Subject) -> Profiles {
        let home = subject.variables.filled("HOME").unwrap_or_default();
        let paths = [("AWS_CONFIG_FILE", "config"), ("AWS_SHARED_CREDENTIALS_FILE", "credentials")];
        let path = |(variable, name): (&str, &str)| match subject.variables.filled(variable) {
            Some(path) => path.replacen("~/", &format!("{home}/"), usize::from(path.starts_with("~/"))),
            None => format!("{home}/.aws/{name}"),
        };
        let files = paths.into_iter().map(path);
        Profiles(files.filter_map(|path| Some((path.clone().into(), read(&subject.root, &path)?))).collect())
    }

    pub(super) fn files(&self) -> &Files {
        &self.0
    }

    /// What the files say of the profile that an SDK selects; no values but the role's.
    pub(super) async fn selected(&self, subject: &Subject, secrets: &Secrets) -> Seen<Profile, String> {
        if self.0.is_empty() {
            return Seen::not_checked("there are no profile files");
        }
        let Ok(profiles) = os_shim::profiles(&subject.variables.pairs(), &self.0).await else {
            return Seen::Failed("the profile files cannot be parsed".to_owned());
        };
        let of_all = profiles.profiles().filter_map(|name| profiles.get_profile(name));
        for (profile, setting) in of_all.flat_map(|profile| CREDENTIALS.map(|setting| (profile, setting))) {
            profile.get(setting).into_iter().for_each(|value| secrets.keep(value));
        }
        let name = profiles.selected_profile();
        let profile = profiles.get_profile(name);
        let has = |setting: &&str| profile.is_some_and(|profile| profile.get(setting).is_some());
        Seen::Seen(Profile {
            name: crate::text::redact::scrub(name),
            exists: profile.is_some(),
            settings: Profile::CREDENTIAL_SETTINGS.into_iter().filter(has).collect(),
            role_arn: profile.and_then(|profile| profile.get("role_arn")).map(crate::text::redact::scrub),
        })
    }
}

fn read(root: &Path, path: &str) -> Option<Vec<u8>> {
    let file = rootfs::open_regular(root, Path::new(path)).ok()?;
    let mut content = Vec::new();
    file.take(MAX_BYTES).read_to_end(&mut content).ok()?;
    Some(content)
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
            let profile = Profile { name: name.into(), exists, settings: settings.to_vec(), role_arn };
            let seen = selected(config, variables).await;
            assert!(!format!("{seen:?}").contains("hunter2"));
            assert_eq!(seen, Seen::Seen(profile));
        }
        let broken = selected("[profile a\nsecret = hunter2", &[]).await;
        assert_eq!(broken, Seen::Failed("the profile files cannot be parsed".into()));
    }
}
