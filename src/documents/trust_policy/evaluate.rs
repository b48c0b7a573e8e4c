//! The decision: "Policy evaluation logic" for one resource policy, with what is unknown kept apart from what is not so.

use super::condition::{Condition, Test, Truth};
use super::document::{Actions, Effect, Policy, PrincipalSet, Principals, Statement, Version};
use super::mistake::{self, Mistake};
use super::pattern::Pattern;
use super::request::{ACTION, Lookup, Request};
use std::fmt;

/// What IAM makes of a request under a trust policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    pub verdict: Verdict,
    /// In the policy's order.
    pub statements: Vec<Judged>,
    /// Why nothing allows the request: the fault of the statement that comes nearest to allowing it. `None` where the
    /// verdict is not `Denied`.
    pub mistake: Option<Mistake>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    Allowed,
    Denied,
    /// It hangs on what only AWS or the workload knows.
    Unknown(Vec<String>),
}

/// One statement, judged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Judged {
    pub sid: Option<String>,
    pub effect: Effect,
    pub judgement: Judgement,
    /// What was done wrong in an `Allow` that does not apply; it belongs to the first mismatch.
    pub mistake: Option<Mistake>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Judgement {
    /// The request is what the statement is about.
    Applies,
    /// It may be; why that is not known.
    Unknown(Vec<String>),
    /// It is not: what does not match, in the order principal, action, conditions. Never empty.
    Differs(Vec<Mismatch>),
}

/// A part of a statement that does not match the request. `needs` is JSON to put in its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Mismatch {
    Principal {
        has: String,
        needs: String,
    },
    Action {
        has: String,
        needs: String,
    },
    Condition {
        operator: String,
        key: String,
        has: Vec<String>,
        /// What the request has under that key; empty if it does not have it.
        request: Vec<String>,
        /// `None` where the request needs no such condition.
        needs: Option<String>,
    },
}

impl Decision {
    pub fn is_allowed(&self) -> bool {
        self.verdict == Verdict::Allowed
    }

    /// The place, from 1, of the first `Deny` that is about the request.
    pub fn denied_by(&self) -> Option<usize> {
        self.place(Effect::Deny)
    }

    /// The place, from 1, of the first `Allow` that is about the request.
    pub fn allowed_by(&self) -> Option<usize> {
        self.place(Effect::Allow)
    }

    fn place(&self, effect: Effect) -> Option<usize> {
        let applies = |judged: &Judged| judged.effect == effect && judged.judgement == Judgement::Applies;
        self.statements.iter().position(applies).map(|index| index + 1)
    }
}

/// Judges `policy` alone. Service control policies, resource control policies and the existence of the role are not
/// part of it.
pub fn evaluate(policy: &Policy, request: &Request) -> Decision {
    let statements: Vec<Judged> = policy
        .statements
        .iter()
        .map(|statement| {
            let judgement = judge(statement, policy.version, request);
            let mistake = match (&judgement, statement.effect) {
                (Judgement::Differs(parts), Effect::Allow) => {
                    parts.first().map(|first| mistake::name(first, statement, request))
                }
                _ => None,
            };
            Judged { sid: statement.sid.clone(), effect: statement.effect, judgement, mistake }
        })
        .collect();
    let verdict = verdict(&statements);
    let mut decision = Decision { verdict, statements, mistake: None };
    if decision.verdict == Verdict::Denied {
        decision.mistake = Some(match decision.denied_by() {
            Some(_) => Mistake::explicit_deny(),
            None => nearest_mistake(&decision.statements),
        });
    }
    decision
}

/// An explicit deny beats every allow; without an allow the answer is no.
fn verdict(statements: &[Judged]) -> Verdict {
    let of = |effect| statements.iter().filter(move |judged| judged.effect == effect).map(|judged| &judged.judgement);
    let applies = |effect| of(effect).any(|judgement| *judgement == Judgement::Applies);
    let unknown = |effect| -> Vec<String> {
        let reasons = of(effect).filter_map(|judgement| match judgement {
            Judgement::Unknown(why) => Some(why.clone()),
            _ => None,
        });
        reasons.flatten().collect()
    };
    let (allow_unknown, deny_unknown) = (unknown(Effect::Allow), unknown(Effect::Deny));
    if applies(Effect::Deny) || !applies(Effect::Allow) && allow_unknown.is_empty() {
        Verdict::Denied
    } else if !applies(Effect::Allow) {
        Verdict::Unknown(allow_unknown.into_iter().chain(deny_unknown).collect())
    } else if !deny_unknown.is_empty() {
        Verdict::Unknown(deny_unknown)
    } else {
        Verdict::Allowed
    }
}

fn nearest_mistake(statements: &[Judged]) -> Mistake {
    let distance = |parts: &[Mismatch]| -> usize {
        let weigh = |part: &Mismatch| match part {
            Mismatch::Principal { has, .. } if has.contains("Federated") => 8,
            Mismatch::Principal { .. } => 32,
            Mismatch::Action { .. } => 4,
            Mismatch::Condition { .. } => 1,
        };
        parts.iter().map(weigh).sum()
    };
    let nearest = statements
        .iter()
        .filter_map(|judged| match &judged.judgement {
            Judgement::Differs(parts) => Some((distance(parts), judged.mistake.as_ref()?)),
            _ => None,
        })
        .min_by_key(|(distance, mistake)| (*distance, mistake.text.as_str()));
    nearest.map_or_else(Mistake::no_statement, |(_, mistake)| mistake.clone())
}

fn judge(statement: &Statement, version: Version, request: &Request) -> Judgement {
    let mut unknown = Vec::new();
    let mut differs = Vec::new();
    let mut weigh = |truth: Truth, mismatch: &dyn Fn() -> Mismatch| match truth {
        Truth::Yes => {}
        Truth::No => differs.push(mismatch()),
        Truth::Unknown(why) => unknown.push(why),
    };
    weigh(principals_match(&statement.principals, request), &|| Mismatch::Principal {
        has: principals_text(&statement.principals),
        needs: format!("\"Principal\": {{\"Federated\": \"{}\"}}", request.provider_arn()),
    });
    weigh(Truth::of(actions_match(&statement.actions)), &|| Mismatch::Action {
        has: actions_text(&statement.actions),
        needs: format!("\"Action\": \"{ACTION}\""),
    });
    for condition in &statement.conditions {
        weigh(condition.holds(version, request), &|| condition_mismatch(condition, request));
    }
    match (differs.is_empty(), unknown.is_empty()) {
        (false, _) => Judgement::Differs(differs),
        (true, false) => Judgement::Unknown(unknown),
        (true, true) => Judgement::Applies,
    }
}

fn principals_match(principals: &Principals, request: &Request) -> Truth {
    match principals {
        Principals::Only(set) => contains(set, request),
        Principals::AllBut(set) => match contains(set, request) {
            Truth::Yes => Truth::No,
            Truth::No => Truth::Yes,
            unknown => unknown,
        },
    }
}

/// "AWS JSON policy elements: Principal": the name of a federated principal is compared as it stands; wildcards have no
/// meaning within it. What IAM makes of one that is nothing but `*` is not documented.
fn contains(set: &PrincipalSet, request: &Request) -> Truth {
    let provider = request.provider_arn();
    if set.everyone || set.federated.contains(&provider) {
        Truth::Yes
    } else if set.federated.iter().any(|name| name == "*") {
        Truth::Unknown("IAM does not document what \"Federated\": \"*\" matches".to_owned())
    } else {
        Truth::No
    }
}

/// Actions are compared without case, and `*` and `?` are wildcards ("IAM JSON policy elements: Action").
fn actions_match(actions: &Actions) -> bool {
    let matched =
        |names: &[String]| names.iter().any(|name| Pattern::with_wildcards(name).matches_ignoring_case(ACTION));
    match actions {
        Actions::Only(names) => matched(names),
        Actions::AllBut(names) => !matched(names),
    }
}

fn condition_mismatch(condition: &Condition, request: &Request) -> Mismatch {
    let values = match request.lookup(&condition.key) {
        Lookup::Values(values) => values,
        Lookup::Absent | Lookup::Unknown(_) => Vec::new(),
    };
    Mismatch::Condition {
        operator: condition.operator.name.clone(),
        key: condition.key.clone(),
        has: condition.values.clone(),
        request: values,
        needs: mistake::meant_claim(condition, request).map(|(claim, value)| {
            let needs = format!("\"{}\": \"{value}\"", request.key(claim));
            match value.contains(['*', '?']) && condition.operator.test != Test::Like {
                true => format!("\"StringLike\": {{{needs}}}"),
                false => needs,
            }
        }),
    }
}

fn principals_text(principals: &Principals) -> String {
    let (element, set) = match principals {
        Principals::Only(set) => ("Principal", set),
        Principals::AllBut(set) => ("NotPrincipal", set),
    };
    let everyone = set.everyone.then(|| "\"*\"".to_owned());
    let federated = (!set.federated.is_empty()).then(|| format!("Federated {}", list(&set.federated)));
    let others = set.others.iter().map(|(kind, names)| format!("{kind} {}", list(names)));
    let all: Vec<String> = everyone.into_iter().chain(federated).chain(others).collect();
    format!("{element} is {}", all.join(" and "))
}

fn actions_text(actions: &Actions) -> String {
    match actions {
        Actions::Only(names) => format!("Action is {}", list(names)),
        Actions::AllBut(names) => format!("NotAction is {}", list(names)),
    }
}

/// `"a"`, `"a" or "b"`.
fn list(values: &[String]) -> String {
    match values {
        [] => "nothing".to_owned(),
        values => values.iter().map(|value| format!("{value:?}")).collect::<Vec<_>>().join(" or "),
    }
}

impl fmt::Display for Mismatch {
    /// What the policy has and what the request has, without the fix.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Mismatch::Principal { has, .. } | Mismatch::Action { has, .. } => f.write_str(has),
            Mismatch::Condition { operator, key, has, request, .. } => {
                write!(f, "{operator} wants {key} to be {}; ", list(has))?;
                match request.as_slice() {
                    [] => f.write_str("the call has no such key"),
                    values => write!(f, "the token has {}", list(values)),
                }
            }
        }
    }
}

impl Mismatch {
    /// JSON to put in the place of what does not match.
    pub fn needs(&self) -> Option<&str> {
        match self {
            Mismatch::Principal { needs, .. } | Mismatch::Action { needs, .. } => Some(needs),
            Mismatch::Condition { needs, .. } => needs.as_deref(),
        }
    }
}
