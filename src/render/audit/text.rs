//! An audit for people: what is wrong, grouped; then what is known, and what other documents would tell.

use crate::causes::Severity;
use crate::documents::Documents;
use crate::documents::audit::{Audit, Finding, Group, PodStory, Verdict, groups};
use crate::render::text::wrap;
use crate::text::printable::printable;
use std::collections::{BTreeMap, BTreeSet};

/// How many names, commands or pods are listed before the rest is counted.
const SHOWN: usize = 5;
const SHOWN_FACTS: usize = 8;
/// How many objects with a cause of their own are shown in full.
const SHOWN_OBJECTS: usize = 3;
const INDENT: &str = "              ";

/// For people.
pub fn text(audit: &Audit, documents: &Documents) -> String {
    let mut lines = vec![headline(audit, documents)];
    for group in groups(&audit.findings) {
        lines.push(String::new());
        lines.extend(if group.first.of.is_some() { pods_lines(&group) } else { objects_lines(&group) });
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
    let (without, ended) = (without_irsa(audit), ended(documents));
    let more = audit.facts.len().saturating_sub(SHOWN_FACTS);
    let more = (more > 0).then(|| format!("{more} more that are as they should be, or good to know: --output json"));
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
        lines.push("  give the output of these to irsa-probe audit as well".to_owned());
        // One block that pastes as it is: no line is wrapped, and nothing stands between the commands that a shell would read.
        lines.extend(audit.open.iter().map(|one| format!("    {}", printable(&one.command))));
    }
    lines.push(format!("\nexit {}\n", audit.exit_code()));
    lines.join("\n")
}

fn headline(audit: &Audit, documents: &Documents) -> String {
    let count = |severity| audit.findings.iter().filter(|finding| finding.severity == severity).count();
    let (errors, warnings) = (count(Severity::Error), count(Severity::Warning));
    let read = said(documents.recognised.len(), "document");
    let (mark, word) = match audit.verdict() {
        Verdict::Clean => ("ok", "CLEAN"),
        Verdict::NothingToJudge => ("?", "NOTHING TO JUDGE"),
        Verdict::Incomplete => ("?", "INCOMPLETE"),
        Verdict::Warnings => ("!", "WARNINGS"),
        Verdict::Broken => ("x", "BROKEN"),
    };
    let unusable = match audit.unusable {
        0 => String::new(),
        number => format!("; {} could not be used", said(number, "document")),
    };
    let first = audit.findings.iter().find(|finding| finding.severity == Severity::Error);
    let first = first.map(|finding| format!("; first {} ({})", finding.code, finding.about)).unwrap_or_default();
    let tally = format!("{}, {} in {read}{unusable}{first}", said(errors, "error"), said(warnings, "warning"));
    wrap(&printable(&format!("{mark} {word}  {tally}")), "", "  ")
}

/// The pods left out, the first few by name.
fn without_irsa(audit: &Audit) -> Option<String> {
    let (named, more) = (audit.without_irsa.iter().take(5), audit.without_irsa.len().saturating_sub(5));
    let names: Vec<&str> = named.map(String::as_str).collect();
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    (!names.is_empty()).then(|| format!("pods that nothing here ties to IRSA: {}{more}", names.join(", ")))
}

/// The kinds of objects that an audit does not know. They may hold a role as well.
fn unread(documents: &Documents) -> Option<String> {
    let kinds: Vec<String> = documents.unread.iter().map(|(kind, number)| format!("{kind} ({number})")).collect();
    (!kinds.is_empty()).then(|| kinds.join(", "))
}

/// What nobody judges any more.
fn ended(documents: &Documents) -> Option<String> {
    let kinds: Vec<String> = documents.ended.iter().map(|(kind, number)| said(*number, kind)).collect();
    (!kinds.is_empty()).then(|| format!("not judged, because ended or replaced: {}", kinds.join(", ")))
}

/// One fault of pods: which have it, by workload; one of them as an example; how to fix each.
fn pods_lines(group: &Group<'_>) -> Vec<String> {
    let (first, workloads) = (group.first, group.workloads());
    let pods: usize = workloads.values().sum();
    let mut lines = Vec::new();
    let about = match workloads.len() {
        1 if pods <= 1 => first.about.clone(),
        1 => said(pods, "pod"),
        several => format!("{} of {}", said(pods, "pod"), said(several, "workload")),
    };
    lines.push(value(label(first.severity), &format!("{}: {about}", first.code)));
    let is_several = pods > 1 || workloads.len() > 1;
    if is_several {
        let named = workloads.iter().map(|(workload, pods)| match *pods {
            1 => workload.shown(),
            pods => format!("{} ({pods})", workload.shown()),
        });
        lines.push(value("", &shortened(named.collect())));
    }
    let is_same = group.findings.iter().all(|other| other.cause == first.cause);
    let example = if is_several && !is_same { format!("for example {}: ", first.about) } else { String::new() };
    lines.push(value("", &format!("{example}{}", first.cause)));
    for (text, commands) in group.fixes().into_iter().take(SHOWN) {
        lines.extend(fix_lines(text, &commands));
    }
    lines
}

/// One fault of other objects: each cause by itself, for each has a fix of its own.
fn objects_lines(group: &Group<'_>) -> Vec<String> {
    let mut causes: Vec<(&Finding, Vec<String>)> = Vec::new();
    for finding in &group.findings {
        let same = causes.iter().position(|(first, _)| first.cause == finding.cause && first.fix == finding.fix);
        // Beyond those that are shown in full, all others together.
        match same.or((causes.len() > SHOWN_OBJECTS).then_some(SHOWN_OBJECTS)) {
            Some(place) => causes[place].1.push(finding.about.clone()),
            None => causes.push((finding, vec![finding.about.clone()])),
        }
    }
    let mut lines = Vec::new();
    for (place, (finding, abouts)) in causes.into_iter().enumerate() {
        if place > 0 {
            lines.push(String::new());
        }
        lines.push(value(label(finding.severity), &format!("{}: {}", finding.code, shortened(abouts.clone()))));
        if place == SHOWN_OBJECTS && abouts.len() > 1 {
            lines.push(value("", "the cause and fix of each: --output json"));
            continue;
        }
        lines.push(value("", &finding.cause));
        lines
            .extend(fix_lines(&finding.fix.text, &finding.fix.commands.iter().map(String::as_str).collect::<Vec<_>>()));
    }
    lines
}

fn label(severity: Severity) -> &'static str {
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

/// The first few.
fn shortened(mut all: Vec<String>) -> String {
    let more = all.len().saturating_sub(SHOWN);
    all.truncate(SHOWN);
    if more > 0 { format!("{} and {more} more", all.join(", ")) } else { all.join(", ") }
}

fn said(number: usize, what: &str) -> String {
    format!("{number} {what}{}", if number == 1 { "" } else { "s" })
}

/// Of many pods, how many of each kind there are.
fn tally_lines(pods: &[PodStory]) -> Vec<String> {
    let (mut rules, mut modes) = (BTreeMap::new(), BTreeMap::new());
    for pod in pods {
        let of_pod: BTreeSet<&str> = pod.applied.iter().map(|applied| applied.rule.code()).collect();
        of_pod.into_iter().for_each(|rule| *rules.entry(rule).or_insert(0) += 1);
        // Who reads it is said of single pods.
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

fn pod_lines(pod: &PodStory) -> Vec<String> {
    let mut lines = vec![value("pod", &format!("{}, service account {}", pod.about, pod.service_account))];
    for applied in &pod.applied {
        let container = applied.container.as_ref().map(|name| format!(", container {name}")).unwrap_or_default();
        lines.push(value("webhook", &format!("{}{container}: {}", applied.rule.code(), applied.why)));
    }
    lines.extend(pod.token_file.iter().map(|mode| value("token file", mode)));
    lines
}

fn value(label: &str, value: &str) -> String {
    wrap(&printable(value), &format!("  {label:<12}"), INDENT)
}
