//! Who a process is, and which permissions it meets on the path to a file.

/// The ids and capabilities that decide what a process may read (`credentials(7)`, `capabilities(7)`).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Identity {
    pub pid: u32,
    /// Effective user id, which is also the one the kernel uses for files.
    pub uid: u32,
    pub gid: u32,
    /// Supplementary groups.
    pub groups: Vec<u32>,
    /// Effective capabilities, one bit each, as in `CapEff` of `/proc/PID/status`; `None` if not known.
    pub capabilities: Option<u64>,
}

impl Identity {
    /// Bit 1 of the capability set: read and write whatever the mode says.
    const CAP_DAC_OVERRIDE: u64 = 1 << 1;
    /// Bit 2: read files and search directories whatever the mode says.
    const CAP_DAC_READ_SEARCH: u64 = 1 << 2;
    /// Bit 19: look into other users' processes.
    pub const CAP_SYS_PTRACE: u64 = 1 << 19;

    /// Whether file modes do not bind this process.
    pub fn reads_everything(&self) -> bool {
        self.capabilities.is_some_and(|set| set & (Self::CAP_DAC_OVERRIDE | Self::CAP_DAC_READ_SEARCH) != 0)
    }

    pub fn has_ptrace(&self) -> bool {
        self.capabilities.is_some_and(|set| set & Self::CAP_SYS_PTRACE != 0)
    }

    pub fn in_group(&self, gid: u32) -> bool {
        self.gid == gid || self.groups.contains(&gid)
    }

    /// Whether the mode bits let this process use `step` for reading (a file) or searching (a directory): the class
    /// of the owner, else of the group, else of the others decides alone.
    pub fn may_pass(&self, step: &PathStep) -> bool {
        let wanted = match step.kind {
            PathStepKind::Link => return true,
            PathStepKind::Directory => 0o1,
            _ => 0o4,
        };
        let class = if step.uid == self.uid {
            step.mode >> 6
        } else if self.in_group(step.gid) {
            step.mode >> 3
        } else {
            step.mode
        };
        self.reads_everything() || class & wanted != 0
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PathStepKind {
    Directory,
    File,
    Link,
    Fifo,
    Socket,
    Device,
}

/// One entry met while a path was followed, links included.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PathStep {
    pub path: String,
    pub kind: PathStepKind,
    /// Permission bits, `0o7777` at most.
    pub mode: u32,
    pub uid: u32,
    pub gid: u32,
    /// Where a link points.
    pub target: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_class_that_matches_first_decides_alone() {
        let step =
            |mode, uid, gid| PathStep { path: "/token".into(), kind: PathStepKind::File, mode, uid, gid, target: None };
        let identity = |uid, gid, groups: &[u32], capabilities| Identity {
            pid: 1,
            uid,
            gid,
            groups: groups.to_vec(),
            capabilities: Some(capabilities),
        };
        for (who, what, may) in [
            (identity(1000, 1000, &[], 0), step(0o644, 0, 0), true),
            (identity(1000, 1000, &[], 0), step(0o600, 1000, 0), true),
            (identity(1001, 0, &[], 0), step(0o600, 1000, 0), false),
            (identity(1001, 0, &[1337], 0), step(0o640, 0, 1337), true),
            (identity(1001, 0, &[], 0), step(0o640, 0, 1337), false),
            (identity(1000, 1337, &[], 0), step(0o040, 1000, 1337), false),
            (identity(0, 0, &[], 0), step(0o600, 1000, 1000), false),
            (identity(0, 0, &[], 0b10), step(0o600, 1000, 1000), true),
        ] {
            assert_eq!(who.may_pass(&what), may, "{who:?} {what:?}");
        }
    }
}
