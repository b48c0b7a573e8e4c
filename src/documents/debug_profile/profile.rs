//! What is asked for, and what comes of it.

use crate::text::timestamp::Timestamp;
use serde_json::Value;
use std::fmt;

/// The options.
#[derive(Clone, Debug)]
pub struct Choices {
    /// The container to check. Default: the default container of `kubectl exec`, or the first with a token.
    pub container: Option<String>,
    /// User and group of the application, if the pod does not state them.
    pub uid: Option<i64>,
    pub gid: Option<i64>,
    /// The probe's image.
    pub image: String,
    /// The name of the debug container, by which its log and status are read.
    pub name: String,
    /// Options that choose the cluster for kubectl, with their values.
    pub cluster: Vec<(&'static str, String)>,
    pub now: Timestamp,
}

/// The result.
#[derive(Clone, Debug, PartialEq)]
pub struct DebugProfile {
    /// A partial container for `kubectl debug --custom`. For a pod on Windows, the overrides of `kubectl run`.
    pub profile: Value,
    /// The command that creates the container. It expects the profile in [`FILE`].
    pub command: String,
    /// The container whose processes the debug container sees; `None` if it sees none.
    pub target: Option<String>,
    /// The profile of kubectl beside it; `None` for a pod on Windows, which gets a pod of its own.
    pub kubectl_profile: Option<&'static str>,
    /// What the probe cannot see, and what the debug container changes.
    pub notes: Vec<String>,
    /// Creates the container, prints its log, and ends with its exit code. For `sh`, `bash` and `zsh`.
    pub script: String,
}

/// The file that [`DebugProfile::command`] reads.
pub const FILE: &str = "irsa-probe-profile.json";

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ProfileFault {
    /// The parser's message.
    NotJson(String),
    /// The kind that was found instead.
    NotAPod(String),
    /// A list with this many pods.
    Pods(usize),
    NoSuchContainer {
        wanted: String,
        there: Vec<String>,
    },
    /// No container can start in this pod: why, in a sentence.
    CannotStart(String),
}

impl fmt::Display for ProfileFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotJson(why) => write!(f, "this is not JSON ({why}); use kubectl get pod NAME --output json"),
            Self::NotAPod(kind) if kind.is_empty() => f.write_str("this is not a Kubernetes object"),
            Self::NotAPod(kind) => write!(f, "this is a {kind}; a pod is needed"),
            Self::Pods(count) => write!(f, "this is a list of {count} pods; one is needed"),
            Self::NoSuchContainer { wanted, there } => {
                write!(f, "the pod has no container {wanted}; it has {}", there.join(", "))
            }
            Self::CannotStart(why) => f.write_str(why),
        }
    }
}

#[cfg(test)]
impl Choices {
    pub(super) fn example() -> Choices {
        Choices {
            container: None,
            uid: None,
            gid: None,
            image: "irsa-probe:1".to_owned(),
            name: "irsa-probe-x7k2p".to_owned(),
            cluster: Vec::new(),
            now: Timestamp(1_764_000_000),
        }
    }
}
