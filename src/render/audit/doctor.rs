//! What a doctor found: for one workload the answer on the first screen, for many each fault once.

use super::text::{counted, label, unanswered, word};
use crate::causes::{Advice, Severity};
use crate::documents::audit::{Audit, ObjectFinding, Open, Verdict};
use crate::documents::{Documents, Origin, Pod};
use crate::render::text::{Colour, Page};
use std::collections::BTreeSet;

/// Facts, and findings beside the first, that are shown; the rest is counted.
const SHOWN: usize = 3;
/// Questions of one reason, and commands for them, that are shown.
const SHOWN_QUESTIONS: usize = 2;

pub(crate) fn answer(audit: &Audit, documents: &Documents, colour: Colour) -> String {
    let workloads: BTreeSet<_> = audit.pods.iter().map(|pod| &pod.workload).collect();
    if workloads.len() > 1 {
        return super::fleet::answer(audit, documents, colour);
    }
    let mut page = Page::new(colour);
    let (first, others) = match audit.findings.split_first() {
        Some((first, others)) if first.finding.severity > Severity::Info => (Some(first), others),
        _ => (None, audit.findings.as_slice()),
    };
    headline(&mut page, audit, first);
    page.gap();
    pod(&mut page, audit);
    if let Some(first) = first {
        object(&mut page, audit, first);
        page.value("cause", first.text());
        page.gap();
        page.value("fix", &first.fix().text);
        first.fix().commands.iter().for_each(|command| page.commands(&on_one_line(command)));
    } else if audit.verdict() == Verdict::NothingToJudge {
        let yet = match documents.ended.is_empty() {
            true => "no pod runs, and nothing says which role one should have",
            false => "what was found has ended, and what has ended is not judged",
        };
        page.value("yet", yet);
    }
    also(&mut page, others);
    open(&mut page, audit, first.is_some());
    if first.is_none() {
        known(&mut page, audit);
    }
    page.gap();
    if !documents.unusable.is_empty() {
        page.value("not used", &documents.unusable.join("; "));
    }
    page.value("checked", &looked_at(documents).join(", "));
    page.line(&exit(audit));
    page.text
}

fn headline(page: &mut Page, audit: &Audit, first: Option<&ObjectFinding>) {
    let verdict = audit.verdict();
    let (mark, word, colour) = word(verdict);
    let summary = match (verdict, first) {
        (Verdict::Broken | Verdict::Warnings, Some(one)) => format!("{}: {}", one.code(), one.title()),
        (Verdict::Clean, _) if audit.pods.is_empty() && audit.facts.is_empty() => {
            "no pod has a sign of a role".to_owned()
        }
        (Verdict::Clean | Verdict::Warnings, _) => "no fault found: each document agrees with the others".to_owned(),
        (Verdict::NothingToJudge, _) => "nothing to judge yet".to_owned(),
        (Verdict::Incomplete | Verdict::Broken, _) => {
            let what = match audit.open.iter().filter(|one| one.decides).count() {
                0 => format!("{} not usable", counted(audit.unusable, "document")),
                number => format!("{} without an answer", counted(number, "question")),
            };
            format!("no fault found so far; {what}")
        }
    };
    page.headline(&format!("{mark} {word}"), colour, &summary);
}

/// The first pod that runs stands for its replicas; without one, its template.
fn pod(page: &mut Page, audit: &Audit) {
    let running = || audit.pods.iter().filter_map(|pod| Some((pod.object.strip_prefix("pod ")?, pod)));
    let more = match running().count() {
        0 | 1 => String::new(),
        all => format!(" (and {} more)", all - 1),
    };
    let template = audit.pods.first().map(|pod| (pod.object.as_str(), pod));
    if let Some((name, pod)) = running().next().or(template) {
        page.value("pod", &format!("{name}{more}, service account {}", pod.service_account));
        page.value("state", pod.waits.as_deref().unwrap_or_default());
    }
}

/// What has the fault, unless it is the pod above.
fn object(page: &mut Page, audit: &Audit, first: &ObjectFinding) {
    if audit.pods.iter().any(|pod| pod.object == first.object) {
        return;
    }
    let (label, value) = match first.object.split_once(" and ") {
        Some((_, role)) => ("role", role),
        None => ("where", first.object.as_str()),
    };
    page.value(label, value);
}

/// A policy is JSON: line feeds and indents between its parts mean nothing.
pub(super) fn on_one_line(command: &str) -> String {
    command.lines().map(str::trim).collect()
}

fn also(page: &mut Page, others: &[ObjectFinding]) {
    if others.is_empty() {
        return;
    }
    page.gap();
    for one in others.iter().take(SHOWN) {
        let label = if one.finding.severity == Severity::Error { "also" } else { label(one.finding.severity) };
        page.value(label, &format!("{}: {}", one.code(), one.title()));
    }
    if others.len() > SHOWN {
        page.value("", &format!("{} more: --output json", others.len() - SHOWN));
    }
}

/// What could not be answered. Where the cause is known, the questions and commands are left to JSON.
pub(super) fn open(page: &mut Page, audit: &Audit, is_decided: bool) {
    let is_undecided = audit.open.iter().any(|one| one.decides);
    let matters = |one: &&Open| one.decides || !is_undecided && !is_decided;
    let open: Vec<Open> = audit.open.iter().filter(matters).cloned().collect();
    for (why, questions, commands) in unanswered(&open) {
        page.gap();
        if is_decided {
            page.value("open", &format!("{}: {why}", counted(questions.len(), "question")));
            continue;
        }
        questions.iter().take(SHOWN_QUESTIONS).for_each(|question| page.value("open", question));
        if questions.len() > SHOWN_QUESTIONS {
            page.value("", &format!("and {} more", counted(questions.len() - SHOWN_QUESTIONS, "question")));
        }
        page.value("", why);
        commands.iter().take(SHOWN_QUESTIONS).for_each(|command| page.commands(command));
        if commands.len() > SHOWN_QUESTIONS {
            page.value("", &format!("and {}: --output json", counted(commands.len() - SHOWN_QUESTIONS, "command")));
        }
    }
}

fn known(page: &mut Page, audit: &Audit) {
    // Questions without an answer take the room.
    let shown = if audit.open.is_empty() { SHOWN } else { 1 };
    let facts: Vec<&String> = audit.facts.iter().take(shown).collect();
    if !facts.is_empty() || !audit.without_irsa.is_empty() {
        page.gap();
    }
    facts.into_iter().for_each(|fact| page.value("known", fact));
    if !audit.without_irsa.is_empty() {
        page.value("known", &format!("{} without any sign of IRSA", counted(audit.without_irsa.len(), "pod")));
    }
}

/// The kinds of documents that were read, with the number of each.
pub(super) fn looked_at(documents: &Documents) -> Vec<String> {
    let webhooks = documents.webhooks.as_ref().map(|_| "webhook configurations".to_owned());
    let is_template = |pod: &&Pod| matches!(pod.origin, Origin::Template(_));
    let templates = documents.pods.iter().filter(is_template).count();
    let kinds = [
        (documents.pods.len() - templates, "pod"),
        (templates, "pod template"),
        (documents.service_accounts.len(), "service account"),
        (documents.namespaces.len(), "namespace"),
        (documents.discoveries.len(), "issuer"),
        (documents.roles.len(), "role"),
        (documents.providers.len(), "OIDC provider"),
        (documents.absent.len(), "missing object"),
        (documents.simulated.len(), "simulated action"),
        (documents.reports.len(), "probe report"),
    ];
    let kinds = kinds.into_iter().filter(|(number, _)| *number > 0).map(|(number, what)| counted(number, what));
    let has_attached = documents.policies.values().any(|of_role| of_role.attached.is_some());
    let permissions = has_attached.then(|| "attached policies".to_owned());
    let ended = documents.ended.iter().map(|(kind, number)| counted(*number, &format!("ended {kind}")));
    let mut all: Vec<String> = kinds.chain(webhooks).chain(permissions).chain(ended).collect();
    if all.is_empty() {
        all.push("nothing: no command gave an answer".to_owned());
    }
    all
}

pub(super) fn exit(audit: &Audit) -> String {
    let code = audit.exit_code();
    let errors = || audit.findings.iter().filter(|one| one.finding.severity == Severity::Error);
    let words = match audit.verdict() {
        Verdict::Clean => return format!("exit {code}"),
        Verdict::Warnings => "no error, with warnings",
        Verdict::NothingToJudge => "undetermined; a pod or an annotation would decide",
        Verdict::Incomplete if !audit.open.iter().any(|one| one.decides) => {
            "undetermined; what could not be used can decide"
        }
        Verdict::Incomplete => "undetermined; the answers to the open questions decide",
        Verdict::Broken if errors().any(|one| one.finding.advice == Advice::RecreatePod) => {
            "the pod cannot recover; fix the cause, then recreate the pod"
        }
        Verdict::Broken => "fix the configuration; the pod recovers without a restart",
    };
    format!("exit {code}: {words}")
}
