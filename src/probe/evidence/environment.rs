//! The variables that decide which identity an AWS SDK uses, and how it reaches STS.

use super::flaw::Flaw;
use crate::text::redact;
use std::collections::BTreeMap;

/// What may be shown of a variable's value.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Show {
    Value,
    /// A URL: shown without its user and password, its query and its fragment.
    Url,
    /// A credential: only that it is set, and how.
    Nothing,
}

/// The variables that are collected. One that is not in this list is never read.
pub const VARIABLES: &[&str] = &[
    "AWS_ROLE_ARN",
    "AWS_IAM_ROLE_ARN",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "AWS_ROLE_SESSION_NAME",
    "AWS_REGION",
    "AWS_DEFAULT_REGION",
    "AWS_STS_REGIONAL_ENDPOINTS",
    "AWS_USE_FIPS_ENDPOINT",
    "AWS_USE_DUALSTACK_ENDPOINT",
    "AWS_ENDPOINT_URL",
    "AWS_ENDPOINT_URL_STS",
    "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS",
    "AWS_MAX_ATTEMPTS",
    "AWS_RETRY_MODE",
    "AWS_DISABLE_CLOCK_SKEW_CORRECTION",
    "AWS_CA_BUNDLE",
    "REQUESTS_CA_BUNDLE",
    "NODE_EXTRA_CA_CERTS",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "HTTPS_PROXY",
    "https_proxy",
    "HTTP_PROXY",
    "http_proxy",
    "ALL_PROXY",
    "all_proxy",
    "NO_PROXY",
    "no_proxy",
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "AWS_PROFILE",
    "AWS_DEFAULT_PROFILE",
    "AWS_SHARED_CREDENTIALS_FILE",
    "AWS_CONFIG_FILE",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
    "AWS_EC2_METADATA_DISABLED",
    "AWS_EC2_METADATA_SERVICE_ENDPOINT",
    "HOME",
];

/// Those whose values are credentials.
pub(crate) const CREDENTIALS: [&str; 4] =
    ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_CONTAINER_AUTHORIZATION_TOKEN"];

/// Whether the value is a URL, which may hold a user and a password.
pub(crate) fn is_url(name: &str) -> bool {
    let is_proxy = name.ends_with("_PROXY") || name.ends_with("_proxy");
    name == "AWS_CONTAINER_CREDENTIALS_FULL_URI" || name.starts_with("AWS_ENDPOINT_URL") || is_proxy
}

fn show(name: &str) -> Show {
    match name {
        _ if CREDENTIALS.contains(&name) => Show::Nothing,
        _ if is_url(name) => Show::Url,
        _ => Show::Value,
    }
}

fn flaw(name: &str, value: &str) -> Option<Flaw> {
    Flaw::of(value).or_else(|| HTTPS_PROXIES.contains(&name).then(|| Flaw::of_proxy(value)).flatten())
}

/// The variables that name the proxy for https, in the order in which they are read.
const HTTPS_PROXIES: [&str; 4] = ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"];

/// One environment variable as far as it may be shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Variable {
    Missing,
    Set {
        /// `None` where the value is a credential or not UTF-8.
        value: Option<String>,
        flaw: Option<Flaw>,
    },
}

impl Variable {
    /// The value, unless the variable is missing, empty, blank, a credential or not UTF-8.
    pub fn value(&self) -> Option<&str> {
        match self {
            Self::Set { value: Some(value), flaw } if !matches!(flaw, Some(Flaw::Empty | Flaw::Blank)) => Some(value),
            _ => None,
        }
    }

    pub fn is_set(&self) -> bool {
        matches!(self, Self::Set { .. })
    }

    /// Set to something that is not empty or blank, shown or not.
    pub fn is_filled(&self) -> bool {
        matches!(self, Self::Set { flaw, .. } if !matches!(flaw, Some(Flaw::Empty | Flaw::Blank)))
    }

    pub fn flaw(&self) -> Option<Flaw> {
        match self {
            Self::Set { flaw, .. } => *flaw,
            Self::Missing => None,
        }
    }
}

/// The [`VARIABLES`] of one process.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Environment {
    variables: BTreeMap<&'static str, Variable>,
}

impl Environment {
    /// Keeps what may be shown of raw values: `None` for a variable that is not set, `Some(Err(()))` for one that
    /// is not UTF-8.
    pub fn from_values(lookup: impl Fn(&str) -> Option<Result<String, ()>>) -> Self {
        let set = |name: &'static str| {
            let variable = match lookup(name)? {
                Err(()) => Variable::Set { value: None, flaw: Some(Flaw::NotUnicode) },
                Ok(value) => Variable::Set {
                    flaw: flaw(name, &value),
                    value: match show(name) {
                        Show::Value => Some(value),
                        Show::Url => Some(redact::url(&value)),
                        Show::Nothing => None,
                    },
                },
            };
            Some((name, variable))
        };
        Self { variables: VARIABLES.iter().filter_map(|name| set(name)).collect() }
    }

    /// Why there is no value to work with, in a clause.
    pub fn why_no_value(&self, name: &str) -> String {
        match self.variable(name).flaw() {
            Some(flaw) => format!("{name} is {}", flaw.in_words()),
            None => format!("{name} is not set"),
        }
    }

    /// Whether a variable is set that the webhook or a pod's author sets for an AWS SDK.
    pub fn has_any_of_aws(&self) -> bool {
        self.variables.keys().any(|name| name.starts_with("AWS_"))
    }

    /// `name` must be one of [`VARIABLES`].
    pub fn variable(&self, name: &str) -> &Variable {
        debug_assert!(VARIABLES.contains(&name), "{name} is not collected");
        self.variables.get(name).unwrap_or(&Variable::Missing)
    }

    pub fn value(&self, name: &str) -> Option<&str> {
        self.variable(name).value()
    }

    /// The first of `names` that has a value, and that value.
    pub fn first<'n>(&self, names: &[&'n str]) -> Option<(&'n str, &str)> {
        names.iter().find_map(|name| Some((*name, self.value(name)?)))
    }

    /// The variable that names the proxy for https, and its value without user and password.
    pub fn https_proxy(&self) -> Option<(&'static str, &str)> {
        self.first(&HTTPS_PROXIES)
    }

    /// The same variable, if no client can use its value, and why.
    pub fn flawed_https_proxy(&self) -> Option<(&'static str, Flaw)> {
        let name = HTTPS_PROXIES.into_iter().find(|name| self.variable(name).is_filled())?;
        Some((name, self.variable(name).flaw()?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_proxy_that_no_client_can_use_is_a_flaw() {
        for (value, flaw) in [
            ("http://proxy:3128", None),
            ("https://proxy", None),
            ("proxy:3128", None),
            ("http://me:p%23ss@proxy:3128/", None),
            ("http://[fd00::1]:3128", None),
            ("http://[fd00::1]", None),
            ("socks5://proxy:1080", None),
            ("socks://proxy:1080", Some(Flaw::NotAProxy)),
            ("http:/proxy:3128", Some(Flaw::NotAProxy)),
            ("http://me:p#ss@proxy:3128", Some(Flaw::NotAProxy)),
            ("http://me:p/ss@proxy:3128", Some(Flaw::NotAProxy)),
            ("http://proxy:port", Some(Flaw::NotAProxy)),
            ("http://proxy:3128\n", Some(Flaw::TrailingNewline)),
        ] {
            let environment = Environment::from_values(|name| (name == "HTTPS_PROXY").then(|| Ok(value.to_owned())));
            assert_eq!(environment.variable("HTTPS_PROXY").flaw(), flaw, "{value:?}");
        }
    }

    #[test]
    fn credentials_and_passwords_are_not_collected() {
        let environment = Environment::from_values(|name| match name {
            "AWS_SECRET_ACCESS_KEY" => Some(Ok("wJalrXUtnFEMI".into())),
            "https_proxy" => Some(Ok("http://me:hunter2@proxy:3128".into())),
            "HTTPS_PROXY" => Some(Ok("me:hun/ter2@proxy:3128".into())),
            "AWS_ENDPOINT_URL_STS" => Some(Ok("http://127.0.0.1:8080/@x".into())),
            _ => None,
        });
        let text = format!("{environment:?}");
        assert!(!text.contains("wJalr") && !text.contains("ter2"), "{text}");
        assert_eq!(environment.value("https_proxy"), Some("http://[hidden]@proxy:3128"));
        assert!(environment.variable("AWS_SECRET_ACCESS_KEY").is_filled());
        assert_eq!(environment.value("AWS_SECRET_ACCESS_KEY"), None);
    }
}
