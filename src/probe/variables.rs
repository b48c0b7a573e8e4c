//! The environment variables of a process.
#![expect(clippy::disallowed_methods, reason = "this is where a process's environment is read")]

use crate::probe::evidence::{Environment, Mechanism, environment};
use crate::text::redact;
use crate::text::secrets::Secrets;
use std::collections::HashMap;
use std::ffi::OsString;

/// Raw environment variables. They hold keys, so there is no way to print or compare them.
#[derive(Clone, Default)]
pub struct Variables(HashMap<OsString, OsString>);

impl Variables {
    pub fn of_this_process() -> Self {
        std::env::vars_os().collect()
    }

    pub fn set(&mut self, name: &str, value: impl Into<OsString>) {
        self.0.insert(name.into(), value.into());
    }

    pub fn remove(&mut self, name: &str) {
        self.0.remove(std::ffi::OsStr::new(name));
    }

    /// `None` if not set, an error if not UTF-8.
    pub fn text(&self, name: &str) -> Option<Result<&str, ()>> {
        Some(self.0.get(std::ffi::OsStr::new(name))?.to_str().ok_or(()))
    }

    /// The value, if it is set, UTF-8 and not blank.
    pub fn filled(&self, name: &str) -> Option<&str> {
        self.text(name)?.ok().filter(|value| !value.trim().is_empty())
    }

    /// Registers the secrets that these variables hold: credentials, and tokens that are there by mistake.
    pub fn keep_secrets(&self, secrets: &Secrets) {
        for (name, value) in self.pairs() {
            if environment::CREDENTIALS.contains(&name) {
                secrets.keep(value);
            } else if environment::is_url(name) {
                secrets.keep_url(value);
            }
            redact::tokens(value).for_each(|token| secrets.keep(token));
        }
    }

    /// Whether both variables of a mechanism have a value.
    pub fn has_identity(&self) -> bool {
        Mechanism::all_variables().iter().any(|names| names.iter().all(|name| self.filled(name).is_some()))
    }

    /// Whether a variable of IRSA, of EKS Pod Identity or of a profile is set at all, empty ones included.
    pub fn has_some_identity(&self) -> bool {
        let profile = ["AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE", "AWS_PROFILE", "AWS_DEFAULT_PROFILE"];
        Mechanism::all_variables().into_iter().flatten().chain(profile).any(|name| self.text(name).is_some())
    }

    /// All variables that are UTF-8, as the SDK's loader takes them.
    pub fn pairs(&self) -> Vec<(&str, &str)> {
        self.0.iter().filter_map(|(name, value)| Some((name.to_str()?, value.to_str()?))).collect()
    }

    /// What may be shown of them.
    pub fn shown(&self) -> Environment {
        Environment::from_values(|name| {
            let value = self.text(name)?;
            Some(value.map(redact::scrub))
        })
    }
}

impl<N: Into<OsString>, V: Into<OsString>> FromIterator<(N, V)> for Variables {
    fn from_iter<I: IntoIterator<Item = (N, V)>>(pairs: I) -> Self {
        Self(pairs.into_iter().map(|(name, value)| (name.into(), value.into())).collect())
    }
}
