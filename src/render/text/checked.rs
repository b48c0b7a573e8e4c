//! `--verbose`: what passed, what failed, and what was skipped and why.

use super::page::Page;
use crate::causes::Outcome;
use crate::diagnosis::report::Report;
use crate::probe::evidence::{Evidence, PathStep, Seen, Step, StepStatus};
use std::collections::BTreeMap;

pub(super) fn section(page: &mut Page, report: &Report) {
    let (mut passed, mut failed) = (local_facts(&report.evidence), Vec::new());
    // By reason: the steps, and how many checks.
    let mut skipped: BTreeMap<&str, (Vec<&str>, usize)> = BTreeMap::new();
    for step in &report.evidence.steps {
        match step.status {
            StepStatus::Ok => passed.push(took(step)),
            StepStatus::Failed => failed.push(format!("{} ({})", took(step), step.detail)),
            StepStatus::Skipped => skipped.entry(&step.detail).or_default().0.push(step.name),
        }
    }
    let mut checks_passed = 0;
    for judged in &report.judged {
        match &judged.outcome {
            Outcome::Pass => checks_passed += 1,
            Outcome::Skip(reason) => skipped.entry(reason).or_default().1 += 1,
            Outcome::Fault(_) | Outcome::Warning(_) => failed.push(judged.cause.code.to_owned()),
        }
    }
    passed.push(count(checks_passed));
    page.gap();
    page.value("passed", &passed.join(", "));
    page.value("failed", &failed.join(", "));
    for (place, (reason, (steps, checks))) in skipped.into_iter().enumerate() {
        let checks = (checks > 0).then(|| count(checks));
        let names: Vec<String> = steps.into_iter().map(str::to_owned).chain(checks).collect();
        page.value(if place == 0 { "skipped" } else { "" }, &format!("{}: {reason}", names.join(", ")));
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
