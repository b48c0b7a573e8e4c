//! An audit as one HTML page for a team: worst first, each fault once, with those that have it. No script, nothing fetched.
//! The template escapes all that it is given.

use super::fleet::{account, pods};
use super::text::{counted, ended, label, unanswered, unread, word};
use crate::causes::Severity;
use crate::documents::Documents;
use crate::documents::audit::{Audit, Group, ObjectFinding, Verdict, groups};
use crate::render::page::{head, list};
use maud::{DOCTYPE, Markup, html};
use std::collections::BTreeSet;

/// Entries of a list that are shown without a click.
const OPEN: usize = 5;
/// Different causes of one fault that are shown; the rest is counted.
const SHOWN: usize = 50;

pub(crate) fn html(audit: &Audit, documents: &Documents) -> String {
    let (_, word, _) = word(audit.verdict());
    let groups = groups(&audit.findings);
    let (faults, notes): (Vec<_>, Vec<_>) = groups.iter().partition(|one| one.first.finding.severity > Severity::Info);
    let class = match audit.verdict() {
        Verdict::Clean => "healthy",
        Verdict::Warnings => "degraded",
        Verdict::NothingToJudge | Verdict::Incomplete => "undetermined",
        Verdict::Broken => "broken",
    };
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            (head(&format!("{word}: irsa-probe"), true))
            body class=(class) {
                header {
                    h1 { (word) }
                    p { (summary(audit, &faults)) }
                    p.dim { "pods: " (pods(audit)) }
                }
                main {
                    @for group in faults.iter().chain(&notes) { (fault(group)) }
                    (open(audit))
                    (known(audit, documents))
                }
                footer {
                    p.dim { "irsa-probe " (env!("CARGO_PKG_VERSION")) "; exit " (audit.exit_code()) "; " (documents.recognised.len()) " documents" }
                }
            }
        }
    };
    page.into_string()
}

fn summary(audit: &Audit, faults: &[&Group<'_>]) -> String {
    let codes: BTreeSet<&str> = faults.iter().map(|group| group.first.code()).collect();
    let pods = counted(audit.pods.len() + audit.without_irsa.len(), "pod");
    match audit.verdict() {
        _ if !codes.is_empty() => format!("{} in {pods}", counted(codes.len(), "cause")),
        Verdict::NothingToJudge => "nothing here shows whether a pod gets its role".to_owned(),
        Verdict::Incomplete => format!("no fault found so far in {pods}"),
        _ => format!("no fault found in {pods}"),
    }
}

/// One fault: who has it, what was seen, and the fix.
fn fault(group: &Group<'_>) -> Markup {
    let finding = &group.first.finding;
    let workloads = group.workloads();
    let number = match workloads.len() {
        0 => counted(objects(group).len(), "object"),
        number => format!("{}, {}", counted(number, "workload"), counted(workloads.values().sum(), "pod")),
    };
    let names: Vec<String> =
        workloads.iter().map(|(workload, pods)| format!("{} ({pods})", workload.shown())).collect();
    let names = if names.is_empty() { objects(group) } else { names };
    let label = label(finding.severity);
    html! {
        section class=(label) {
            h2 { (label) ": " code { (finding.cause.code) } }
            h3 { (group.first.title()) }
            p { (number) }
            (names_list(&names))
            (causes(group))
            @if !finding.diagnosis.candidates.is_empty() {
                h3 { "possible causes, most likely first" }
                ol {
                    @for candidate in &finding.diagnosis.candidates {
                        li { code { (candidate.cause.code) } ": " (candidate.cause.compare) }
                    }
                }
            }
            p.dim { "More: " code { "irsa-probe explain " (finding.cause.code) } }
        }
    }
}

fn objects(group: &Group<'_>) -> Vec<String> {
    let objects: BTreeSet<&str> = group.findings.iter().map(|one| account(&one.object)).collect();
    objects.into_iter().map(str::to_owned).collect()
}

fn names_list(names: &[String]) -> Markup {
    let items = |names: &[String]| html! { ul { @for name in names { li { (name) } } } };
    let (first, rest) = names.split_at(names.len().min(OPEN));
    html! {
        (items(first))
        @if !rest.is_empty() {
            details { summary { (rest.len()) " more" } (items(rest)) }
        }
    }
}

/// What was seen and how to fix it: the first in full, the others behind a click.
fn causes(group: &Group<'_>) -> Markup {
    let mut seen = BTreeSet::new();
    let all = group.findings.iter().filter(|one| seen.insert((one.text(), &*one.fix().text, &one.fix().commands)));
    let mut different: Vec<&ObjectFinding> = all.copied().collect();
    let hidden = different.len().saturating_sub(SHOWN);
    different.truncate(SHOWN);
    let one = |one: &ObjectFinding| {
        let fix = one.fix();
        html! {
            p { (one.object) ": " (one.text()) }
            p { strong { "Fix:" } " " (fix.text) }
            @if !fix.commands.is_empty() { pre { (fix.commands.join("\n")) } }
        }
    };
    html! {
        @if let Some(first) = different.first() { (one(first)) }
        @if different.len() > 1 {
            details {
                summary { (different.len() - 1) " more, with what was seen and the fix" }
                @for other in &different[1..] { (one(other)) }
                @if hidden > 0 { p.dim { "and " (hidden) " more: --output json" } }
            }
        }
    }
}

fn open(audit: &Audit) -> Markup {
    html! {
        @if !audit.open.is_empty() {
            h2 { "open questions" }
            @for (why, questions, commands) in unanswered(&audit.open) {
                ul { @for question in questions { li { (question) } } }
                @if !why.is_empty() { p { (why) } }
                p { "These commands answer them:" }
                pre { (commands.join("\n")) }
            }
        }
    }
}

fn known(audit: &Audit, documents: &Documents) -> Markup {
    let folded = |title: &str, items: &[String]| {
        html! { @if !items.is_empty() { details { summary { (title) " (" (items.len()) ")" } ul { @for item in items { li { (item) } } } } } }
    };
    html! {
        h2 { "what else is known" }
        (folded("facts", &audit.facts))
        (folded("expected", &audit.expected))
        (folded("pods without any sign of a role", &audit.without_irsa))
        (list(&[
            ("known", ended(documents)),
            ("not read", unread(documents)),
            ("not used", (!documents.unusable.is_empty()).then(|| documents.unusable.join("; "))),
        ]))
    }
}

#[cfg(test)]
mod tests {
    use super::html;
    use crate::documents::Documents;
    use crate::documents::audit::{Context, audit};
    use crate::text::timestamp::Timestamp;
    use serde_json::json;

    #[test]
    fn the_page_is_well_formed_worst_first_and_nothing_breaks_out() {
        let hostile = "<script>alert('x')</script>\"><b>&amp;";
        let mut documents = Documents::default();
        for number in 0..7 {
            let pod = json!({"kind": "Pod", "metadata": {"name": format!("p{number}"), "namespace": "a", "uid": "u",
                "annotations": {"eks.amazonaws.com/role-arn": hostile}}, "spec": {"serviceAccountName": format!("s{number}"),
                "containers": [{"name": hostile, "env": [{"name": "AWS_ROLE_ARN", "value": hostile}]}]}});
            documents.read("test", &pod.to_string());
        }
        let addon = json!({"addon": {"addonName": "eks-pod-identity-agent", "status": hostile}});
        documents.read("test", &format!("{addon} {{\"kind\": {}}} {{\"x\": 1", json!(hostile)));
        let page = html(&audit(&documents, Context::at(Timestamp(1_800_000_000))), &documents);
        assert!(page.contains("&lt;script&gt;alert('x')&lt;/script&gt;&quot;&gt;&lt;b&gt;&amp;amp;"), "{page}");
        for never in ["<script", "style=", "src=", "url(", "@import", "<link", "<b>", "onerror", "href"] {
            assert!(!page.contains(never), "{never}: {page}");
        }
        assert!(
            page.contains("http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'sha256-")
        );
        let places = ["<section class=\"error\"", "<section class=\"warning\"", "open questions", "what else is known"];
        let places: Vec<usize> =
            places.iter().map(|part| page.find(part).unwrap_or_else(|| panic!("{part}: {page}"))).collect();
        assert!(places.is_sorted(), "{places:?}");
        well_formed(&page);
    }

    /// Every element is closed, in order.
    fn well_formed(page: &str) {
        let mut open = Vec::new();
        for tag in page.split('<').skip(1).filter_map(|part| part.split_once('>')).map(|(tag, _)| tag) {
            let name = tag.split(' ').next().unwrap_or_default();
            match name.strip_prefix('/') {
                Some(closed) => assert_eq!(open.pop(), Some(closed), "{page}"),
                None if ["!DOCTYPE", "meta"].contains(&name) => {}
                None => open.push(name),
            }
        }
        assert!(open.is_empty(), "{open:?}");
    }
}
