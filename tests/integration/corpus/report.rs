//! One public report: the text that somebody pasted, and what turned out to be the cause.

use super::case::place;
use serde_json::{Value, json};

/// A line of `reports.jsonl`.
pub struct Report {
    pub id: String,
    /// Who speaks: an SDK, a controller, the agent.
    pub from: String,
    /// A cause, or `none`.
    pub label: String,
    /// Whether the text alone decides between the causes.
    pub decides: bool,
    /// The text, with the token's claims beside it where the report tells them.
    pub text: String,
}

/// What is asked of a report.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Asked {
    /// The text decides: the cause is named first.
    First,
    /// The text does not decide: the cause is among the first three.
    FirstThree,
    /// The fault is none of ours: no cause is named.
    Nothing,
}

impl Report {
    pub fn all() -> Vec<Report> {
        include_str!("../../corpus/reports.jsonl").lines().map(Report::parse).collect()
    }

    fn parse(line: &str) -> Report {
        let row: Value = serde_json::from_str(line).expect(line);
        let text = |name: &str| row[name].as_str().expect(line).to_owned();
        assert!(text("source").starts_with("https://"), "{line}");
        let pasted = match row.get("claims") {
            None => text("text"),
            Some(claims) => json!({ "message": text("text"), "claims": claims }).to_string(),
        };
        let decides = row["decides"].as_bool().expect(line);
        Report { id: text("id"), from: text("from"), label: text("label"), decides, text: pasted }
    }

    pub fn asked(&self) -> Asked {
        match (self.label.as_str(), self.decides) {
            ("none", _) => Asked::Nothing,
            (_, true) => Asked::First,
            (_, false) => Asked::FirstThree,
        }
    }

    /// Whether a ranking does what is asked. Causes that nothing in a pod tells apart share a place.
    pub fn is_met_by(&self, codes: &[String]) -> bool {
        let codes: Vec<&str> = codes.iter().map(String::as_str).collect();
        let place = place(&self.label, &codes);
        match self.asked() {
            Asked::First => place == Some(0),
            Asked::FirstThree => place.is_some_and(|place| place < 3),
            Asked::Nothing => codes.is_empty(),
        }
    }
}
