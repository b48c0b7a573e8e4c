//! The token file and the JWT in it, without the token itself.

use super::process::PathStep;
use crate::text::timestamp::Timestamp;

/// A token file that could be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenFile {
    /// As configured.
    pub path: String,
    /// The same as the kernel was given it: a relative path stands behind the working directory.
    pub opened: String,
    /// Every directory, link and file met on the way, the file last.
    pub walk: Vec<PathStep>,
    pub bytes: u64,
}

impl TokenFile {
    /// The file itself.
    pub fn file(&self) -> Option<&PathStep> {
        self.walk.last()
    }
}

/// A token file that could not be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenFileFault {
    pub path: String,
    /// What could be seen of the path to it.
    pub walk: Vec<PathStep>,
    pub kind: TokenFileFaultKind,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TokenFileFaultKind {
    /// `at` is the first entry on the path that does not exist.
    Missing {
        at: String,
    },
    /// `at` is not a directory, but the path continues after it, if only by a slash.
    NotADirectory {
        at: String,
    },
    /// `at` is the entry that refused: a directory without search permission or the file itself.
    Denied {
        at: String,
    },
    /// More symbolic links than the kernel follows.
    LinkLoop,
    Directory,
    Fifo,
    Socket,
    Device,
    Empty,
    /// Larger than [`crate::probe::collect::MAX_TOKEN_BYTES`].
    TooLarge {
        bytes: u64,
    },
    /// Any other error, in the operating system's words.
    Io(String),
}

/// The claims of a service account token, as found; nothing of it is verified.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Token {
    pub algorithm: Option<String>,
    pub key_id: Option<String>,
    pub issuer: Option<String>,
    pub subject: Option<String>,
    /// Empty if there is no `aud` claim.
    pub audience: Vec<String>,
    /// `azp`: where present, STS compares it instead of `aud`.
    pub authorized_party: Option<String>,
    pub expires_at: Option<Timestamp>,
    pub issued_at: Option<Timestamp>,
    pub not_before: Option<Timestamp>,
    pub kubernetes: Kubernetes,
    /// What stands before or behind the token in its file. SDKs send it along.
    pub padding: Option<Padding>,
}

/// What a file may hold beside its token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Padding {
    WhiteSpace,
    /// Of UTF-8, as editors on Windows write it.
    ByteOrderMark,
}

impl Padding {
    /// A clause that follows the file's path.
    pub fn in_words(self) -> &'static str {
        match self {
            Self::WhiteSpace => "holds white space before or after the token",
            Self::ByteOrderMark => "begins with a byte order mark",
        }
    }
}

impl Token {
    /// Expired by this clock.
    pub fn is_over(&self, now: Timestamp) -> bool {
        self.expires_at.is_some_and(|expires_at| expires_at <= now)
    }

    /// Minted by a Kubernetes API server, so that a kubelet refreshes it. Tokens of GitHub, GitLab and the like are
    /// not.
    pub fn is_of_kubernetes(&self) -> bool {
        let is_service_account = |subject: &String| subject.starts_with("system:serviceaccount:");
        self.kubernetes.service_account.is_some() || self.subject.as_ref().is_some_and(is_service_account)
    }

    /// Never meant for STS, which refuses it unread: without audience (legacy), or for nobody but the cluster's API
    /// server or the agent of EKS Pod Identity. Any other audience may be registered with an IAM provider.
    pub fn is_for_another_use(&self) -> bool {
        let is_other = |audience: &String| {
            let host = audience.trim_start_matches("https://").split(['/', ':']).next().unwrap_or_default();
            let is_server = host == "kubernetes.default.svc" || host.starts_with("kubernetes.default.svc.");
            is_server || audience == "pods.eks.amazonaws.com" || self.issuer.as_ref() == Some(audience)
        };
        self.audience.iter().all(is_other)
    }
}

/// The `kubernetes.io` claim, or the flat claims of a legacy secret-based token.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Kubernetes {
    pub namespace: Option<String>,
    pub service_account: Option<String>,
    pub pod: Option<String>,
    pub node: Option<String>,
    /// The secret a legacy token lives in, or the secret a token is bound to.
    pub secret: Option<String>,
    pub warn_after: Option<Timestamp>,
    /// Flat `kubernetes.io/serviceaccount/*` claims: a secret-based token as made before Kubernetes 1.24.
    pub legacy: bool,
}

/// Why the file's content is no JWT. Offsets and counts only: content could be a secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Malformed {
    NotUtf8,
    ByteOrderMark,
    /// Only white space.
    Blank,
    /// The content is itself the path of a file.
    IsAPath,
    /// Two or more tokens, or something else behind one.
    SeveralLines {
        lines: usize,
    },
    /// A JWT has three parts with dots between.
    Parts(usize),
    /// `part` is `header`, `claims` or `signature`.
    NotBase64Url {
        part: &'static str,
    },
    NotJson {
        part: &'static str,
    },
    /// A claim with a type that RFC 7519 does not allow, as in `"exp": "tomorrow"`.
    WrongType {
        claim: &'static str,
    },
    EmptySignature,
}

impl Malformed {
    /// A clause that follows the file's path. It never shows the content, which could be a secret.
    pub(crate) fn in_words(&self) -> String {
        match self {
            Self::NotUtf8 => "is not text (not UTF-8)".to_owned(),
            Self::ByteOrderMark => "begins with a byte order mark, which editors on Windows add".to_owned(),
            Self::Blank => "holds only white space".to_owned(),
            Self::IsAPath => "holds the path of a file instead of the token itself".to_owned(),
            Self::SeveralLines { lines } => format!("holds {lines} lines; it must hold one token and nothing else"),
            Self::Parts(1) => "holds one word without dots; a JWT has three parts separated by dots".to_owned(),
            Self::Parts(parts) => format!("holds {parts} parts separated by dots; a JWT has three"),
            Self::NotBase64Url { part } => format!("holds a JWT whose {part} is not base64url"),
            Self::NotJson { part } => format!("holds a JWT whose {part} is not a JSON object"),
            Self::WrongType { claim } => {
                format!("holds a JWT whose {claim:?} has a type that RFC 7519 does not allow")
            }
            Self::EmptySignature => "holds a JWT without a signature".to_owned(),
        }
    }
}
