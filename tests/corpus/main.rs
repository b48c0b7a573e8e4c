//! Real failures, which nobody of this project wrote, and what became of them: each error through `explain`, and each
//! pod through the whole program against the stand-in for STS. `-- --nocapture` prints the score. What is not met stands
//! in README.md with its reason.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that cannot go on fails")]
#![allow(clippy::disallowed_methods, dead_code, reason = "tests have files; not all of the support is used here")]

mod case;
#[path = "../../examples/local_sts/mod.rs"]
mod local_sts;
mod pod;
#[path = "../support/probe.rs"]
mod probe;
#[path = "../../examples/demo/stage.rs"]
mod stage;

use case::{Case, TRUST_POLICY, Visibility};
use irsa_probe::explain;
use serde_json::Value;
use std::collections::BTreeSet;
use std::sync::Mutex;
use std::thread;

#[test]
fn errors_are_explained() {
    let alone = Score::of("errors alone", |case| Some(explained(case.error_alone()?)));
    assert!(alone.first_rate() >= 0.9, "{alone}");
    let score = Score::of("errors with the facts beside them", |case| Some(explained(&case.pasted()?)));
    print!("{alone}{score}");
    score.assert_as_in("explain");
}

#[test]
fn pods_are_judged() {
    let reports = Mutex::new(Vec::new());
    let cases = Mutex::new(Case::all());
    // Most of a case is waiting.
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                while let Some(case) = next(&cases) {
                    if let Some(report) = judged(&case) {
                        reports.lock().expect("a list").push((case.id, report));
                    }
                }
            });
        }
    });
    let reports = reports.into_inner().expect("a list");
    let score = Score::of("pods", |case| {
        let (_, report) = reports.iter().find(|(id, _)| *id == case.id)?;
        Some(match case.visibility {
            // The probe's own calls work, and that is the answer.
            Visibility::Healthy if works(report) => vec![case.label.clone()],
            _ => codes(report),
        })
    });
    print!("{score}");
    score.assert_as_in("check");
    let false_alarms: Vec<&String> = Case::all()
        .iter()
        .filter(|case| case.visibility == Visibility::Healthy)
        .filter_map(|case| reports.iter().find(|(id, _)| *id == case.id))
        .filter(|(_, report)| codes(report).iter().any(|code| TRUST_POLICY.contains(&code.as_str())))
        .map(|(id, _)| id)
        .collect();
    assert!(false_alarms.is_empty(), "trust policies that are blamed for nothing: {false_alarms:?}");
}

fn next(cases: &Mutex<Vec<Case>>) -> Option<Case> {
    cases.lock().expect("cases").pop()
}

fn explained(text: &str) -> Vec<String> {
    explain::text(text.as_bytes()).causes.iter().map(|explained| explained.cause.code.to_owned()).collect()
}

fn judged(case: &Case) -> Option<Value> {
    let stage = pod::of(case)?;
    if stage.unreadable && !nix::unistd::geteuid().is_root() {
        return None;
    }
    let mut raised = stage.raise(env!("CARGO_BIN_EXE_irsa-probe").as_ref()).expect("a pod");
    Some(probe::look(&mut raised).report)
}

fn works(report: &Value) -> bool {
    matches!(report["verdict"].as_str(), Some("healthy" | "degraded"))
}

/// The first finding, or, where it is open, what it could be.
fn codes(report: &Value) -> Vec<String> {
    let finding = &report["findings"][0];
    let candidates = finding["candidates"].as_array().filter(|candidates| !candidates.is_empty());
    let named = candidates.map_or_else(|| vec![finding], |candidates| candidates.iter().collect());
    named.iter().filter_map(|named| Some(named["code"].as_str()?.to_owned())).collect()
}

/// How many cases are met.
struct Score {
    what: &'static str,
    decided: (usize, usize),
    healthy: (usize, usize),
    first_three: (usize, usize),
    listed: (usize, usize),
    unmet: Vec<(String, String)>,
}

impl Score {
    fn of(what: &'static str, rank: impl Fn(&Case) -> Option<Vec<String>>) -> Score {
        let none = (0, 0);
        let mut score = Score { what, decided: none, healthy: none, first_three: none, listed: none, unmet: vec![] };
        for case in Case::all() {
            let Some(codes) = rank(&case) else { continue };
            let codes: Vec<&str> = codes.iter().map(String::as_str).collect();
            let met = case.is_met_by(&codes);
            let count =
                |(good, all): &mut (usize, usize), met: bool| (*good, *all) = (*good + usize::from(met), *all + 1);
            match case.visibility {
                Visibility::Decided => count(&mut score.decided, met),
                Visibility::Healthy => count(&mut score.healthy, met),
                Visibility::Candidate => {
                    count(&mut score.first_three, met);
                    count(&mut score.listed, case.place(&codes).is_some());
                }
            }
            if !met {
                score.unmet.push((case.id.clone(), format!("{} {} {codes:?}", case.id, case.label)));
            }
        }
        score
    }

    /// Of the cases with one cause, the part whose cause is named first.
    fn first_rate(&self) -> f64 {
        let ((decided, all_decided), (healthy, all_healthy)) = (self.decided, self.healthy);
        (decided + healthy) as f64 / (all_decided + all_healthy) as f64
    }

    /// The cases that are not met must all be among those that the README gives reasons for.
    fn assert_as_in(&self, heading: &str) {
        let readme = include_str!("README.md");
        let (_, section) = readme.split_once(&format!("## {heading}\n")).expect("a section");
        let section = section.split("\n## ").next().unwrap_or(section);
        let rows =
            section.lines().filter_map(|line| line.strip_prefix("| c").filter(|row| row.starts_with(char::is_numeric)));
        let told = rows.flat_map(|row| row.split('|').next().unwrap_or_default().split(", "));
        let told: BTreeSet<String> = told.map(|id| format!("c{}", id.trim().trim_start_matches('c'))).collect();
        let unmet: BTreeSet<String> = self.unmet.iter().map(|(id, _)| id.clone()).collect();
        for met in told.difference(&unmet) {
            println!("{met} is met and needs no line in README.md under {heading}");
        }
        assert!(unmet.is_subset(&told), "{self}");
        assert_eq!(self.listed.0, self.listed.1, "the true cause must always be in the list: {self}");
    }
}

impl std::fmt::Display for Score {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let part = |(good, all): (usize, usize)| format!("{good} of {all}");
        writeln!(f, "{}", self.what)?;
        writeln!(f, "  one cause, named first          {}", part(self.decided))?;
        writeln!(f, "  healthy, named first            {}", part(self.healthy))?;
        writeln!(f, "  many causes, in the first three {}", part(self.first_three))?;
        writeln!(f, "  many causes, in the list        {}", part(self.listed))?;
        self.unmet.iter().try_for_each(|(_, line)| writeln!(f, "    not met: {line}"))
    }
}

/// Texts of other SDKs, systems and years, written from knowledge of them, as a guard against fitting the cases' words.
#[test]
fn other_wordings_are_explained_too() {
    let mut wrong = Vec::new();
    let lines: Vec<&str> = include_str!("paraphrases.jsonl").lines().collect();
    for line in &lines {
        let row: Value = serde_json::from_str(line).expect(line);
        let codes = explained(row["text"].as_str().expect("a text"));
        if codes.first().map(String::as_str) != row["first"].as_str() {
            wrong.push(format!("{}: {codes:?}, not {}: {}", row["from"], row["first"], row["text"]));
        }
    }
    println!("other wordings: {} of {}", lines.len() - wrong.len(), lines.len());
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Loggers, shells and web pages wrap texts; what they mean stays.
#[test]
fn wrapping_changes_nothing() {
    for line in include_str!("paraphrases.jsonl").lines() {
        let row: Value = serde_json::from_str(line).expect(line);
        let text = row["text"].as_str().expect("a text");
        let plain = explained(text);
        let json = serde_json::json!({ "level": "error", "msg": "it failed", "err": text }).to_string();
        let twice = serde_json::json!({ "log": json, "stream": "stderr" }).to_string();
        let html = text.replace('&', "&amp;").replace('<', "&lt;").replace('"', "&quot;").replace('\'', "&#39;");
        let coloured = format!("\u{1b}[31m{text}\u{1b}[0m");
        let crlf = text.replace('\n', "\r\n");
        for wrapped in [json, twice, html, coloured, crlf] {
            assert_eq!(explained(&wrapped), plain, "{wrapped}");
        }
    }
}
