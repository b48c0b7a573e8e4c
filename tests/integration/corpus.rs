//! Real failures, which nobody of this project wrote, and what became of them: each error through `explain`, and each
//! pod through the whole program against the stand-in for STS. `-- --nocapture` prints the score. What is not met stands
//! in README.md with its reason.

mod case;
mod pod;
mod report;

use crate::needs;
use crate::probe;
use case::{Case, TRUST_POLICY, Visibility};
use irsa_probe::explain;
use report::{Asked, Report};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;
use std::thread;

#[test]
fn errors_are_explained() {
    let alone = Score::of("errors alone", "explain", |case| Some(explained(case.error_alone()?)));
    print!("{alone}");
    alone.assert_targets();
    let score = Score::of("errors with the facts beside them", "explain", |case| Some(explained(&case.pasted()?)));
    print!("{score}");
    score.assert_targets();
    score.assert_left_out_for_a_reason();
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
    let score = Score::of("pods", "check", |case| {
        let (_, report) = reports.iter().find(|(id, _)| *id == case.id)?;
        Some(match case.visibility {
            // The probe's own calls work, and that is the answer.
            Visibility::Healthy if works(report) => vec![case.label.clone()],
            _ => codes(report),
        })
    });
    print!("{score}");
    score.assert_targets();
    score.assert_left_out_for_a_reason();
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
    if stage.unreadable && !needs::root() {
        return None;
    }
    let mut raised = stage.raise(env!("CARGO_BIN_EXE_irsa-probe").as_ref()).expect("a pod");
    Some(probe::run(&mut raised).report)
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

/// How many cases are met, out of how many.
#[derive(Default)]
struct Part(usize, usize);

impl Part {
    fn count(&mut self, met: bool) {
        *self = Part(self.0 + usize::from(met), self.1 + 1);
    }

    fn is_at_least(&self, percent: usize) -> bool {
        self.0 * 100 >= self.1 * percent
    }
}

impl std::fmt::Display for Part {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:>3} of {:<3}", self.0, self.1)
    }
}

/// The parts that the targets are set for.
#[derive(Default)]
struct Parts {
    /// One cause, or none of IRSA's: named first.
    first: Part,
    /// One text for many causes: the true one among the first three, and anywhere.
    first_three: Part,
    listed: Part,
}

/// The score over all cases, and over those whose inputs can tell the cause.
struct Score {
    what: &'static str,
    all: Parts,
    telling: Parts,
    unmet: Vec<(String, String)>,
    left_out: BTreeSet<String>,
}

impl Score {
    /// `heading` is that of the README's section which says which cases cannot be told and why.
    fn of(what: &'static str, heading: &str, rank: impl Fn(&Case) -> Option<Vec<String>>) -> Score {
        let left_out = left_out(heading);
        let mut score = Score { what, all: Parts::default(), telling: Parts::default(), unmet: Vec::new(), left_out };
        let twins = Case::twins();
        for case in Case::all() {
            let Some(codes) = rank(&case) else { continue };
            let codes: Vec<&str> = codes.iter().map(String::as_str).collect();
            let met = case.is_met_by(&codes);
            let tells = !twins.contains(&case.id) && !score.left_out.contains(&case.id);
            for parts in [Some(&mut score.all), tells.then_some(&mut score.telling)].into_iter().flatten() {
                match case.visibility {
                    Visibility::Decided | Visibility::Healthy => parts.first.count(met),
                    Visibility::Candidate => {
                        parts.first_three.count(met);
                        parts.listed.count(case.place(&codes).is_some());
                    }
                }
            }
            if !met {
                let why = if twins.contains(&case.id) { " (one of several, letter for letter the same)" } else { "" };
                score.unmet.push((case.id.clone(), format!("{} {}: {codes:?}{why}", case.id, case.label)));
            }
        }
        score
    }

    fn assert_targets(&self) {
        assert!(self.telling.first.is_at_least(95), "{self}");
        assert!(self.telling.first_three.is_at_least(90), "{self}");
        assert!(self.all.listed.is_at_least(100), "{self}");
    }

    /// A case that is met after all is not one whose inputs cannot tell.
    fn assert_left_out_for_a_reason(&self) {
        let unmet: BTreeSet<&String> = self.unmet.iter().map(|(id, _)| id).collect();
        let met: Vec<&String> = self.left_out.iter().filter(|id| !unmet.contains(id)).collect();
        assert!(met.is_empty(), "{met:?} are met, and README.md leaves them out");
    }
}

/// The cases in the table under a heading of README.md: `| c001, c002 | why |`.
fn left_out(heading: &str) -> BTreeSet<String> {
    let readme = include_str!("../corpus/README.md");
    let (_, section) = readme.split_once(&format!("## {heading}\n")).expect("a section");
    let section = section.split("\n## ").next().unwrap_or(section);
    let cells = section.lines().filter_map(|line| line.strip_prefix("| c")?.split('|').next());
    let ids = cells.flat_map(|cell| cell.split(", ")).map(|id| id.trim().trim_start_matches('c'));
    ids.filter(|id| id.parse::<u32>().is_ok()).map(|id| format!("c{id}")).collect()
}

impl std::fmt::Display for Score {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Score { what, all, telling, .. } = self;
        writeln!(f, "{what:<32} all cases   whose inputs tell")?;
        writeln!(f, "  one cause, named first         {}  {}", all.first, telling.first)?;
        writeln!(f, "  many causes, in the first three{}  {}", all.first_three, telling.first_three)?;
        writeln!(f, "  many causes, in the list       {}  {}", all.listed, telling.listed)?;
        self.unmet.iter().try_for_each(|(_, line)| writeln!(f, "    not met: {line}"))
    }
}

/// Whole texts of public reports, each with its address. Raise a floor whenever the score allows it.
#[test]
fn reports_are_explained() {
    let mut parts: BTreeMap<Asked, Part> = BTreeMap::new();
    let mut speakers: BTreeMap<String, Part> = BTreeMap::new();
    let mut missed = String::new();
    for report in Report::all() {
        let codes = explained(&report.text);
        let met = report.is_met_by(&codes);
        parts.entry(report.asked()).or_default().count(met);
        speakers.entry(report.from.clone()).or_default().count(met);
        if !met {
            missed += &format!("    not met: {} {}: {}: {codes:?}\n", report.id, report.from, report.label);
        }
    }
    for (speaker, part) in &speakers {
        println!("  {speaker:<30} {part}");
    }
    print!("{missed}");
    for (asked, what, floor) in [
        (Asked::First, "the text decides, named first", 95),
        (Asked::FirstThree, "it does not, in the first three", 95),
        (Asked::Nothing, "none of ours, nothing named", 100),
    ] {
        let part = &parts[&asked];
        println!("  {what:<31}{part}");
        assert!(part.is_at_least(floor), "{what}: {part}, the floor is {floor} %\n{missed}");
    }
}

/// Texts of other SDKs, systems and years, written from knowledge of them, as a guard against fitting the cases' words.
#[test]
fn other_wordings_are_explained_too() {
    let mut wrong = Vec::new();
    let lines: Vec<&str> = include_str!("../corpus/paraphrases.jsonl").lines().collect();
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
    for line in include_str!("../corpus/paraphrases.jsonl").lines() {
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
