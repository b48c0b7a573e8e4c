//! An audit as text and as `irsa-probe/audit/v1`.

use super::text::{printable, wrap};
use crate::audit::{Applied, Audit, Finding, PodStory};
use crate::checks;
use crate::documents::Documents;
use crate::finding::{Advice, Severity};
use serde::Serialize;

pub const SCHEMA: &str = "irsa-probe/audit/v1";
const INDENT: &str = "              ";

/// For people.
pub fn text(audit: &Audit, documents: &Documents) -> String {
    let mut lines = vec![headline(audit, documents)];
    for finding in &audit.findings {
        lines.push(String::new());
        lines.extend(finding_lines(finding));
    }
    for pod in &audit.pods {
        lines.push(String::new());
        lines.extend(pod_lines(pod));
    }
    let (without, passed_over, ended) = (without_irsa(audit), passed_over(documents), ended(documents));
    let known: Vec<&String> = audit.facts.iter().chain(&without).chain(&passed_over).chain(&ended).collect();
    if !known.is_empty() {
        lines.push(String::new());
        lines.extend(known.into_iter().map(|fact| value("known", fact)));
    }
    if !documents.unusable.is_empty() {
        lines.push(String::new());
        lines.extend(documents.unusable.iter().map(|why| value("not used", why)));
    }
    if !audit.open.is_empty() {
        lines.push(String::new());
        lines.push("  open: give these to irsa-probe audit as well".to_owned());
        for one in &audit.open {
            lines.push(wrap(&format!("# {}", printable(&one.question)), "    ", "    # "));
            // Commands must paste: they are never wrapped.
            lines.push(format!("    {}", printable(&one.command)));
        }
    }
    lines.push(format!("\nexit {}\n", audit.exit_code()));
    lines.join("\n")
}

fn headline(audit: &Audit, documents: &Documents) -> String {
    let count = |severity| audit.findings.iter().filter(|finding| finding.severity == severity).count();
    let said = |number: usize, what: &str| format!("{number} {what}{}", if number == 1 { "" } else { "s" });
    let (errors, warnings) = (count(Severity::Error), count(Severity::Warning));
    let read = said(documents.recognised.len(), "document");
    let (mark, word) = match (errors, warnings, audit.unusable) {
        (0, 0, 0) => ("ok", "CLEAN"),
        (0, 0, _) => ("?", "INCOMPLETE"),
        (0, _, _) => ("!", "WARNINGS"),
        _ => ("x", "BROKEN"),
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
    (!names.is_empty()).then(|| format!("nothing in these documents ties {}{more} to IRSA", names.join(", ")))
}

/// The kinds of objects that were given to no purpose.
fn passed_over(documents: &Documents) -> Option<String> {
    let kinds: Vec<String> = documents.passed_over.iter().map(|(kind, number)| format!("{number} {kind}")).collect();
    (!kinds.is_empty()).then(|| format!("{} say nothing of IRSA", kinds.join(", ")))
}

/// What nobody judges any more.
fn ended(documents: &Documents) -> Option<String> {
    let said = |(kind, number): (&String, &usize)| format!("{number} {kind}{}", if *number == 1 { "" } else { "s" });
    let kinds: Vec<String> = documents.ended.iter().map(said).collect();
    (!kinds.is_empty()).then(|| format!("{} ended or superseded, not judged", kinds.join(", ")))
}

fn finding_lines(finding: &Finding) -> Vec<String> {
    let label = match finding.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Info => "note",
    };
    let mut lines = vec![
        value(label, &format!("{}: {}", finding.code, finding.about)),
        value("", &finding.cause),
        value("fix", &finding.fix.text),
    ];
    for command in &finding.fix.commands {
        lines.extend(command.lines().map(|line| format!("{INDENT}  {}", printable(line))));
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

#[derive(Serialize)]
struct Document<'a> {
    schema: &'static str,
    version: &'static str,
    exit_code: u8,
    documents: &'a [String],
    unusable: &'a [String],
    findings: Vec<FindingV1<'a>>,
    pods: Vec<PodV1<'a>>,
    facts: &'a [String],
    pods_without_irsa: &'a [String],
    open: Vec<OpenV1<'a>>,
}

#[derive(Serialize)]
struct FindingV1<'a> {
    code: &'static str,
    severity: Severity,
    advice: Advice,
    title: Option<&'static str>,
    about: &'a str,
    cause: &'a str,
    fix: FixV1<'a>,
}

#[derive(Serialize)]
struct FixV1<'a> {
    text: &'a str,
    commands: &'a [String],
}

#[derive(Serialize)]
struct PodV1<'a> {
    about: &'a str,
    service_account: &'a str,
    webhook: Vec<AppliedV1<'a>>,
    token_file: Option<&'a str>,
}

#[derive(Serialize)]
struct AppliedV1<'a> {
    rule: &'static str,
    container: Option<&'a str>,
    why: &'a str,
}

#[derive(Serialize)]
struct OpenV1<'a> {
    question: &'a str,
    command: &'a str,
}

/// For programs: one line.
pub fn json(audit: &Audit, documents: &Documents) -> String {
    let document = Document {
        schema: SCHEMA,
        version: env!("CARGO_PKG_VERSION"),
        exit_code: audit.exit_code(),
        documents: &documents.recognised,
        unusable: &documents.unusable,
        findings: audit.findings.iter().map(finding_v1).collect(),
        pods: audit.pods.iter().map(pod_v1).collect(),
        facts: &audit.facts,
        pods_without_irsa: &audit.without_irsa,
        open: audit.open.iter().map(|one| OpenV1 { question: &one.question, command: &one.command }).collect(),
    };
    let mut line = serde_json::to_string(&document).unwrap_or_default();
    line.push('\n');
    line
}

fn finding_v1(finding: &Finding) -> FindingV1<'_> {
    FindingV1 {
        code: finding.code,
        severity: finding.severity,
        advice: finding.advice,
        title: checks::cause(finding.code).map(|cause| cause.title),
        about: &finding.about,
        cause: &finding.cause,
        fix: FixV1 { text: &finding.fix.text, commands: &finding.fix.commands },
    }
}

fn pod_v1(pod: &PodStory) -> PodV1<'_> {
    PodV1 {
        about: &pod.about,
        service_account: &pod.service_account,
        webhook: pod.applied.iter().map(applied_v1).collect(),
        token_file: pod.token_file.as_deref(),
    }
}

fn applied_v1(applied: &Applied) -> AppliedV1<'_> {
    AppliedV1 { rule: applied.rule.code(), container: applied.container.as_deref(), why: &applied.why }
}
