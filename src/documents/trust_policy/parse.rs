//! A trust policy from JSON, parsed once: nothing later reads JSON.

use super::condition::Condition;
use super::operator::Operator;
use super::policy::{Actions, Effect, Policy, PrincipalSet, Principals, Statement};
use super::version::Version;
use crate::text::json;
use percent_encoding::percent_decode_str;
use serde_json::{Map, Value};
use std::borrow::Cow;
use std::fmt;

/// Why a text is not a trust policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PolicyFault {
    /// Typographic quotes where JSON needs straight ones.
    CurlyQuotes,
    NotJson {
        line: usize,
        column: usize,
    },
    /// The same key twice in one object; a clause with its place.
    KeyTwice(String),
    /// The same key twice under one operator, in different case. IAM's own policy check rejects that
    /// ("IAM policy validation check reference": "Duplicate keys with different case").
    KeyInTwoCases {
        statement: usize,
        key: String,
    },
    /// JSON, but neither a policy nor an object that contains one.
    NoPolicy,
    /// Neither `2012-10-17` nor `2008-10-17`.
    BadVersion(String),
    /// An element that a trust policy must have; `statement` counts from 1.
    Missing {
        statement: usize,
        element: &'static str,
    },
    /// An element that a trust policy must not have, such as `Resource`, or that IAM does not know.
    Unexpected {
        statement: usize,
        element: String,
    },
    /// An element of the wrong type, or with a value that IAM rejects.
    Bad {
        statement: usize,
        element: String,
    },
    UnknownOperator {
        statement: usize,
        operator: String,
    },
}

impl Policy {
    /// Accepts a policy alone, the output of `aws iam get-role`, or a policy as the IAM API returns it: URL-encoded.
    pub fn parse(text: &str) -> Result<Policy, PolicyFault> {
        Self::from_value(&json(text)?)
    }

    /// As [`Policy::parse`], from parsed JSON.
    pub fn from_value(value: &Value) -> Result<Policy, PolicyFault> {
        Self::from_object(unwrap(value)?.as_ref())
    }

    fn from_object(value: &Value) -> Result<Policy, PolicyFault> {
        let object = value.as_object().ok_or(PolicyFault::NoPolicy)?;
        let version = match object.get("Version") {
            None => Version::Y2008,
            Some(Value::String(version)) if version == "2008-10-17" => Version::Y2008,
            Some(Value::String(version)) if version == "2012-10-17" => Version::Y2012,
            Some(other) => return Err(PolicyFault::BadVersion(text_of(other).unwrap_or_else(|| other.to_string()))),
        };
        let statements = match object.get("Statement").ok_or(PolicyFault::NoPolicy)? {
            Value::Array(list) => list.as_slice(),
            single => std::slice::from_ref(single),
        };
        let statements = statements.iter().enumerate().map(|(index, value)| statement(index + 1, value));
        Ok(Policy { version, statements: statements.collect::<Result<_, _>>()? })
    }
}

/// The policy alone, from any form that [`Policy::parse`] accepts.
pub fn unwrap(value: &Value) -> Result<Cow<'_, Value>, PolicyFault> {
    let inner = value.get("Role").unwrap_or(value).get("AssumeRolePolicyDocument").unwrap_or(value);
    match inner {
        Value::String(text) => json(text).map(Cow::Owned),
        bare => Ok(Cow::Borrowed(bare)),
    }
}

/// The IAM API returns policies URL-encoded (`GetRole`, AssumeRolePolicyDocument). The aws CLI decodes them; most other
/// clients do not.
pub fn json(text: &str) -> Result<Value, PolicyFault> {
    let text = text.trim_start_matches('\u{feff}').trim();
    let decoded = match text.starts_with('%') {
        true => percent_decode_str(text).decode_utf8_lossy(),
        false => text.into(),
    };
    json::parse(&decoded).map_err(|error| match json::has_typographic_quotes(&decoded) {
        _ if error.is_data() => PolicyFault::KeyTwice(error.to_string()),
        true => PolicyFault::CurlyQuotes,
        false => PolicyFault::NotJson { line: error.line(), column: error.column() },
    })
}

fn statement(number: usize, value: &Value) -> Result<Statement, PolicyFault> {
    let bad = |element: &str| PolicyFault::Bad { statement: number, element: element.to_owned() };
    let object = value.as_object().ok_or_else(|| bad("Statement"))?;
    const KNOWN: [&str; 7] = ["Sid", "Effect", "Principal", "NotPrincipal", "Action", "NotAction", "Condition"];
    if let Some(element) = object.keys().find(|key| !KNOWN.contains(&key.as_str())) {
        return Err(PolicyFault::Unexpected { statement: number, element: element.clone() });
    }
    let missing = |element| PolicyFault::Missing { statement: number, element };
    let effect = match object.get("Effect").ok_or_else(|| missing("Effect"))?.as_str() {
        Some("Allow") => Effect::Allow,
        Some("Deny") => Effect::Deny,
        _ => return Err(bad("Effect")),
    };
    let principals = match (object.get("Principal"), object.get("NotPrincipal")) {
        (Some(set), None) => Principals::Only(principal_set(set).ok_or_else(|| bad("Principal"))?),
        (None, Some(set)) => Principals::AllBut(principal_set(set).ok_or_else(|| bad("NotPrincipal"))?),
        (None, None) => return Err(missing("Principal")),
        (Some(_), Some(_)) => return Err(bad("NotPrincipal")),
    };
    let actions = match (object.get("Action"), object.get("NotAction")) {
        (Some(names), None) => Actions::Only(texts(names).ok_or_else(|| bad("Action"))?),
        (None, Some(names)) => Actions::AllBut(texts(names).ok_or_else(|| bad("NotAction"))?),
        (None, None) => return Err(missing("Action")),
        (Some(_), Some(_)) => return Err(bad("NotAction")),
    };
    let conditions = match object.get("Condition") {
        None => Vec::new(),
        Some(Value::Object(operators)) => conditions(number, operators)?,
        Some(_) => return Err(bad("Condition")),
    };
    let sid = object.get("Sid").and_then(Value::as_str).map(str::to_owned);
    Ok(Statement { sid, effect, principals, actions, conditions })
}

fn principal_set(value: &Value) -> Option<PrincipalSet> {
    let mut set = PrincipalSet::default();
    match value {
        Value::String(text) if text == "*" => set.everyone = true,
        Value::Object(kinds) => {
            for (kind, names) in kinds {
                let names = texts(names)?;
                match kind.as_str() {
                    "Federated" => set.federated = names,
                    "AWS" if names.iter().any(|name| name == "*") => set.everyone = true,
                    "AWS" | "Service" | "CanonicalUser" => set.others.push((kind.clone(), names)),
                    _ => return None,
                }
            }
        }
        _ => return None,
    }
    Some(set)
}

fn conditions(number: usize, operators: &Map<String, Value>) -> Result<Vec<Condition>, PolicyFault> {
    let mut conditions: Vec<Condition> = Vec::new();
    for (name, keys) in operators {
        let operator = Operator::parse(name)
            .ok_or_else(|| PolicyFault::UnknownOperator { statement: number, operator: name.clone() })?;
        let bad = |element: &str| PolicyFault::Bad { statement: number, element: format!("Condition {element}") };
        for (key, values) in keys.as_object().ok_or_else(|| bad(name))? {
            let values = texts(values).ok_or_else(|| bad(key))?;
            let same = |other: &Condition| {
                other.operator.name.eq_ignore_ascii_case(name) && other.key.eq_ignore_ascii_case(key)
            };
            if conditions.iter().any(same) {
                return Err(PolicyFault::KeyInTwoCases { statement: number, key: key.clone() });
            }
            conditions.push(Condition { operator: operator.clone(), key: key.clone(), values });
        }
    }
    Ok(conditions)
}

/// A scalar or a list of scalars, as text.
fn texts(value: &Value) -> Option<Vec<String>> {
    match value {
        Value::Array(list) => list.iter().map(text_of).collect(),
        scalar => Some(vec![text_of(scalar)?]),
    }
}

/// In conditions, booleans and numbers need no quotes.
fn text_of(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Bool(_) | Value::Number(_) => Some(value.to_string()),
        _ => None,
    }
}

impl fmt::Display for PolicyFault {
    /// A clause that follows "the policy".
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            PolicyFault::CurlyQuotes => f.write_str(json::TYPOGRAPHIC_QUOTES),
            PolicyFault::NotJson { line, column } => write!(f, "is not JSON: see line {line}, column {column}"),
            PolicyFault::KeyTwice(what) => write!(f, "{what}: which of the two applies is not defined"),
            PolicyFault::KeyInTwoCases { statement, key } => write!(
                f,
                "has the condition key {key:?} twice in statement {statement}, in different case: to IAM both are one \
                 key; use one key with a list of values"
            ),
            PolicyFault::NoPolicy => f.write_str("has neither a Statement nor the AssumeRolePolicyDocument of a role"),
            PolicyFault::BadVersion(version) => {
                write!(f, "has the Version {version:?}; IAM accepts \"2012-10-17\" and \"2008-10-17\"")
            }
            PolicyFault::Missing { statement, element } => write!(f, "has no {element} in statement {statement}"),
            PolicyFault::Unexpected { statement, element } => {
                write!(f, "has {element:?} in statement {statement}, which a trust policy cannot have")
            }
            PolicyFault::Bad { statement, element } => {
                write!(f, "has a value in statement {statement} that IAM rejects: {element}")
            }
            PolicyFault::UnknownOperator { statement, operator } => {
                write!(f, "has the condition operator {operator:?} in statement {statement}, which IAM does not know")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BARE: &str = r#"{"Statement":{"Effect":"Allow","Principal":{"Federated":"p"},"Action":"sts:*"}}"#;

    #[test]
    fn a_policy_is_found_in_every_form() {
        let bare = Policy::parse(BARE).expect("a policy");
        assert_eq!((bare.version, bare.statements.len()), (Version::Y2008, 1));
        let encoded: String = BARE.bytes().map(|byte| format!("%{byte:02X}")).collect();
        for text in [
            format!("\u{feff} {BARE}\n"),
            format!(r#"{{"Role":{{"RoleName":"r","AssumeRolePolicyDocument":{BARE}}}}}"#),
            format!(r#"{{"AssumeRolePolicyDocument":{BARE}}}"#),
            format!(r#"{{"Role":{{"AssumeRolePolicyDocument":"{encoded}"}}}}"#),
            format!(r#"{{"Role":{{"AssumeRolePolicyDocument":{}}}}}"#, Value::String(BARE.to_owned())),
            format!("\"{encoded}\""),
            encoded.clone(),
        ] {
            assert_eq!(Policy::parse(&text).as_ref(), Ok(&bare), "{text}");
        }
    }

    #[test]
    fn each_fault_is_distinguished() {
        use PolicyFault::*;
        let one = |statement: &str| format!(r#"{{"Version":"2012-10-17","Statement":[{statement}]}}"#);
        for (text, fault) in [
            (String::new(), NotJson { line: 1, column: 0 }),
            ("{\u{201c}Statement\u{201d}: []}".into(), CurlyQuotes),
            ("{\n \"a\": }".into(), NotJson { line: 2, column: 7 }),
            (
                one(r#"{"Condition":{"StringEquals":{},"StringEquals":{}}}"#),
                KeyTwice("has the key \"StringEquals\" twice in one object, again at line 1 column 83".into()),
            ),
            (
                one(r#"{"Effect":"Allow","Principal":"*","Action":"*","Condition":{"Bool":{"a:b":"c","A:b":"c"}}}"#),
                KeyInTwoCases { statement: 1, key: "a:b".into() },
            ),
            ("[]".into(), NoPolicy),
            ("{}".into(), NoPolicy),
            (r#"{"Role":{"RoleName":"r"}}"#.into(), NoPolicy),
            (r#"{"Version":"2012-10-18","Statement":[]}"#.into(), BadVersion("2012-10-18".into())),
            (one("7"), Bad { statement: 1, element: "Statement".into() }),
            (one("{}"), Missing { statement: 1, element: "Effect" }),
            (one(r#"{"Effect":"allow"}"#), Bad { statement: 1, element: "Effect".into() }),
            (one(r#"{"Effect":"Allow","Action":"*"}"#), Missing { statement: 1, element: "Principal" }),
            (one(r#"{"Effect":"Allow","Principal":"*"}"#), Missing { statement: 1, element: "Action" }),
            (
                one(r#"{"Effect":"Allow","Principal":"me","Action":"*"}"#),
                Bad { statement: 1, element: "Principal".into() },
            ),
            (
                one(r#"{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*"}"#),
                Unexpected { statement: 1, element: "Resource".into() },
            ),
            (
                one(r#"{"Effect":"Allow","Principal":"*","Action":"*","Condition":{"StringIs":{"a:b":"c"}}}"#),
                UnknownOperator { statement: 1, operator: "StringIs".into() },
            ),
            (
                one(r#"{"Effect":"Allow","Principal":"*","Action":"*","Condition":{"Bool":{"a:b":{}}}}"#),
                Bad { statement: 1, element: "Condition a:b".into() },
            ),
        ] {
            assert_eq!(Policy::parse(&text), Err(fault), "{text}");
        }
    }
}
