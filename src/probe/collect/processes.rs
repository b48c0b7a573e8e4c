//! Lists the processes and finds the application's.

use crate::probe::evidence::{Identity, Mechanism, OtherProcess, TargetVariables};
use crate::probe::subject::{Subject, proc};
use std::collections::{BTreeMap, HashSet};

/// More processes than this are not inspected.
const MAX_PROCESSES: usize = 10_000;
/// A process list is not a snapshot: its parents could form a circle.
const MAX_GENERATIONS: usize = 64;

/// What `/proc` shows of one process without its files.
struct Process {
    pid: u32,
    parent: Option<u32>,
    command: String,
}

/// The application's first process, seen from a container that was put beside it: process 1, or where the containers of
/// the pod share their processes, the lowest that is not the pause program. `None` if only processes of our own
/// container can be seen.
pub(crate) fn application() -> Option<u32> {
    let ours = container(std::process::id());
    let is_elsewhere = |process: &&Process| ours.is_some() && container(process.pid) != ours;
    foreign(all()).iter().find(is_elsewhere).map(|process| process.pid)
}

/// A subject for each group of processes with the same user and the same variables of IRSA or EKS Pod Identity: the
/// oldest of each group, which knows the others of its container.
pub(crate) fn groups() -> Vec<Subject> {
    let mut groups: BTreeMap<String, Subject> = BTreeMap::new();
    for process in foreign(all()) {
        let Ok(subject) = Subject::process(process.pid) else { continue };
        groups.entry(kinship(&subject)).or_insert(subject);
    }
    let mut subjects: Vec<Subject> = groups.into_values().collect();
    subjects.sort_by_key(|subject| subject.identity.pid);
    for subject in &mut subjects {
        acquaint(subject);
    }
    subjects
}

/// Adds the other processes of its container to a subject.
pub(crate) fn acquaint(subject: &mut Subject) {
    let Some(target) = &mut subject.target else { return };
    let known = [subject.identity.pid, std::process::id()];
    let its_container = container(subject.identity.pid);
    let is_neighbour = |other: &Process| {
        !known.contains(&other.pid) && its_container.is_some() && container(other.pid) == its_container
    };
    let neighbour = |other: Process| OtherProcess {
        pid: other.pid,
        has_identity: proc::variables(other.pid).ok().flatten().map(|variables| variables.has_identity()),
        command: other.command,
    };
    target.others = all().into_iter().filter(is_neighbour).map(neighbour).collect();
}

/// What two processes of one group have in common.
fn kinship(subject: &Subject) -> String {
    let variables = subject.variables.shown();
    let value = |name| variables.value(name).unwrap_or_default().to_owned();
    let Identity { pid, uid, gid, .. } = subject.identity;
    let seen = subject.target.as_ref().is_some_and(|target| target.variables == TargetVariables::Its);
    let profile = ["AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE", "AWS_PROFILE", "AWS_DEFAULT_PROFILE", "HOME"];
    let identity: Vec<String> = Mechanism::all_variables().into_iter().flatten().chain(profile).map(value).collect();
    format!("{:?}|{uid}|{gid}|{seen}|{}", container(pid), identity.join("|"))
}

/// What the processes of one container have in common, and may be seen by all: the first line of their list of mounts,
/// which begins with the number of their root's mount.
fn container(pid: u32) -> Option<Vec<u8>> {
    let mounts = proc::read(pid, "mountinfo").ok()?;
    mounts.split(|byte| *byte == b'\n').next().map(<[u8]>::to_vec)
}

/// Processes with a program, except the probe's own family and the pause program.
fn foreign(all: Vec<Process>) -> Vec<Process> {
    let own = std::process::id();
    let parents = parents(&all);
    let ancestors = lineage(&parents, own);
    let kin: HashSet<u32> = all
        .iter()
        .map(|process| process.pid)
        .filter(|pid| ancestors.contains(pid) || lineage(&parents, *pid).contains(&own))
        .collect();
    let is_application =
        |process: &Process| !kin.contains(&process.pid) && !process.command.is_empty() && process.command != "pause";
    all.into_iter().filter(is_application).collect()
}

fn parents(all: &[Process]) -> BTreeMap<u32, u32> {
    all.iter().filter_map(|process| Some((process.pid, process.parent?))).collect()
}

/// A process and its ancestors.
fn lineage(parents: &BTreeMap<u32, u32>, pid: u32) -> Vec<u32> {
    let parent = |pid: &u32| parents.get(pid).copied().filter(|parent| *parent != 0);
    std::iter::successors(Some(pid), parent).take(MAX_GENERATIONS).collect()
}

/// In the order of their pids, without those that end meanwhile.
fn all() -> Vec<Process> {
    let Ok(entries) = std::fs::read_dir("/proc") else { return Vec::new() };
    let mut pids: Vec<u32> = entries.flatten().filter_map(|entry| entry.file_name().to_str()?.parse().ok()).collect();
    pids.sort_unstable();
    pids.truncate(MAX_PROCESSES);
    pids.into_iter().filter_map(process).collect()
}

fn process(pid: u32) -> Option<Process> {
    let status = proc::read(pid, "status").ok()?;
    let status = String::from_utf8_lossy(&status);
    let command = proc::command(&proc::read(pid, "cmdline").ok()?);
    Some(Process { pid, parent: proc::parent(&status), command })
}
