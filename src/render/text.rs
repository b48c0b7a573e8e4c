//! The report for a tired person on a small terminal: the answer on the first screen, the rest with `--verbose`.

mod checked;
mod facts;
mod page;

pub(crate) use page::{Page, wrap};

use crate::causes::{Advice, Candidate, Finding, Fix, Severity};
use crate::diagnosis::report::{Report, Verdict};
use crate::text::printable::Notation;

/// Rows of a terminal that nobody has enlarged.
const SCREEN: usize = 24;
/// Candidates on the first screen.
const MAX_CANDIDATES: usize = 3;

/// Whether to use colour. Decided by whoever knows the terminal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Colour {
    On,
    Off,
}

impl Colour {
    pub fn notation(self) -> Notation {
        match self {
            Self::On => Notation::Coloured,
            Self::Off => Notation::Text,
        }
    }
}

/// How much of a report to show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Detail {
    /// What to do next, on one screen.
    FirstScreen,
    /// `--verbose`: every candidate with its reason, and everything that was checked or skipped.
    Everything,
}

pub fn render(report: &Report, colour: Colour, detail: Detail) -> String {
    let page = match detail {
        Detail::Everything => everything(report, colour),
        Detail::FirstScreen => first_screen(report, colour),
    };
    report.secrets.hide_in(page.text, colour.notation())
}

/// With as many further findings in full, and then as many candidates, as there is room for.
fn first_screen(report: &Report, colour: Colour) -> Page {
    let all = further(report).len();
    // Where nothing is broken, the first warning is what the reader came for.
    let least = usize::from(report.root_cause().is_none()).min(all);
    let rooms = (least..=all).rev().map(|in_full| (in_full, MAX_CANDIDATES));
    let rooms = rooms.chain((1..MAX_CANDIDATES).rev().map(|candidates| (least, candidates)));
    let mut pages = rooms.map(|(in_full, candidates)| with(report, colour, in_full, candidates));
    let mut page = Page::new(colour);
    while let Some(smaller) = pages.next().filter(|_| page.is_empty() || page.rows() > SCREEN) {
        page = smaller;
    }
    page
}

fn with(report: &Report, colour: Colour, in_full: usize, most_candidates: usize) -> Page {
    let mut page = Page::new(colour);
    verdict(&mut page, report);
    facts(&mut page, report);
    if let Some(root) = report.root_cause() {
        fix(&mut page, &root.diagnosis.fix);
        likely(&mut page, root, most_candidates);
    }
    let (in_full, in_short) = further(report).split_at(in_full);
    paragraphs(&mut page, in_full);
    titles(&mut page, in_short);
    exit(&mut page, report);
    page
}

fn everything(report: &Report, colour: Colour) -> Page {
    let mut page = Page::new(colour);
    verdict(&mut page, report);
    facts(&mut page, report);
    page.values(&super::target::details(&report.evidence));
    if let Some(root) = report.root_cause() {
        fix(&mut page, &root.diagnosis.fix);
        candidates(&mut page, &root.diagnosis.candidates);
        page.value("more", &explain(root));
    }
    paragraphs(&mut page, further(report));
    checked::section(&mut page, report);
    exit(&mut page, report);
    page
}

/// One line that does without the others, however wide the terminal is.
fn verdict(page: &mut Page, report: &Report) {
    let (mark, colour) = match report.verdict {
        Verdict::Healthy => ("ok", "1;32"),
        Verdict::Degraded => ("!", "1;33"),
        Verdict::Broken => ("x", "1;31"),
        Verdict::Undetermined => ("?", "1;33"),
    };
    let word = report.verdict.word().to_uppercase();
    page.headline(&format!("{mark} {word}"), colour, &report.summary);
}

fn facts(page: &mut Page, report: &Report) {
    page.gap();
    page.values(&facts::of(report));
}

fn fix(page: &mut Page, fix: &Fix) {
    page.gap();
    page.value("fix", &fix.text);
    fix.commands.iter().chain(&fix.snippets).for_each(|lines| page.commands(lines));
}

/// One line for each of the first candidates: the code, and what to compare.
fn likely(page: &mut Page, root: &Finding, most: usize) {
    let all = &root.diagnosis.candidates;
    let shown = &all[..all.len().min(most)];
    if !shown.is_empty() {
        page.gap();
    }
    page.pairs("likely", shown.iter().map(|candidate| (candidate.cause.code, candidate.cause.compare)));
    match all.len() - shown.len() {
        0 => page.value("more", &explain(root)),
        more => page.value("", &format!("{more} more: {}", explain(root))),
    }
}

fn candidates(page: &mut Page, candidates: &[Candidate]) {
    page.gap();
    for (place, Candidate { cause, why }) in candidates.iter().enumerate() {
        page.value(if place == 0 { "likely" } else { "" }, &format!("{}: {why}", cause.code));
    }
}

/// A paragraph for each finding.
fn paragraphs(page: &mut Page, findings: &[Finding]) {
    for finding in findings {
        page.gap();
        page.value(label(finding), &title(finding));
        page.value("", &finding.diagnosis.cause);
        fix(page, &finding.diagnosis.fix);
    }
}

/// A line for each finding.
fn titles(page: &mut Page, findings: &[Finding]) {
    if findings.is_empty() {
        return;
    }
    page.gap();
    findings.iter().for_each(|finding| page.value(label(finding), &title(finding)));
    page.value("", "--verbose shows the details");
}

/// The findings that are not the root cause, which is the first.
fn further(report: &Report) -> &[Finding] {
    &report.findings[usize::from(report.root_cause().is_some())..]
}

fn exit(page: &mut Page, report: &Report) {
    page.gap();
    page.line(&match what_to_do(report) {
        Some(words) => format!("exit {}: {words}", report.exit_code),
        None => format!("exit {}", report.exit_code),
    });
}

fn label(finding: &Finding) -> &'static str {
    match finding.severity {
        Severity::Error => "also",
        Severity::Warning => "warning",
        Severity::Info => "note",
    }
}

fn title(finding: &Finding) -> String {
    format!("{}: {}", finding.cause.code, finding.cause.title)
}

fn explain(finding: &Finding) -> String {
    format!("irsa-probe explain {}", finding.cause.code)
}

fn what_to_do(report: &Report) -> Option<&'static str> {
    match (report.verdict, report.advice) {
        (Verdict::Healthy, _) => None,
        (Verdict::Degraded, _) if report.evidence.has_pod_identity() => Some("EKS Pod Identity works, with warnings"),
        (Verdict::Degraded, _) if report.evidence.has_profile_identity() => {
            Some("IRSA through a profile works, with warnings")
        }
        (Verdict::Degraded, _) => Some("IRSA works, with warnings"),
        (Verdict::Undetermined, Advice::None) => Some("no fault found in the checks that ran"),
        (Verdict::Undetermined, _) => Some("undetermined; retrying may help"),
        (Verdict::Broken, Advice::RecreatePod) => Some("this pod cannot recover; fix the cause, then recreate the pod"),
        (Verdict::Broken, _) => Some("fix the configuration; this pod recovers without a restart"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::causes::Finding;
    use crate::render::sample;

    fn first_screen(report: &Report) -> String {
        render(report, Colour::Off, Detail::FirstScreen)
    }

    #[test]
    fn the_answer_comes_first_and_each_identifier_once() {
        let page = first_screen(&sample::refused());
        let order = ["x BROKEN  not-authorized: ", "\n  AWS said", "\n  role", "\n  fix", "\n  likely", "\nexit 1: "];
        let places: Vec<_> = order.iter().map(|part| page.find(part).expect(part)).collect();
        assert!(places.is_sorted(), "{page}");
        assert!(page.contains("  likely    wrong-subject-in-trust-policy  one value with another\n"), "{page}");
        assert_eq!(page.matches("arn:aws:iam::111122223333:role/checkout").count(), 1, "{page}");
        assert!(!page.contains("the token's subject is"), "a candidate's reason is for --verbose: {page}");
    }

    #[test]
    fn verbose_shows_every_reason_and_what_was_skipped() {
        let page = render(&sample::refused(), Colour::Off, Detail::Everything);
        assert!(page.contains("wrong-subject-in-trust-policy: the token's subject is"), "{page}");
        assert!(page.contains("\n  failed    "), "{page}");
    }

    #[test]
    fn further_findings_shrink_to_a_line_where_there_is_no_room_but_the_first_warning_of_a_working_pod_does_not() {
        let lengthened = |mut finding: Finding| {
            finding.diagnosis.cause = "word ".repeat(100);
            finding
        };
        let long = |report: Report| {
            let findings = [report.findings.clone(), sample::degraded().findings].concat();
            report.with_findings(findings.into_iter().map(lengthened).collect())
        };
        let broken = first_screen(&long(sample::refused()));
        assert!(
            broken.contains("  warning   token-not-refreshed: the token has not been renewed\n            --verbose")
        );
        let working = first_screen(&long(sample::degraded()));
        assert_eq!(working.matches("inspect the kubelet's log").count(), 1, "{working}");
        assert_eq!(working.matches("warning   token-not-refreshed").count(), 2, "{working}");
    }

    #[test]
    fn a_colour_is_around_the_verdict_and_around_each_command() {
        let page = render(&sample::refused(), Colour::On, Detail::FirstScreen);
        assert!(page.starts_with("\u{1b}[1;31mx BROKEN\u{1b}[0m  not-authorized: "), "{page}");
        assert!(page.contains("\u{1b}[1maws iam get-role --role-name checkout > role.json\u{1b}[0m\n"), "{page}");
    }
}
