//! One case: what somebody saw, and what turned out to be the cause.

use serde_json::{Map, Value};
use std::collections::BTreeSet;

/// A line of `cases.jsonl`.
pub struct Case {
    pub id: String,
    pub label: String,
    pub visibility: Visibility,
    /// All that may be seen of it.
    pub seen: Map<String, Value>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Visibility {
    /// STS gives one text for many causes: the true one must be among the first candidates.
    Candidate,
    /// The answer and local facts lead to the one cause, or local facts alone do.
    Decided,
    /// IRSA works; the fault is the application's.
    Healthy,
}

/// Causes that nothing in a pod tells apart: naming one of a row is naming all of it.
const INSEPARABLE: &[&[&str]] = &[
    &["wrong-subject-in-trust-policy", "service-account-mismatch"],
    &[
        "env-not-injected-webhook-missing",
        "env-not-injected-pod-predates-annotation",
        "env-not-injected-annotation-missing-or-misplaced",
    ],
    &["issuer-unreachable", "jwks-key-mismatch"],
    &["no-oidc-provider", "wrong-account-in-role-arn"],
];

/// The codes that say that a trust policy is at fault.
pub const TRUST_POLICY: &[&str] = &[
    "not-authorized",
    "wrong-subject-in-trust-policy",
    "service-account-mismatch",
    "subject-wildcard-needs-stringlike",
    "condition-key-wrong-in-trust-policy",
    "wrong-aud-condition-in-trust-policy",
    "wrong-provider-in-trust-policy",
    "trust-policy-lacks-web-identity-statement",
    "role-does-not-exist",
    "scp-or-boundary-deny",
];

impl Case {
    pub fn all() -> Vec<Case> {
        include_str!("../../corpus/cases.jsonl").lines().map(Case::parse).collect()
    }

    /// Cases that show the same, letter for letter, and are labelled otherwise: no rule can meet them all.
    pub fn twins() -> BTreeSet<String> {
        let cases = Case::all();
        let is_twin = |case: &&Case| {
            cases.iter().any(|other| other.seen == case.seen && class(&other.label) != class(&case.label))
        };
        cases.iter().filter(is_twin).map(|case| case.id.clone()).collect()
    }

    fn parse(line: &str) -> Case {
        let mut seen: Map<String, Value> = serde_json::from_str(line).expect(line);
        let mut take = |name: &str| match seen.remove(name) {
            Some(Value::String(text)) => text,
            other => panic!("{name} is {other:?} in {line}"),
        };
        let (id, label) = (take("id"), take("label"));
        let visibility = match take("visibility").as_str() {
            "candidate" => Visibility::Candidate,
            "direct" | "config" => Visibility::Decided,
            "healthy" => Visibility::Healthy,
            other => panic!("{id}: {other}"),
        };
        Case { id, label, visibility, seen }
    }

    pub fn text(&self, name: &str) -> Option<&str> {
        self.seen.get(name)?.as_str()
    }

    /// The case as a user would paste it: the error and whatever facts came with it. `None` if there is no error.
    pub fn pasted(&self) -> Option<String> {
        let has_error = ["message", "raw_xml", "error_code"].iter().any(|name| self.seen.contains_key(*name));
        has_error.then(|| Value::Object(self.seen.clone()).to_string())
    }

    /// The error alone.
    pub fn error_alone(&self) -> Option<&str> {
        self.text("raw_xml").or(self.text("message"))
    }

    /// The place of the true cause among these codes, from 0.
    pub fn place(&self, codes: &[&str]) -> Option<usize> {
        place(&self.label, codes)
    }

    /// Whether a ranking does what can be asked of it.
    pub fn is_met_by(&self, codes: &[&str]) -> bool {
        match (self.visibility, self.place(codes)) {
            (Visibility::Candidate, Some(place)) => place < 3,
            (_, place) => place == Some(0),
        }
    }
}

/// The place of a cause among these codes, from 0; inseparable ones share a place.
pub fn place(label: &str, codes: &[&str]) -> Option<usize> {
    let mut classes: Vec<&str> = codes.iter().map(|code| class(code)).collect();
    let mut known = BTreeSet::new();
    classes.retain(|class| known.insert(*class));
    classes.iter().position(|one| *one == class(label))
}

fn class(code: &str) -> &str {
    INSEPARABLE.iter().find(|row| row.contains(&code)).map_or(code, |row| row[0])
}
