//! The decision: "Policy evaluation logic" for one resource policy. Unknown is not the same as false.

use super::fault::Fault;
use super::mismatch::Mismatch;
use super::pattern::Pattern;
use super::policy::{Actions, Effect, Policy, PrincipalSet, Principals, Statement};
use super::request::{ACTION, Request};
use super::truth::Truth;
use super::version::Version;

/// What IAM decides about a request under a trust policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    pub verdict: Verdict,
    /// In the policy's order.
    pub statements: Vec<Judged>,
    /// Why nothing allows the request: the fault of the statement that comes closest to allowing it. `None` unless the
    /// verdict is `Denied`.
    pub fault: Option<Fault>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    Allowed,
    Denied,
    /// It depends on values that only AWS or the workload knows.
    Unknown(Vec<String>),
}

/// One statement, judged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Judged {
    pub sid: Option<String>,
    pub effect: Effect,
    pub judgement: Judgement,
    /// What is wrong with an `Allow` statement that does not apply: the fault behind its first mismatch.
    pub fault: Option<Fault>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Judgement {
    /// The statement applies to the request.
    Applies,
    /// It may apply; why that cannot be decided.
    Unknown(Vec<String>),
    /// It does not apply: what does not match, in the order principal, action, conditions. Never empty.
    Differs(Vec<Mismatch>),
}

impl Decision {
    pub fn is_allowed(&self) -> bool {
        self.verdict == Verdict::Allowed
    }

    /// The number, from 1, of the first `Deny` statement that applies.
    pub fn denied_by(&self) -> Option<usize> {
        self.first(Effect::Deny)
    }

    /// The number, from 1, of the first `Allow` statement that applies.
    pub fn allowed_by(&self) -> Option<usize> {
        self.first(Effect::Allow)
    }

    fn first(&self, effect: Effect) -> Option<usize> {
        let applies = |judged: &Judged| judged.effect == effect && judged.judgement == Judgement::Applies;
        self.statements.iter().position(applies).map(|index| index + 1)
    }
}

/// Judges `policy` alone. Service control policies, resource control policies and whether the role exists are not
/// considered.
pub fn evaluate(policy: &Policy, request: &Request) -> Decision {
    let statements: Vec<Judged> = policy
        .statements
        .iter()
        .map(|statement| {
            let judgement = judge(statement, policy.version, request);
            let fault = match (&judgement, statement.effect) {
                (Judgement::Differs(parts), Effect::Allow) => {
                    parts.first().map(|first| Fault::behind(first, statement, request))
                }
                _ => None,
            };
            Judged { sid: statement.sid.clone(), effect: statement.effect, judgement, fault }
        })
        .collect();
    let verdict = verdict(statements.iter().map(|judged| (judged.effect, &judged.judgement)));
    let mut decision = Decision { verdict, statements, fault: None };
    if decision.verdict == Verdict::Denied {
        decision.fault = Some(match decision.denied_by() {
            Some(_) => Fault::explicit_deny(),
            None => closest_fault(&decision.statements),
        });
    }
    decision
}

/// An explicit deny overrides any allow; without an allow the request is denied.
pub(super) fn verdict<'j>(statements: impl Iterator<Item = (Effect, &'j Judgement)> + Clone) -> Verdict {
    let of = |effect| statements.clone().filter(move |(of, _)| *of == effect).map(|(_, judgement)| judgement);
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

fn closest_fault(statements: &[Judged]) -> Fault {
    let distance = |parts: &[Mismatch]| -> usize {
        let weigh = |part: &Mismatch| match part {
            Mismatch::Principal { has, .. } if has.contains("Federated") => 8,
            Mismatch::Principal { .. } => 32,
            Mismatch::Action { .. } => 4,
            Mismatch::Condition { .. } => 1,
        };
        parts.iter().map(weigh).sum()
    };
    let closest = statements
        .iter()
        .filter_map(|judged| match &judged.judgement {
            Judgement::Differs(parts) => Some((distance(parts), judged.fault.as_ref()?)),
            _ => None,
        })
        .min_by_key(|(distance, fault)| (*distance, fault.text.as_str()));
    closest.map_or_else(Fault::no_statement, |(_, fault)| fault.clone())
}

fn judge(statement: &Statement, version: Version, request: &Request) -> Judgement {
    let mut unknown = Vec::new();
    let mut differs = Vec::new();
    let mut weigh = |truth: Truth, mismatch: &dyn Fn() -> Mismatch| match truth {
        Truth::Yes => {}
        Truth::No => differs.push(mismatch()),
        Truth::Unknown(why) => unknown.push(why),
    };
    weigh(principals_match(&statement.principals, request), &|| Mismatch::principal(&statement.principals, request));
    weigh(Truth::of(actions_match(&statement.actions, ACTION)), &|| Mismatch::action(&statement.actions));
    for condition in &statement.conditions {
        weigh(condition.holds(version, request), &|| Mismatch::condition(condition, request));
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

/// "AWS JSON policy elements: Principal": the name of a federated principal is compared literally, without wildcards. How
/// IAM treats a name that is only `*` is not documented.
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

/// Action names are not case-sensitive, and `*` and `?` are wildcards ("IAM JSON policy elements: Action").
pub(super) fn actions_match(actions: &Actions, action: &str) -> bool {
    let matched =
        |names: &[String]| names.iter().any(|name| Pattern::with_wildcards(name).matches_ignoring_case(action));
    match actions {
        Actions::Only(names) => matched(names),
        Actions::AllBut(names) => !matched(names),
    }
}
