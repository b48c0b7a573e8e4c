//! The report for a tired person on a small terminal: 80 columns, the answer first.

use crate::causes::{Advice, Finding, Outcome, Severity};
use crate::diagnosis::report::{Report, Verdict};
use crate::probe::evidence::{Evidence, PathStep, Seen, Step, StepStatus};
use crate::text::printable::{Notation, RESET, printable};
use crate::text::timestamp::span;
use std::collections::BTreeMap;
use textwrap::core::Word;
use textwrap::{Options, WordSeparator, WordSplitter};

const WIDTH: usize = 80;
/// Where values stand behind their label.
const INDENT: &str = "              ";

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

pub fn render(report: &Report, colour: Colour) -> String {
    let mut page = Page { text: String::new(), colour };
    page.verdict(report);
    page.target(&report.evidence);
    match report.root_cause() {
        Some(root) => page.root_cause(report, root),
        None => page.nothing_broken(report),
    }
    let others = report.findings.iter().filter(|finding| Some(*finding) != report.root_cause());
    for finding in others {
        page.further(finding);
    }
    page.looked_at(report);
    page.text.push_str(&format!("\nexit {}: {}\n", report.exit_code, what_to_do(report)));
    report.secrets.hide_in(page.text, colour.notation())
}

struct Page {
    text: String,
    colour: Colour,
}

impl Page {
    fn verdict(&mut self, report: &Report) {
        let (mark, colour) = match report.verdict {
            Verdict::Healthy => ("ok", "32"),
            Verdict::Degraded => ("!", "33"),
            Verdict::Broken => ("x", "31"),
            Verdict::Undetermined => ("?", "33"),
        };
        let word = report.verdict.word().to_uppercase();
        let head = format!("{mark} {word}  {}", printable(&report.summary));
        let indent = " ".repeat(mark.len() + word.len() + 3);
        let wrapped = wrap(&head, "", &indent);
        let painted = self.paint(&format!("{mark} {word}"), &format!("1;{colour}"));
        self.text.push_str(&wrapped.replacen(&format!("{mark} {word}"), &painted, 1));
        self.text.push('\n');
    }

    fn target(&mut self, evidence: &Evidence) {
        let lines = super::target::lines(evidence);
        if !lines.is_empty() {
            self.gap();
        }
        for (label, value) in lines {
            self.value(label, &value);
        }
    }

    fn root_cause(&mut self, report: &Report, root: &Finding) {
        self.gap();
        self.value("cause", &root.diagnosis.cause);
        self.aws_said(&report.evidence, &root.diagnosis.cause);
        self.who(&report.evidence);
        self.candidates(root);
        self.fix(root);
        self.value("more", &format!("irsa-probe explain {}", root.cause.code));
    }

    fn nothing_broken(&mut self, report: &Report) {
        if report.verdict == Verdict::Undetermined {
            self.gap();
            self.aws_said(&report.evidence, "");
        }
        if let Some(token) = report.evidence.token.seen()
            && let Some(expires_at) = token.expires_at
        {
            let subject = token.subject.as_deref().unwrap_or("nobody");
            let left = span(expires_at.since(report.evidence.now));
            self.gap();
            self.value("token", &format!("{subject}, expires in {left}"));
        }
    }

    /// AWS's words and request id; the id alone where `cause` has quoted the words.
    fn aws_said(&mut self, evidence: &Evidence, cause: &str) {
        let Some(refusal) = evidence.sts_error() else {
            return;
        };
        if !cause.contains(&refusal.message) {
            self.value("AWS said", &format!("{}: {}", refusal.code, refusal.message));
        }
        if let Some(id) = &refusal.request_id {
            self.value("request id", id);
        }
    }

    fn who(&mut self, evidence: &Evidence) {
        if let Some(role) = evidence.environment.value("AWS_ROLE_ARN") {
            self.value("role", role);
        }
        let Some(token) = evidence.token.seen() else {
            return;
        };
        let claim = |value: &Option<String>| value.clone().unwrap_or_else(|| "(none)".to_owned());
        let audience = match token.audience.is_empty() {
            true => "(none)".to_owned(),
            false => token.audience.join(", "),
        };
        let life = match token.expires_at.map(|expires_at| expires_at.since(evidence.now)) {
            Some(left) if left > 0 => format!("   expires in {}", span(left)),
            Some(gone) => format!("   expired {} ago", span(gone)),
            None => "   never expires".to_owned(),
        };
        self.value("iss", &claim(&token.issuer));
        self.value("sub", &claim(&token.subject));
        self.value("aud", &format!("{audience}{life}"));
    }

    fn candidates(&mut self, finding: &Finding) {
        let candidates = &finding.diagnosis.candidates;
        if candidates.is_empty() {
            return;
        }
        self.gap();
        self.text.push_str("  possible causes, most likely first\n");
        for (place, candidate) in candidates.iter().enumerate() {
            let line = format!("{}: {}", candidate.cause.code, printable(&candidate.why));
            self.text.push_str(&wrap(&line, &format!("  {:>3}  ", place + 1), "       "));
            self.text.push('\n');
        }
    }

    fn fix(&mut self, finding: &Finding) {
        let fix = &finding.diagnosis.fix;
        self.gap();
        self.value("fix", &fix.text);
        // Commands must paste: they are never wrapped.
        for line in fix.commands.iter().chain(&fix.snippets).flat_map(|text| text.lines()) {
            self.text.push_str(&format!("{INDENT}  {}\n", self.paint(&printable(line), "1")));
        }
    }

    fn further(&mut self, finding: &Finding) {
        let label = match finding.severity {
            Severity::Error => "also",
            Severity::Warning => "warning",
            Severity::Info => "note",
        };
        self.gap();
        self.value(label, &format!("{}: {}", finding.cause.code, finding.cause.title));
        self.value("", &finding.diagnosis.cause);
        self.fix(finding);
    }

    /// What passed, what failed, and what nobody could judge.
    fn looked_at(&mut self, report: &Report) {
        let (mut passed, mut failed, mut skipped) = (local_facts(&report.evidence), Vec::new(), BTreeMap::new());
        for step in &report.evidence.steps {
            match step.status {
                StepStatus::Ok => passed.push(took(step)),
                StepStatus::Failed => failed.push(format!("{} ({})", took(step), step.detail)),
                StepStatus::Skipped => skipped.entry(step.detail.clone()).or_insert((Vec::new(), 0)).0.push(step.name),
            }
        }
        let mut checks_passed = 0;
        for judged in &report.judged {
            match &judged.outcome {
                Outcome::Pass => checks_passed += 1,
                Outcome::Skip(reason) => skipped.entry(reason.clone()).or_insert((Vec::new(), 0)).1 += 1,
                Outcome::Fault(_) | Outcome::Warning(_) => failed.push(judged.cause.code.to_owned()),
            }
        }
        passed.push(count(checks_passed));
        self.gap();
        self.items("ok", &passed.join(", "));
        if !failed.is_empty() {
            self.items("fail", &failed.join(", "));
        }
        let not_judged: Vec<String> = skipped
            .into_iter()
            .map(|(reason, (steps, checks))| {
                let checks = (checks > 0).then(|| count(checks));
                let names: Vec<String> = steps.into_iter().map(str::to_owned).chain(checks).collect();
                format!("{} ({reason})", names.join(", "))
            })
            .collect();
        if !not_judged.is_empty() {
            self.items("skip", &not_judged.join("; "));
        }
    }

    fn value(&mut self, label: &str, value: &str) {
        let label = format!("  {label:<12}");
        self.text.push_str(&wrap(&printable(value), &label, INDENT));
        self.text.push('\n');
    }

    fn items(&mut self, label: &str, items: &str) {
        self.text.push_str(&wrap(&printable(items), &format!("  {label:<6}"), "        "));
        self.text.push('\n');
    }

    fn gap(&mut self) {
        if !self.text.ends_with("\n\n") {
            self.text.push('\n');
        }
    }

    fn paint(&self, text: &str, code: &str) -> String {
        match self.colour {
            Colour::On => format!("\u{1b}[{code}m{text}{RESET}"),
            Colour::Off => text.to_owned(),
        }
    }
}

fn local_facts(evidence: &Evidence) -> Vec<String> {
    let mut facts = Vec::new();
    if let Seen::Seen(file) = &evidence.token_file
        && let Some(PathStep { mode, uid, gid, .. }) = file.file()
    {
        let reader = evidence.target.as_ref().map_or(&evidence.identity, |target| &target.prober);
        facts.push(format!("token file {mode:04o} {uid}:{gid} read as {}", reader.uid));
    }
    if let Some(clock) = evidence.clock.seen() {
        facts.push(format!("clock {:+} s", clock.ahead_seconds));
    }
    facts
}

fn took(step: &Step) -> String {
    format!("{} {} ms", step.name, step.duration_ms)
}

fn count(checks: usize) -> String {
    format!("{checks} check{}", if checks == 1 { "" } else { "s" })
}

fn what_to_do(report: &Report) -> &'static str {
    match (report.verdict, report.advice) {
        (Verdict::Healthy, _) => "IRSA works",
        (Verdict::Degraded, _) => "IRSA works, with warnings",
        (Verdict::Undetermined, Advice::None) => "no fault found in the checks that ran",
        (Verdict::Undetermined, _) => "undetermined; retrying may help",
        (Verdict::Broken, Advice::RecreatePod) => "this pod cannot recover; fix the cause, then recreate the pod",
        (Verdict::Broken, _) => "fix the configuration; this pod recovers without a restart",
    }
}

/// Breaks lines at blanks, except in a command between backticks: half a command does something else when it is pasted.
pub(crate) fn wrap(text: &str, first: &str, further: &str) -> String {
    let options = Options::new(WIDTH)
        .word_separator(WordSeparator::Custom(whole_commands))
        .initial_indent(first)
        .subsequent_indent(further)
        .break_words(false)
        .word_splitter(WordSplitter::NoHyphenation);
    textwrap::fill(text, options)
}

fn whole_commands(line: &str) -> Box<dyn Iterator<Item = Word<'_>> + '_> {
    let mut rest = line;
    let words = std::iter::from_fn(move || {
        let mut within = false;
        let mut blank = false;
        let end = rest.char_indices().find_map(|(place, c)| {
            let begins = blank && c != ' ' && !within;
            within = if within { c != '`' } else { c == '`' && rest[place + 1..].contains('`') };
            blank = c == ' ' && !within;
            begins.then_some(place)
        });
        let (word, further) = rest.split_at(end.unwrap_or(rest.len()));
        rest = further;
        (!word.is_empty()).then(|| Word::from(word))
    });
    Box::new(words)
}
