//! A process under `/proc/PID` as subject.

use super::{Subject, Variables, proc};
use crate::probe::collect::{SYSTEM_BUNDLES, inside, resolver};
use crate::probe::evidence::{AccessBarrier, Identity, Image, Seen, Target, TargetVariables};
use crate::text::printable::is_unprintable;
use std::path::{Path, PathBuf};

impl Subject {
    /// The process `pid`, with whatever of it can be seen from here.
    ///
    /// # Errors
    /// There is no such process, or none that can be seen at all.
    pub fn process(pid: u32) -> Result<Subject, String> {
        let unseen = |error: nix::errno::Errno| format!("process {pid} cannot be seen: {}", error.desc());
        let status = proc::read(pid, "status").map_err(unseen)?;
        let identity = proc::identity(&String::from_utf8_lossy(&status))
            .ok_or_else(|| format!("process {pid} has a status file without ids"))?;
        let this = Subject::this_process();
        let (variables, of_whom) = variables(pid, &identity, &this);
        let its_root = PathBuf::from(format!("/proc/{pid}/root"));
        let root = if matches!(of_whom, TargetVariables::Ours(_)) { PathBuf::from("/") } else { its_root.clone() };
        let mounts = proc::read(pid, "mountinfo").map(|text| proc::mounts(&text));
        let target = Target {
            command: proc::command(&proc::read(pid, "cmdline").unwrap_or_default()),
            program: program(pid),
            prober: this.identity,
            token_mounts: match &mounts {
                Err(error) => Seen::Failed(error.desc().to_owned()),
                Ok(mounts) => Seen::Seen(points(mounts.iter().filter(|mount| mount.is_for_tokens()))),
            },
            image: image(&its_root, &variables, of_whom.access_barrier().is_none()),
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
    if this.variables.has_irsa() {
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

fn image(root: &Path, variables: &Variables, readable: bool) -> Image {
    if !readable {
        return Image::default();
    }
    let names = resolver::configuration(root, variables);
    let named = Some(&names).filter(|names| !names.is_missing);
    let is_there = |path: &&&str| inside::open_regular(root, Path::new(path)).is_ok();
    let localtime = || {
        let etc = inside::open_directory(root, Path::new("/etc")).ok()?;
        let target = nix::fcntl::readlinkat(&etc, "localtime").ok()?;
        Some(target.to_string_lossy().split_once("zoneinfo/")?.1.to_owned())
    };
    Image {
        ca_bundle: SYSTEM_BUNDLES.iter().find(is_there).map(|path| (*path).to_owned()),
        time_zone: variables.filled("TZ").map(str::to_owned).or_else(localtime),
        name_servers: named
            .into_iter()
            .flat_map(|names| &names.servers)
            .map(|server| server.ip().to_string())
            .collect(),
        resolves_as_we_do: named.map(|names| resolver::configuration(Path::new("/"), variables) == *names),
    }
}

fn points<'m>(mounts: impl Iterator<Item = &'m proc::Mount>) -> Vec<String> {
    mounts.map(|mount| String::from_utf8_lossy(&mount.point).into_owned()).collect()
}

/// The mounts under a process's root that a scan must not enter.
pub(crate) fn mounts_to_skip(pid: u32) -> Vec<Vec<u8>> {
    let mounts = proc::mounts(&proc::read(pid, "mountinfo").unwrap_or_default());
    mounts.into_iter().filter(proc::Mount::is_not_to_be_entered).map(|mount| mount.point).collect()
}
