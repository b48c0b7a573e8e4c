//! The AWS account that the aws CLI asks, and the profiles for another one.
#![allow(clippy::disallowed_methods, reason = "the profiles of whoever runs this are in their home directory")]

use crate::causes::shell_word;
use crate::documents::audit::Command;
use crate::probe::rootfs;
use std::io::Read;
use std::path::{Path, PathBuf};

/// No configuration of the aws CLI is larger.
const MAX_CONFIG: u64 = 1 << 20;
/// Profiles that are named; any of them does.
const SHOWN: usize = 3;

pub(super) fn command() -> Command {
    Command::new("aws sts get-caller-identity --output json")
}

/// The account in the ARN of a caller.
pub(super) fn of_caller(arn: &str) -> Option<&str> {
    arn.split(':').nth(4).filter(|account| !account.is_empty())
}

/// Why the answer of the caller's account is not that of the role's, and how to ask that one.
pub(super) fn other(caller: &str, account: &str) -> String {
    let all = profiles(account, &config().unwrap_or_default());
    let shown =
        all.iter().take(SHOWN).map(|name| format!("--profile {}", shell_word(name))).collect::<Vec<_>>().join(" or ");
    let what = match all.is_empty() {
        true => format!("Run this again with a --profile of account {account}."),
        false => format!("Run this again with {shown}."),
    };
    format!("The aws CLI uses account {caller}; the role is in account {account}. {what}")
}

fn config() -> Option<String> {
    let named = std::env::var_os("AWS_CONFIG_FILE").map(PathBuf::from);
    let path = named.or_else(|| Some(Path::new(&home()?).join(".aws/config")))?;
    let file = rootfs::open_regular(Path::new("/"), &std::path::absolute(path).ok()?).ok()?;
    let mut text = String::new();
    file.take(MAX_CONFIG).read_to_string(&mut text).ok()?;
    Some(text)
}

fn home() -> Option<std::ffi::OsString> {
    // The second is that of Windows.
    ["HOME", "USERPROFILE"].into_iter().find_map(std::env::var_os)
}

/// The profiles that lead to an account: by IAM Identity Center, or by a role in it.
///
/// Source: "Configuration and credential file settings" of the aws CLI's user guide.
fn profiles(account: &str, config: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut current = None;
    for line in config.lines() {
        if let Some(section) = line.trim().strip_prefix('[').and_then(|rest| rest.split(']').next()) {
            current = match section.trim().split_once(char::is_whitespace) {
                Some(("profile", name)) => Some(name.trim().trim_matches('"').to_owned()),
                None if section.trim() == "default" => Some("default".to_owned()),
                _ => None,
            };
        }
        let Some((key, value)) = line.split_once('=') else { continue };
        let is_ours = match key.trim() {
            "sso_account_id" => value.trim() == account,
            "role_arn" => of_caller(value.trim()) == Some(account),
            _ => false,
        };
        if is_ours
            && let Some(name) = &current
            && !found.contains(name)
        {
            found.push(name.clone());
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_profile_fits_by_its_account() {
        let config = "[default]\nregion = eu-west-1\nsso_account_id = 111122223333\n[profile prod]\n\
                      sso_account_id=444455556666\n[profile \"prod admin\"]\n# sso_account_id = 111122223333\n\
                      role_arn = arn:aws:iam::444455556666:role/admin\n[sso-session corp]\nsso_account_id = 444455556666\n";
        assert_eq!(profiles("444455556666", config), ["prod", "prod admin"]);
        assert_eq!(profiles("111122223333", config), ["default"]);
        assert_eq!(profiles("999999999999", config), [""; 0]);
        assert_eq!(of_caller("arn:aws:sts::111122223333:assumed-role/a/b"), Some("111122223333"));
    }
}
