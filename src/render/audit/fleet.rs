//! What a doctor or an audit found in many workloads: each fault once, with the workloads that have it and how to look at one.

use super::doctor::{exit, looked_at, on_one_line, open};
use super::text::{counted, ended, label, shortened, unanswered, unread, word};
use crate::causes::Severity;
use crate::documents::Documents;
use crate::documents::audit::{Audit, AuditedPod, Command, Group, Workload, groups};
use crate::render::text::{Colour, Page};
use std::collections::BTreeSet;

/// Expectations and commands that are shown.
const SHOWN: usize = 5;
const SHOWN_FACTS: usize = 3;
/// The kinds that `doctor` takes for a target.
const KINDS: [&str; 6] = ["Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "Job", "CronJob"];

pub(super) fn answer(audit: &Audit, documents: &Documents, colour: Colour) -> String {
    let mut page = Page::new(colour);
    let groups = groups(&audit.findings);
    let (faults, notes): (Vec<_>, Vec<_>) = groups.iter().partition(|one| one.first.finding.severity > Severity::Info);
    headline(&mut page, audit, &faults);
    for group in faults {
        page.gap();
        fault(&mut page, group, audit.doctor.as_ref());
    }
    page.gap();
    page.value("pods", &pods(audit));
    if !notes.is_empty() {
        let codes: BTreeSet<&str> = notes.iter().map(|group| group.first.code()).collect();
        page.value("notes", &format!("{}: --output json", codes.into_iter().collect::<Vec<_>>().join(", ")));
    }
    if !audit.is_final {
        known(&mut page, audit);
    }
    audit.expected.iter().take(SHOWN).for_each(|one| page.value("expected", one));
    match audit.is_final {
        true => open(&mut page, audit, false),
        false => to_ask(&mut page, audit),
    }
    page.gap();
    page.value("known", &ended(documents).unwrap_or_default());
    page.value("not read", &unread(documents).unwrap_or_default());
    page.value("not used", &documents.unusable.join("\n"));
    page.value("checked", &looked_at(documents).join(", "));
    page.line(&exit(audit));
    page.text
}

fn headline(page: &mut Page, audit: &Audit, faults: &[&Group<'_>]) {
    let (mark, word, colour) = word(audit.verdict());
    let codes: BTreeSet<&str> = faults.iter().map(|group| group.first.code()).collect();
    let pods = counted(audit.pods.len() + audit.without_irsa.len(), "pod");
    let summary = match faults.first() {
        Some(group) => format!("{} in {pods}; first {}", counted(codes.len(), "cause"), group.first.code()),
        None => format!("no fault found in {pods}"),
    };
    page.headline(&format!("{mark} {word}"), colour, &summary);
}

/// What was not found comes first.
fn known(page: &mut Page, audit: &Audit) {
    audit.facts.iter().take(SHOWN_FACTS).for_each(|fact| page.value("known", fact));
    if audit.facts.len() > SHOWN_FACTS {
        page.value("", &format!("and {}: --output json", counted(audit.facts.len() - SHOWN_FACTS, "fact")));
    }
}

/// Each question once, with the commands that answer it: one block to paste.
fn to_ask(page: &mut Page, audit: &Audit) {
    for (_, questions, commands) in unanswered(&audit.open) {
        page.gap();
        questions.iter().for_each(|question| page.value("open", question));
        page.gap();
        page.line("  Pass the output of these commands to irsa-probe audit as well:");
        commands.iter().for_each(|command| page.commands(command));
    }
}

/// The code, who has it, and the command that shows cause and fix of the first. Documents show them also without a cluster.
fn fault(page: &mut Page, group: &Group<'_>, doctor: Option<&Command>) {
    let workloads = group.workloads();
    let (number, names, first) = match workloads.keys().next() {
        Some(first) => {
            let pods: usize = workloads.values().sum();
            let name = |(workload, pods): (&&Workload, &usize)| match pods {
                1 => workload.shown(),
                pods => format!("{} ({pods})", workload.shown()),
            };
            let number = format!("{}, {}", counted(workloads.len(), "workload"), counted(pods, "pod"));
            (number, workloads.iter().map(name).collect(), target(group, first))
        }
        None => {
            let objects: BTreeSet<&str> = group.findings.iter().map(|one| account(&one.object)).collect();
            let first = account(&group.first.object).strip_prefix("service account ").and_then(|name| {
                let (namespace, name) = name.split_once('/')?;
                Some((namespace.to_owned(), format!("serviceaccount/{name}")))
            });
            (counted(objects.len(), "object"), objects.into_iter().map(str::to_owned).collect(), first)
        }
    };
    page.value(label(group.first.finding.severity), &format!("{}: {number}", group.first.code()));
    page.value("", &shortened(names));
    match first.zip(doctor) {
        Some(((namespace, target), doctor)) => {
            page.commands(&doctor.clone().then("-n").value(&namespace).value(&target).to_string());
        }
        None => {
            let example = if group.findings.len() > 1 && doctor.is_none() { "for example, " } else { "" };
            page.value("cause", &format!("{example}{}", group.first.text()));
            page.value("fix", &group.first.fix().text);
            // Those of all that are fixed alike.
            let commands = group.fixes().into_iter().next().map(|(_, commands)| commands).unwrap_or_default();
            commands.iter().take(SHOWN).for_each(|command| page.commands(&on_one_line(command)));
            if commands.len() > SHOWN {
                page.value("", &format!("and {} more commands: --output json", commands.len() - SHOWN));
            }
        }
    }
}

/// What to ask a doctor about: the workload, or the pod of one that it does not know.
fn target(group: &Group<'_>, workload: &Workload) -> Option<(String, String)> {
    let of_workload = group.findings.iter().filter_map(|one| one.pod.as_ref()).find(|pod| pod.workload == *workload)?;
    let target = match KINDS.contains(&workload.kind.as_str()) {
        true => format!("{}/{}", workload.kind.to_lowercase(), workload.name),
        false => format!("pod/{}", of_workload.pod),
    };
    Some((workload.namespace.clone(), target))
}

/// `service account NAMESPACE/NAME` of that and its role.
pub(super) fn account(object: &str) -> &str {
    object.split(" and ").next().unwrap_or(object)
}

/// How many pods are right, which a fault of the whole cluster leaves open.
pub(super) fn pods(audit: &Audit) -> String {
    let errors = || audit.findings.iter().filter(|one| one.finding.severity == Severity::Error);
    let without = match audit.without_irsa.len() {
        0 => String::new(),
        number => format!("; {number} more without any sign of a role"),
    };
    let accounts: BTreeSet<&str> = errors().filter(|one| one.pod.is_none()).map(|one| account(&one.object)).collect();
    if accounts.iter().any(|object| !object.starts_with("service account ")) {
        return format!("{} use a role or should{without}", audit.pods.len());
    }
    let broken: BTreeSet<(&str, &str)> =
        errors().filter_map(|one| one.pod.as_ref()).map(|of| (&*of.workload.namespace, &*of.pod)).collect();
    let is_right = |pod: &&AuditedPod| {
        let name = pod.object.rsplit('/').next().unwrap_or_default();
        let account = format!("service account {}/{}", pod.workload.namespace, pod.service_account);
        !broken.contains(&(&*pod.workload.namespace, name)) && !accounts.contains(account.as_str())
    };
    let right = audit.pods.iter().filter(is_right).count();
    format!("{right} of {} without an error{without}", audit.pods.len())
}
