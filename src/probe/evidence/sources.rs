//! Where else an AWS SDK in this container finds credentials.

use super::PathStep;
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
    pub region: Option<String>,
    /// `sts_regional_endpoints`: `regional` or `legacy`.
    pub sts_regional_endpoints: Option<String>,
    /// How it gives a role for a web identity token; `None` if it names neither token nor role, or other credentials.
    pub web_identity: Option<Result<WebIdentity, ProfileFlaw>>,
    /// The roles that an SDK assumes, in order, with the credentials of the container: `credential_source = EcsContainer`,
    /// which is EKS Pod Identity too.
    pub of_container: Vec<String>,
}

/// A profile that exchanges a web identity token for a role, as IRSA's variables do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WebIdentity {
    /// The profile that names the token file: the selected one, or the last of its chain of `source_profile`.
    pub profile: String,
    /// The configuration file that holds it.
    pub file: String,
    pub role_arn: String,
    pub token_file: String,
    pub session_name: Option<String>,
    /// The roles that an SDK then assumes with this one, in order.
    pub then: Vec<String>,
}

impl WebIdentity {
    /// The profile and its file, as a noun.
    pub fn place(&self) -> String {
        format!("profile {:?} in {}", self.profile, self.file)
    }
}

/// A profile file that exists, but is not read because of its mode or that of a directory above it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClosedProfileFile {
    pub path: String,
    /// The variable that names it; `None` if it is where SDKs look without one.
    pub variable: Option<&'static str>,
    /// The directory or file that refuses the process; `None` if that could not be seen.
    pub refused: Option<PathStep>,
    /// The target may read it, but the probe may not.
    pub is_only_for_the_probe: bool,
}

/// What boto3 and the AWS CLI refuse or misread in a profile file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BotoFault {
    pub path: String,
    pub line: usize,
    pub kind: BotoFaultKind,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BotoFaultKind {
    SectionTwice {
        section: String,
    },
    SettingTwice {
        section: String,
        setting: String,
    },
    /// A line before the first section.
    NoSection,
    /// Neither a section nor a setting.
    NotASetting,
    /// A comment after a value, of which it then is a part. Every other kind makes the whole file unusable.
    Comment {
        profile: String,
        setting: &'static str,
    },
}

impl BotoFault {
    /// The fault as a sentence.
    pub fn in_words(&self) -> String {
        let what = match &self.kind {
            BotoFaultKind::SectionTwice { section } => format!("begins the section [{section}] a second time"),
            BotoFaultKind::SettingTwice { section, setting } => {
                format!("sets {setting} a second time in the section [{section}]")
            }
            BotoFaultKind::NoSection => "comes before the first section".to_owned(),
            BotoFaultKind::NotASetting => "is neither a section nor a setting".to_owned(),
            BotoFaultKind::Comment { profile, setting } => {
                format!("has a comment after the value of {setting} of profile {profile:?}")
            }
        };
        format!("Line {} of {} {what}.", self.line, self.path)
    }
}

/// Why a profile that is meant to give a role does not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ProfileFlaw {
    /// `web_identity_token_file` without `role_arn`.
    NoRole { profile: String },
    /// `role_arn` with nothing to assume it with.
    NoSource { profile: String },
    /// `source_profile` names a profile that does not exist.
    NoSuchSource { profile: String, source: String },
    /// The chain of `source_profile` comes back to this profile.
    Loop { profile: String },
}

impl ProfileFlaw {
    /// The profile that must be corrected.
    pub fn profile(&self) -> &str {
        match self {
            Self::NoRole { profile } | Self::NoSource { profile } => profile,
            Self::NoSuchSource { profile, .. } | Self::Loop { profile } => profile,
        }
    }
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

    /// The role for a web identity token that it gives.
    pub fn web_identity(&self) -> Option<&WebIdentity> {
        self.web_identity.as_ref()?.as_ref().ok()
    }

    /// Why it gives none, although it is meant to.
    pub fn flaw(&self) -> Option<&ProfileFlaw> {
        self.web_identity.as_ref()?.as_ref().err()
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
