//! A process under `/proc/PID` as subject.

use super::{Subject, Variables, proc};
use crate::probe::evidence::{AccessBarrier, Identity, Image, Seen, Target, TargetVariables};
use crate::text::printable::is_unprintable;
use std::path::PathBuf;

impl Subject {
    /// The process `pid`, with whatever of it can be seen from here.
    ///
    /// # Errors
    /// There is no such process, or it cannot be seen.
    pub fn process(pid: u32) -> Result<Subject, String> {
        let unseen = |error: nix::errno::Errno| format!("process {pid} cannot be seen: {}", error.desc());
        let status = proc::read(pid, "status").map_err(unseen)?;
        let identity = proc::identity(&String::from_utf8_lossy(&status))
            .ok_or_else(|| format!("process {pid} has a status file without ids"))?;
        let this = Subject::this_process();
        let (variables, of_whom) = variables(pid, &identity, &this);
        let root = match of_whom {
            TargetVariables::Ours(_) => PathBuf::from("/"),
            TargetVariables::Its | TargetVariables::Unseen(_) => PathBuf::from(format!("/proc/{pid}/root")),
        };
        let mounts = proc::read(pid, "mountinfo").map(|text| proc::mounts(&text));
        let target = Target {
            command: proc::command(&proc::read(pid, "cmdline").unwrap_or_default()),
            program: program(pid),
            prober: this.identity,
            token_mounts: match &mounts {
                Err(error) => Seen::Failed(error.desc().to_owned()),
                Ok(mounts) => Seen::Seen(points(mounts.iter().filter(|mount| mount.is_for_tokens()))),
            },
            image: Image::default(),
            sdks: Seen::not_checked("not searched for"),
            others: Vec::new(),
            variables: of_whom,
        };
        Ok(Subject { variables, identity, root, target: Some(target) })
    }
}

/// The target's own variables, else ours if we stand in its place, else none.
fn variables(pid: u32, identity: &Identity, this: &Subject) -> (Variables, TargetVariables) {
    let access_barrier = match proc::variables(pid) {
        Ok(Some(variables)) => return (variables, TargetVariables::Its),
        Ok(None) => AccessBarrier::Gone,
        Err(_) => AccessBarrier::of(&this.identity, identity),
    };
    if this.variables.has_identity() {
        (this.variables.clone(), TargetVariables::Ours(access_barrier))
    } else {
        (Variables::default(), TargetVariables::Unseen(access_barrier))
    }
}

fn program(pid: u32) -> Option<String> {
    let program = std::fs::read_link(format!("/proc/{pid}/exe")).ok()?;
    let name = program.file_name()?.to_string_lossy().chars().filter(|c| !is_unprintable(*c)).collect::<String>();
    Some(name.trim_end_matches(" (deleted)").to_owned())
}

fn points<'m>(mounts: impl Iterator<Item = &'m proc::Mount>) -> Vec<String> {
    mounts.map(|mount| String::from_utf8_lossy(&mount.point).into_owned()).collect()
}

/// The mounts under a process's root that a scan must not enter.
pub(crate) fn mounts_to_skip(pid: u32) -> Vec<Vec<u8>> {
    let mounts = proc::mounts(&proc::read(pid, "mountinfo").unwrap_or_default());
    mounts.into_iter().filter(proc::Mount::is_not_to_be_entered).map(|mount| mount.point).collect()
}
