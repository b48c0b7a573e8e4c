//! An audit for people: findings, grouped; then what is known, and the commands for what is not.

use crate::causes::{Candidate, Cause, Severity};
use crate::documents::Documents;
use crate::documents::audit::{Audit, AuditedPod, Group, ObjectFinding, Open, Verdict, groups};
use crate::render::text::{Colour, wrap};
use crate::text::printable::printable;
use std::collections::{BTreeMap, BTreeSet};

/// The number of names, commands or pods that are listed; the rest is counted.
const SHOWN: usize = 5;
const SHOWN_FACTS: usize = 8;
/// The number of objects with different causes that are shown in full.
const SHOWN_OBJECTS: usize = 3;
const INDENT: &str = "              ";

/// For people.
pub(crate) fn text(audit: &Audit, documents: &Documents) -> String {
    let workloads: BTreeSet<_> = audit.pods.iter().map(|pod| &pod.workload).collect();
    if audit.pods.len() > SHOWN && workloads.len() > 1 {
        return super::fleet::answer(audit, documents, Colour::Off);
    }
    let mut lines = vec![headline(audit, documents)];
    for group in groups(&audit.findings) {
        lines.push(String::new());
        lines.extend(if group.first.pod.is_some() { pods_lines(&group) } else { objects_lines(&group) });
    }
    if audit.pods.len() > SHOWN {
        lines.push(String::new());
        lines.extend(tally_lines(&audit.pods));
    } else {
        for pod in &audit.pods {
            lines.push(String::new());
            lines.extend(pod_lines(pod));
        }
    }
    if !audit.expected.is_empty() {
        lines.push(String::new());
        lines.extend(audit.expected.iter().take(SHOWN_FACTS).map(|one| value("expected", one)));
    }
    let (without, ended) = (without_irsa(audit), ended(documents));
    let more = audit.facts.len().saturating_sub(SHOWN_FACTS);
    let more = (more > 0).then(|| format!("{more} more facts: --output json"));
    let facts = audit.facts.iter().take(SHOWN_FACTS).chain(&more);
    let known: Vec<&String> = facts.chain(&without).chain(&ended).collect();
    if !known.is_empty() {
        lines.push(String::new());
        lines.extend(known.into_iter().map(|fact| value("known", fact)));
    }
    if let Some(kinds) = unread(documents) {
        lines.push(String::new());
        lines.push(value("not read", &kinds));
    }
    if !documents.unusable.is_empty() {
        lines.push(String::new());
        lines.extend(documents.unusable.iter().map(|why| value("not used", why)));
    }
    if !audit.open.is_empty() {
        lines.push(String::new());
        let mut questions: Vec<&String> = audit.open.iter().map(|one| &one.question).collect();
        questions.dedup();
        lines.extend(questions.into_iter().map(|question| value("open", question)));
        lines.push(String::new());
        lines.push("  Pass the output of these commands to irsa-probe audit as well:".to_owned());
        // One block to paste: no line is wrapped, and there is nothing but commands.
        let mut commands: Vec<String> = audit.open.iter().map(|one| one.command.to_string()).collect();
        commands.dedup();
        lines.extend(commands.iter().map(|command| format!("    {}", printable(command))));
    }
    lines.push(format!("\nexit {}\n", audit.exit_code()));
    lines.join("\n")
}

/// The open questions by the reason why they are open, and the commands that would answer them.
pub(super) fn unanswered(open: &[Open]) -> Vec<(&str, Vec<&str>, Vec<String>)> {
    let mut all: Vec<(&str, Vec<&str>, Vec<String>)> = Vec::new();
    for one in open {
        let why = one.why.as_deref().unwrap_or_default();
        let place = all.iter().position(|(other, ..)| *other == why).unwrap_or(all.len());
        if place == all.len() {
            all.push((why, Vec::new(), Vec::new()));
        }
        let (_, questions, commands) = &mut all[place];
        if !questions.contains(&one.question.as_str()) {
            questions.push(&one.question);
        }
        let command = one.command.to_string();
        if !commands.contains(&command) {
            commands.push(command);
        }
    }
    all
}

/// A mark, the word that a reader looks for, and their colour.
pub(super) fn word(verdict: Verdict) -> (&'static str, &'static str, &'static str) {
    match verdict {
        Verdict::Clean => ("ok", "CLEAN", "1;32"),
        Verdict::NothingToJudge => ("?", "NOTHING TO JUDGE", "1;33"),
        Verdict::Incomplete => ("?", "INCOMPLETE", "1;33"),
        Verdict::Warnings => ("!", "WARNINGS", "1;33"),
        Verdict::Broken => ("x", "BROKEN", "1;31"),
    }
}

fn headline(audit: &Audit, documents: &Documents) -> String {
    let count = |severity| audit.findings.iter().filter(|one| one.finding.severity == severity).count();
    let (errors, warnings) = (count(Severity::Error), count(Severity::Warning));
    let read = counted(documents.recognised.len(), "document");
    let (mark, word, _) = word(audit.verdict());
    let unusable = match audit.unusable {
        0 => String::new(),
        number => format!("; {} could not be used", counted(number, "document")),
    };
    let first = audit.findings.iter().find(|one| one.finding.severity == Severity::Error);
    let first = first.map(|one| format!("; first {} ({})", one.code(), one.object)).unwrap_or_default();
    if audit.verdict() == Verdict::NothingToJudge {
        return wrap(&format!("{mark} {word}  nothing in {read} shows whether a pod gets its role"), "", "  ");
    }
    let tally = format!("{}, {} in {read}{unusable}{first}", counted(errors, "error"), counted(warnings, "warning"));
    wrap(&printable(&format!("{mark} {word}  {tally}")), "", "  ")
}

/// The pods without IRSA, the first few by name.
fn without_irsa(audit: &Audit) -> Option<String> {
    let (named, more) = (audit.without_irsa.iter().take(5), audit.without_irsa.len().saturating_sub(5));
    let names: Vec<&str> = named.map(String::as_str).collect();
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    (!names.is_empty()).then(|| format!("pods without any sign of IRSA: {}{more}", names.join(", ")))
}

/// The kinds of objects that an audit does not read. They may refer to a role as well.
pub(super) fn unread(documents: &Documents) -> Option<String> {
    let kinds: Vec<String> = documents.unread.iter().map(|(kind, number)| format!("{kind} ({number})")).collect();
    (!kinds.is_empty()).then(|| kinds.join(", "))
}

/// Objects that are not judged because they have ended.
pub(super) fn ended(documents: &Documents) -> Option<String> {
    let kinds: Vec<String> = documents.ended.iter().map(|(kind, number)| counted(*number, kind)).collect();
    (!kinds.is_empty()).then(|| format!("not judged, because ended or replaced: {}", kinds.join(", ")))
}

/// One fault of pods: the workloads that have it, one pod as an example, and the fixes.
fn pods_lines(group: &Group<'_>) -> Vec<String> {
    let (first, workloads) = (group.first, group.workloads());
    let pods: usize = workloads.values().sum();
    let mut lines = Vec::new();
    let about = match workloads.len() {
        1 if pods <= 1 => first.object.clone(),
        1 => counted(pods, "pod"),
        several => format!("{}, {}", counted(several, "workload"), counted(pods, "pod")),
    };
    lines.push(value(label(first.finding.severity), &format!("{}: {about}", first.code())));
    let is_several = pods > 1 || workloads.len() > 1;
    if is_several {
        let named = workloads.iter().map(|(workload, pods)| match *pods {
            1 => workload.shown(),
            pods => format!("{} ({pods})", workload.shown()),
        });
        lines.push(value("", &shortened(named.collect())));
    }
    let is_same = group.findings.iter().all(|other| other.text() == first.text());
    let example = if is_several && !is_same { format!("for example {}: ", first.object) } else { String::new() };
    lines.push(value("", &format!("{example}{}", first.text())));
    for (text, commands) in group.fixes().into_iter().take(SHOWN) {
        lines.extend(fix_lines(text, &commands));
    }
    lines.extend(likely_lines(first));
    lines
}

/// One fault of other objects: each with its own cause and fix.
fn objects_lines(group: &Group<'_>) -> Vec<String> {
    let mut causes: Vec<(&ObjectFinding, Vec<String>)> = Vec::new();
    for finding in &group.findings {
        let same = causes.iter().position(|(first, _)| first.text() == finding.text() && first.fix() == finding.fix());
        // All that are not shown in full are one entry.
        match same.or((causes.len() > SHOWN_OBJECTS).then_some(SHOWN_OBJECTS)) {
            Some(index) => causes[index].1.push(finding.object.clone()),
            None => causes.push((finding, vec![finding.object.clone()])),
        }
    }
    let mut lines = Vec::new();
    for (index, (finding, objects)) in causes.into_iter().enumerate() {
        if index > 0 {
            lines.push(String::new());
        }
        lines.push(value(
            label(finding.finding.severity),
            &format!("{}: {}", finding.code(), shortened(objects.clone())),
        ));
        if index == SHOWN_OBJECTS && objects.len() > 1 {
            lines.push(value("", "the cause and fix of each: --output json"));
            continue;
        }
        lines.push(value("", finding.text()));
        lines.extend(fix_lines(
            &finding.fix().text,
            &finding.fix().commands.iter().map(String::as_str).collect::<Vec<_>>(),
        ));
        lines.extend(likely_lines(finding));
    }
    lines
}

pub(super) fn label(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Info => "note",
    }
}

fn fix_lines(text: &str, commands: &[&str]) -> Vec<String> {
    let mut lines = vec![value("fix", text)];
    for command in commands.iter().take(SHOWN) {
        lines.extend(command.lines().map(|line| format!("{INDENT}  {}", printable(line))));
    }
    if commands.len() > SHOWN {
        lines.push(value("", &format!("and {} more commands: --output json", commands.len() - SHOWN)));
    }
    lines
}

/// One line for each candidate: the code, and what to compare.
fn likely_lines(one: &ObjectFinding) -> Vec<String> {
    let candidates = &one.finding.diagnosis.candidates;
    let width = candidates.iter().map(|candidate| candidate.cause.code.len()).max().unwrap_or_default();
    let line = |(place, candidate): (usize, &Candidate)| {
        let Cause { code, compare, .. } = candidate.cause;
        // No line is wrapped, so that the columns stay columns.
        format!("  {:<12}{code:<width$}  {compare}", if place == 0 { "likely" } else { "" })
    };
    candidates.iter().enumerate().map(line).collect()
}

/// The first few, and the number of the others.
pub(super) fn shortened(mut all: Vec<String>) -> String {
    let more = all.len().saturating_sub(SHOWN);
    all.truncate(SHOWN);
    if more > 0 { format!("{} and {more} more", all.join(", ")) } else { all.join(", ") }
}

pub(super) fn counted(number: usize, what: &str) -> String {
    format!("{number} {what}{}", if number == 1 { "" } else { "s" })
}

/// The number of pods for each rule and file mode.
fn tally_lines(pods: &[AuditedPod]) -> Vec<String> {
    let (mut rules, mut modes) = (BTreeMap::new(), BTreeMap::new());
    for pod in pods {
        let of_pod: BTreeSet<&str> = pod.applied.iter().map(|applied| applied.rule.code()).collect();
        of_pod.into_iter().for_each(|rule| *rules.entry(rule).or_insert(0) += 1);
        // Who can read the file is shown only for single pods.
        let mode = pod.token_file.as_deref().and_then(|mode| mode.split(',').next());
        mode.into_iter().for_each(|mode| *modes.entry(mode).or_insert(0) += 1);
    }
    let tally = |kinds: BTreeMap<&str, usize>| {
        let mut kinds: Vec<_> = kinds.into_iter().collect();
        kinds.sort_by_key(|(_, number)| std::cmp::Reverse(*number));
        kinds.into_iter().map(|(kind, number)| format!("{kind} ({number})")).collect::<Vec<_>>().join(", ")
    };
    let mut lines = vec![value("pods", &format!("{} use IRSA or should; --output json lists them", pods.len()))];
    lines.push(value("webhook", &tally(rules)));
    if !modes.is_empty() {
        lines.push(value("token file", &tally(modes)));
    }
    lines
}

fn pod_lines(pod: &AuditedPod) -> Vec<String> {
    let mut lines = vec![value("pod", &format!("{}, service account {}", pod.object, pod.service_account))];
    for applied in &pod.applied {
        let container = applied.container.as_ref().map(|name| format!(", container {name}")).unwrap_or_default();
        lines.push(value("webhook", &format!("{}{container}: {}", applied.rule.code(), applied.why)));
    }
    lines.extend(pod.token_file.iter().map(|mode| value("token file", mode)));
    lines.extend(pod.waits.iter().map(|why| value("state", why)));
    lines
}

fn value(label: &str, value: &str) -> String {
    wrap(&printable(value), &format!("  {label:<12}"), INDENT)
}
