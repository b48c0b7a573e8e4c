//! From a profile to the credentials that it builds on.

pub(super) mod boto;

use super::os_shim::{self, Files};
use crate::probe::evidence::{ProfileFlaw, WebIdentity};
use crate::text::redact::scrub;
use aws_config::profile::ProfileSet;
use std::collections::BTreeMap;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

/// Settings that give credentials of their own, with which a role may be assumed as well.
const OTHER_CREDENTIALS: [&str; 5] =
    ["aws_access_key_id", "credential_process", "sso_session", "sso_start_url", "credential_source"];

/// A configuration file as most SDKs read it: without comments that are indented, and with a section that is indented as a
/// whole moved to the margin. The SDK for Rust takes such a comment for a part of the value above it, and refuses the whole
/// file for such a section. Sources: configparser.py of Python, RawConfigParser (boto3, AWS CLI); smithy-typescript,
/// shared-ini-file-loader, parseIni.ts.
pub(super) fn as_most_read_it(content: &str) -> String {
    let mut margin = None;
    let mut lines = content.lines().map(|line| {
        let text = line.trim_start_matches([' ', '\t']);
        let indent = line.len() - text.len();
        match text.chars().next() {
            None | Some('#' | ';') => "",
            Some('[') if indent <= margin.unwrap_or(indent) => {
                margin = None;
                text
            }
            Some(_) => &line[indent.min(*margin.get_or_insert(indent))..],
        }
    });
    let first = lines.next().unwrap_or_default().to_owned();
    lines.fold(first, |all, line| all + "\n" + line) + "\n"
}

/// The profiles of a text that give a role for a web identity token, by name. `as_credentials`: the sections are named as
/// in a credentials file. Nothing is read: the text is all there is.
pub(crate) fn web_identities(text: &str, as_credentials: bool) -> BTreeMap<String, WebIdentity> {
    const VARIABLES: [(&str, &str); 2] =
        [("AWS_CONFIG_FILE", "/config"), ("AWS_SHARED_CREDENTIALS_FILE", "/credentials")];
    let path = VARIABLES[usize::from(as_credentials)].1;
    let files = Files::from([(path.into(), as_most_read_it(text).into_bytes())]);
    let loading = pin!(os_shim::profiles(&VARIABLES, &files));
    // With its files in memory, the loader has nothing to wait for.
    let Poll::Ready(Ok(profiles)) = loading.poll(&mut Context::from_waker(Waker::noop())) else {
        return BTreeMap::new();
    };
    let identity = |name: &str| Some((name.to_owned(), web_identity(&profiles, name)?.ok()?));
    profiles.profiles().filter_map(identity).collect()
}

/// A setting that is not blank.
pub(super) fn value<'p>(profiles: &'p ProfileSet, profile: &str, setting: &str) -> Option<&'p str> {
    profiles.get_profile(profile)?.get(setting).filter(|value| !value.trim().is_empty())
}

/// Follows `source_profile` from the selected profile to one with a web identity token (AWS SDKs reference, "Assume role
/// credential provider"). A profile that names a token file is the end of its chain.
pub(super) fn web_identity(profiles: &ProfileSet, selected: &str) -> Option<Result<WebIdentity, ProfileFlaw>> {
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
pub(super) fn of_container(profiles: &ProfileSet, selected: &str) -> Vec<String> {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::probe::collect::profiles::tests::selected;

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

    #[test]
    fn a_file_is_read_as_most_sdks_read_it() {
        for (text, read) in [
            ("[a]\nb = c\n", "[a]\nb = c\n"),
            ("[a]\nb = c\n  # d\n\t; e\nf = g", "[a]\nb = c\n\n\nf = g\n"),
            ("[a]\n  b = c\n  s3 =\n    d = e\n[f]\ng = h\n  i", "[a]\nb = c\ns3 =\n  d = e\n[f]\ng = h\n  i\n"),
            ("  [a]\n  b = c\n  [d]\n  e = f\n", "[a]\nb = c\n[d]\ne = f\n"),
            // A value that begins with a bracket.
            ("[a]\nb =\n  [c]\n", "[a]\nb =\n  [c]\n"),
            ("", "\n"),
        ] {
            assert_eq!(as_most_read_it(text), read, "{text}");
        }
        let text = "[default]\n  role_arn = arn:aws:iam::111122223333:role/a\n    # a comment\n  web_identity_token_file = /token\n";
        let identities = web_identities(text, false);
        assert_eq!(identities["default"].token_file, "/token", "{identities:?}");
    }

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
