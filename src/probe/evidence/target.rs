//! A process other than the probe's own, in whose place a run is made.

use super::{Identity, Sdk, SdkScan, Seen};

/// What is known of the target beside its variables, ids and token, which are stored where a run on this process has
/// them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// Its program and first plain argument, for people to know it by.
    pub command: String,
    /// The file name of the program that it runs, where that could be seen.
    pub program: Option<String>,
    /// Who runs.
    pub prober: Identity,
    pub variables: TargetVariables,
    /// Where EKS's tokens are mounted for it.
    pub token_mounts: Seen<Vec<String>, String>,
    pub image: Image,
    pub sdks: Seen<SdkScan, String>,
    /// Other processes of the same container.
    pub others: Vec<OtherProcess>,
}

/// Whose variables were judged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TargetVariables {
    Its,
    /// Its own could not be read. The probe has IRSA's variables itself, as `debug-profile` gives them, and these were
    /// taken instead.
    Ours(AccessBarrier),
    /// Its own could not be read, and the probe has none.
    Unseen(AccessBarrier),
}

impl TargetVariables {
    pub fn access_barrier(&self) -> Option<AccessBarrier> {
        match self {
            Self::Its => None,
            Self::Ours(access_barrier) | Self::Unseen(access_barrier) => Some(*access_barrier),
        }
    }
}

/// What keeps the probe from reading the target's environment and files: the rule of `ptrace(2)` for
/// `PTRACE_MODE_READ_FSCREDS`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AccessBarrier {
    /// Another user or group, and no CAP_SYS_PTRACE.
    OtherUser,
    /// The same user, but the target has capabilities that the probe has not.
    FewerCapabilities,
    /// Neither explains it: the target made itself undumpable, or a security module says no.
    Other,
    /// It ended, or has no environment any more.
    Gone,
}

impl AccessBarrier {
    /// Why `prober` was refused at `target`.
    pub fn of(prober: &Identity, target: &Identity) -> AccessBarrier {
        let ours = prober.capabilities.unwrap_or_default();
        let theirs = target.capabilities.unwrap_or_default();
        if prober.has_ptrace() {
            Self::Other
        } else if (prober.uid, prober.gid) != (target.uid, target.gid) {
            Self::OtherUser
        } else if theirs & !ours != 0 {
            Self::FewerCapabilities
        } else {
            Self::Other
        }
    }
}

/// What in the target's image affects a call to STS.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Image {
    /// The first of the usual CA bundles that is there.
    pub ca_bundle: Option<String>,
    /// `TZ`, or where `/etc/localtime` points.
    pub time_zone: Option<String>,
    pub name_servers: Vec<String>,
    /// Whether its `/etc/resolv.conf` says the same as the probe's own. Names are looked up by its own.
    pub resolves_as_we_do: Option<bool>,
}

/// A neighbour of the target.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OtherProcess {
    pub pid: u32,
    pub command: String,
    /// Whether it has both variables of a mechanism; `None` if its environment could not be read.
    pub has_identity: Option<bool>,
}

impl Target {
    /// Whether the target could run code that uses this SDK. Where its program is not known for one language, it could.
    pub fn may_use(&self, sdk: &Sdk) -> bool {
        use super::SdkKind::*;
        let Some(program) = &self.program else { return true };
        let runs = |kind: &super::SdkKind| kind.runtimes().iter().any(|runtime| program.starts_with(runtime));
        let all = [Boto3, JavaV1, JavaScriptV2, Ruby, Php, DotNet];
        runs(&sdk.kind) || !all.iter().any(runs)
    }
}
