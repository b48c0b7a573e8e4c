//! The parts of a statement that do not match a request.

use super::condition::Condition;
use super::intent::meant_claim;
use super::operator::{Operator, Test};
use super::policy::{Actions, Principals};
use super::request::{ACTION, Keys, Lookup, Request};
use std::fmt;

/// A part of a statement that does not match the request. `needs` is the JSON to replace it with.
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
        /// The values of that key in the request; empty if the request lacks it.
        request: Vec<String>,
        /// `None` if the request needs no such condition.
        needs: Option<String>,
    },
}

impl Mismatch {
    pub(super) fn principal(principals: &Principals, request: &Request) -> Mismatch {
        let needs = format!("\"Principal\": {{\"Federated\": \"{}\"}}", request.provider_arn());
        Mismatch::Principal { has: principals_text(principals), needs }
    }

    pub(super) fn action(actions: &Actions) -> Mismatch {
        Mismatch::Action { has: actions_text(actions), needs: format!("\"Action\": \"{ACTION}\"") }
    }

    pub(super) fn condition(condition: &Condition, request: &Request) -> Mismatch {
        let values = match request.lookup(&condition.key) {
            Lookup::Values(values) => values,
            Lookup::Absent | Lookup::Unknown(_) => Vec::new(),
        };
        Mismatch::Condition {
            operator: condition.operator.name.clone(),
            key: condition.key.clone(),
            has: condition.values.clone(),
            request: values,
            needs: meant_claim(condition, request).map(|(claim, value)| {
                let needs = format!("\"{}\": \"{value}\"", request.key(claim));
                match value.contains(['*', '?']) && condition.operator.test != Test::Like {
                    true => format!("\"StringLike\": {{{needs}}}"),
                    false => needs,
                }
            }),
        }
    }

    /// The JSON that replaces what does not match.
    pub fn needs(&self) -> Option<&str> {
        match self {
            Mismatch::Principal { needs, .. } | Mismatch::Action { needs, .. } => Some(needs),
            Mismatch::Condition { needs, .. } => needs.as_deref(),
        }
    }
}

impl fmt::Display for Mismatch {
    /// What the policy requires and what the request has, without the fix.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Mismatch::Principal { has, .. } | Mismatch::Action { has, .. } => f.write_str(has),
            Mismatch::Condition { operator, key, has, request, .. } => {
                let is_negated = Operator::parse(operator).is_some_and(|operator| operator.negated);
                let be = if is_negated { "not to be" } else { "to be" };
                write!(f, "{operator} requires {key} {be} {}; ", list(has))?;
                match request.as_slice() {
                    [] => f.write_str("the request has no such key"),
                    values => write!(f, "the request has {}", list(values)),
                }
            }
        }
    }
}

pub(super) fn principals_text(principals: &Principals) -> String {
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

pub(super) fn actions_text(actions: &Actions) -> String {
    match actions {
        Actions::Only(names) => format!("Action is {}", list(names)),
        Actions::AllBut(names) => format!("NotAction is {}", list(names)),
    }
}

/// `"a"`, `"a" or "b"`.
pub(super) fn list(values: &[String]) -> String {
    match values {
        [] => "nothing".to_owned(),
        values => values.iter().map(|value| format!("{value:?}")).collect::<Vec<_>>().join(" or "),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_negated_operator_requires_that_something_is_not() {
        let said = |operator: &str| {
            let (has, request) = (vec!["a".to_owned()], vec!["a".to_owned()]);
            Mismatch::Condition { operator: operator.into(), key: "k:aud".into(), has, request, needs: None }
                .to_string()
        };
        assert_eq!(said("StringNotEquals"), "StringNotEquals requires k:aud not to be \"a\"; the request has \"a\"");
        assert!(said("ForAnyValue:StringLike").contains("k:aud to be"));
    }
}
