//! Where else an AWS SDK in this container finds credentials.

use super::sts::Caller;

/// What the profile files say of credentials for the profile that an SDK selects: names of settings, and of values only
/// the role.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Profile {
    pub name: String,
    /// Whether a file has a section of this name.
    pub exists: bool,
    /// Which of the settings that give credentials it has, such as `aws_access_key_id`, `role_arn`.
    pub settings: Vec<&'static str>,
    /// The value of `role_arn`.
    pub role_arn: Option<String>,
}

impl Profile {
    /// Settings that make an SDK take its credentials from a profile (AWS SDKs reference, "Settings reference").
    pub const CREDENTIAL_SETTINGS: [&str; 7] = [
        "aws_access_key_id",
        "credential_process",
        "role_arn",
        "web_identity_token_file",
        "source_profile",
        "sso_session",
        "sso_start_url",
    ];

    pub fn gives_credentials(&self) -> bool {
        !self.settings.is_empty()
    }

    pub fn has(&self, setting: &str) -> bool {
        self.settings.contains(&setting)
    }
}

/// Whose credentials the default chain of an AWS SDK gave in this environment, as STS says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ActiveCredentials {
    pub source: Source,
    pub caller: Caller,
}

/// The links of the default chain, in the order of the AWS SDK for Rust. Others put the profile behind web identity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    StaticKeys,
    Profile,
    WebIdentity,
    /// EKS Pod Identity's agent, or ECS.
    Container,
    /// The role of the node.
    InstanceMetadata,
    /// The SDK does not say.
    Unknown,
}

impl Source {
    /// The source in words that follow "from".
    pub fn in_words(self) -> &'static str {
        match self {
            Self::StaticKeys => "the static keys of AWS_ACCESS_KEY_ID",
            Self::Profile => "a profile",
            Self::WebIdentity => "web identity (IRSA)",
            Self::Container => "the container endpoint (EKS Pod Identity)",
            Self::InstanceMetadata => "the node's instance metadata",
            Self::Unknown => "a source that the SDK does not name",
        }
    }
}

/// The node's instance metadata service, as any process in this container can reach it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Imds {
    /// The role of the node; `None` if it has none.
    pub role: Option<String>,
    /// The node's account, which is the cluster's.
    pub account: Option<String>,
    pub region: Option<String>,
    /// `i-...`.
    pub instance: Option<String>,
    /// It also answers without a session token (IMDSv1), so that the hop limit does not keep pods out.
    pub version_1: bool,
}
