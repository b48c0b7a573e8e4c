//! How AWS, SDKs, operating systems and TLS libraries put a fault, and what they mean by it.
//!
//! Sources: the STS API reference and its service model, texts quoted in public issue threads, and the sources of the
//! SDKs. Only the words of whoever found the fault count, never those of what wraps it.

use super::{Candidate, Cause, Facts};
use std::borrow::Cow;

/// One thing that an error says, in any of several wordings.
pub struct Saying {
    pub priority: Priority,
    pub about: About,
    pub wordings: &'static [Wording],
    /// What it means given the other facts.
    pub means: fn(&Facts) -> Reading,
    /// The cause whose sayings are the general form of this one: beside it, they do not count.
    pub instead_of: Option<&'static Cause>,
}

impl Saying {
    pub const fn new(priority: Priority, wordings: &'static [Wording], means: fn(&Facts) -> Reading) -> Self {
        let about = match priority {
            Priority::Network(_) => About::Sts,
            _ => About::Anything,
        };
        Self { priority, about, wordings, means, instead_of: None }
    }

    pub const fn about(self, about: About) -> Self {
        Self { about, ..self }
    }

    pub const fn instead_of(self, general: &'static Cause) -> Self {
        Self { instead_of: Some(general), ..self }
    }

    /// All phrases of all wordings.
    pub fn phrases(&self) -> impl Iterator<Item = &'static str> + use<> {
        self.wordings
            .iter()
            .flat_map(|wording| wording.says.iter().chain(wording.near.iter().copied().flatten()))
            .copied()
    }
}

/// Any of the phrases of `says`, with one of each group of `near` not far from it. All phrases are lower case, and white
/// space in them is one space.
pub struct Wording {
    pub says: &'static [&'static str],
    pub near: &'static [&'static [&'static str]],
}

/// Any of these phrases.
pub const fn any(says: &'static [&'static str]) -> Wording {
    Wording { says, near: &[] }
}

/// Any of these phrases, with one of each group of `near` not far from it.
pub const fn with(says: &'static [&'static str], near: &'static [&'static [&'static str]]) -> Wording {
    Wording { says, near }
}

/// Who says it. Of several sayings in one text, the first here is nearest to the root cause. A number orders the sayings
/// of one speaker, of which only the lowest counts: of files and of layers, the first that fails is the cause. The
/// numbers are ten apart, so that another saying fits in between.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Priority {
    /// The API server, about the webhook.
    Admission,
    /// AWS, in words that mean one thing.
    Aws,
    /// The operating system, about the token file.
    File(u8),
    /// An SDK, about its own configuration.
    Sdk,
    /// A proxy, a TLS library, a resolver or a socket.
    Network(u8),
    /// AWS, about another call than the ones that IRSA makes.
    Elsewhere(u8),
    /// AWS or an SDK, in words that say little.
    Vague(u8),
    /// An SDK at the end of its credential chain. Counts only where nobody else speaks.
    Chain(u8),
}

impl Priority {
    /// Whether STS itself may say it in answer to a call of the probe.
    pub fn is_of_aws(self) -> bool {
        match self {
            Self::Aws | Self::Elsewhere(_) | Self::Vague(_) => true,
            Self::Admission | Self::File(_) | Self::Sdk | Self::Network(_) | Self::Chain(_) => false,
        }
    }
}

/// Which server a pasted text must be about for a saying to count: a time-out of some other server does not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum About {
    Anything,
    /// STS: the nearest host is one of STS, or none is named and words of STS are near.
    Sts,
    /// STS, at the end of the text.
    StsAtTheEnd,
    /// STS, or an SDK of AWS says it. The nearest host may be a proxy.
    StsOrSdk,
    /// Any server of AWS; if none is named, an SDK of AWS speaks, or words of STS are near.
    Aws,
    /// The agent of EKS Pod Identity: the nearest host is its address.
    Agent,
    /// Whoever speaks, about a call that was made as a node.
    Node,
    /// Anything but a task of ECS, which has its credentials at an address of its own.
    NotEcs,
}

/// What one error means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reading {
    /// Most likely first, never empty.
    pub candidates: Vec<Candidate>,
    /// Stands for all candidates where nothing decides between them.
    pub umbrella: Option<&'static Cause>,
    /// What else was seen that matters here, in sentences.
    pub seen: String,
}

impl Reading {
    pub fn decided(cause: &'static Cause, why: impl Into<Cow<'static, str>>) -> Self {
        Self::ranked(vec![Candidate::new(cause, why)])
    }

    /// The first candidate is the cause, although others are possible.
    pub fn ranked(candidates: Vec<Candidate>) -> Self {
        Self { candidates, umbrella: None, seen: String::new() }
    }

    pub fn open(umbrella: &'static Cause, candidates: Vec<Candidate>) -> Self {
        Self { umbrella: Some(umbrella), ..Self::ranked(candidates) }
    }

    pub fn seen(self, seen: impl Into<String>) -> Self {
        Self { seen: seen.into(), ..self }
    }

    /// The cause of the finding: the umbrella if there is one, else the first candidate.
    pub fn cause(&self) -> Option<&'static Cause> {
        self.umbrella.or(self.candidates.first().map(|candidate| candidate.cause))
    }
}

/// Names of the call that IRSA makes.
pub const WEB_IDENTITY_CALL: &[&str] = &[
    "assumerolewithwebidentity",
    "assume_role_with_web_identity",
    "assume-role-with-web-identity",
    "webidentityerr",
    "with web identity",
    "with oidc",
];

/// How texts name web identity, the call or not.
pub const WEB_IDENTITY: &[&str] = &[
    "assumerolewithwebidentity",
    "assume_role_with_web_identity",
    "assume-role-with-web-identity",
    "assume role with web identity",
    "webidentityerr",
    "web identity",
    "with oidc",
];

/// Words which show that the answer came from STS, or should have.
pub const WEB_IDENTITY_OR_STS: &[&str] = &[
    "assumerolewithwebidentity",
    "assume_role_with_web_identity",
    "assume-role-with-web-identity",
    "webidentityerr",
    "web identity",
    "webidentity",
    "securitytoken",
    "sts",
    "amazonsecuritytokenservice",
    "awssecuritytokenservice",
    "awssecuritytokenserviceexception",
    "assumerole",
    "getcalleridentity",
];

/// How texts name the token file.
pub const TOKEN_FILE: &[&str] = &[
    "eks.amazonaws.com/serviceaccount",
    "aws_web_identity_token_file",
    "web_identity_token_file",
    "webidentitytokenfile",
    "webidentitytoken",
    "webidentityerr",
    "webidentitytokencredentialsprovider",
    "web identity token",
    "web identity",
    "token file",
    "secrets/amazonaws.com/token",
    "openshift/serviceaccount/token",
    "eks-pod-identity-token",
    "aws_container_authorization_token_file",
];

/// Words of the agent of EKS Pod Identity for something that is not a token.
pub const NO_JWT: &[&str] = &["service account token cannot be parsed", "token is malformed"];

/// Words of STS and of the SDKs' own validation for a parameter that is not valid.
pub const INVALID: &[&str] = &[
    "failed to satisfy constraint",
    "validation error detected",
    "validation errors detected",
    "parameter validation failed",
    "invalid length for parameter",
    "invalid type for parameter",
    "valid min length",
    "minimum field size",
    "invalidparameter",
    "missing required parameter",
    "missing required field",
    "missingrequiredparameter",
    "missing required key",
    "must be a string",
    "must not be null",
    "must not be empty",
];

/// Words of SDKs for a setting without a value.
pub const NOT_SET: &[&str] = &[
    "must be set",
    "not set",
    "is missing",
    "cannot be null",
    "is null or empty",
    "is required",
    "are required",
    "was not provided",
    "is undefined",
    "is empty",
];
