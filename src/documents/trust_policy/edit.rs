//! Corrects one statement, mismatch by mismatch.

use super::condition::Condition;
use super::intent::{meant_claim, meant_subject, serves_no_other_provider};
use super::needed::Needed;
use super::operator::Test;
use super::pattern::Pattern;
use super::policy::{Actions, Principals, Statement};
use super::request::{ACTION, Keys, Lookup, Request};
use super::typo::typo;
use serde_json::{Map, Value, json};

/// A statement while it is corrected. Each step returns `None` if the statement serves somebody else, or excludes this
/// request on purpose.
pub(super) struct Edit<'r> {
    statement: Map<String, Value>,
    parsed: &'r Statement,
    request: &'r Request,
    changes: Vec<String>,
    dropped_subject: Option<String>,
    principal_is_new: bool,
    /// Operators, keys and values to insert once everything wrong is removed.
    required: Vec<(String, String, Value)>,
}

/// The corrected statement.
pub(super) struct Edited {
    pub statement: Map<String, Value>,
    /// Clauses in the imperative.
    pub changes: Vec<String>,
    /// A subject that the statement allowed before and no longer allows.
    pub dropped_subject: Option<String>,
}

impl<'r> Edit<'r> {
    pub(super) fn new(statement: &Map<String, Value>, parsed: &'r Statement, request: &'r Request) -> Self {
        Edit {
            statement: statement.clone(),
            parsed,
            request,
            changes: Vec::new(),
            dropped_subject: None,
            principal_is_new: false,
            required: Vec::new(),
        }
    }

    /// A statement that trusts others belongs to them, unless no caller can ever match its principal and action.
    pub(super) fn principal(&mut self) -> Option<()> {
        let Principals::Only(set) = &self.parsed.principals else { return None };
        let names: Vec<&String> = set.others.iter().flat_map(|(_, names)| names).collect();
        let serves_nobody = match (set.federated.as_slice(), names.as_slice()) {
            ([provider], []) => serves_no_other_provider(provider, self.request),
            ([], [name]) if name.contains(":oidc-provider/") => true,
            // Only the token of an OIDC provider can make this call.
            ([], [_, ..]) => only_web_identity(&self.parsed.actions),
            _ => false,
        };
        if !serves_nobody || set.everyone {
            return None;
        }
        let provider = self.request.provider_arn();
        self.changes.push(format!("set Principal to {{\"Federated\": {provider:?}}}"));
        self.statement.insert("Principal".to_owned(), json!({ "Federated": provider }));
        self.principal_is_new = true;
        Some(())
    }

    /// With an OIDC provider as the only principal, other assume-role actions are never used; other principals may need them.
    pub(super) fn action(&mut self) -> Option<()> {
        let (Principals::Only(set), Actions::Only(names)) = (&self.parsed.principals, &self.parsed.actions) else {
            return None;
        };
        if !self.principal_is_new && (set.everyone || !set.others.is_empty()) {
            return None;
        }
        let is_meant = |name: &str| {
            let siblings = ["sts:AssumeRole", "sts:AssumeRoleWithSAML"];
            siblings.iter().any(|sibling| sibling.eq_ignore_ascii_case(name)) || typo(name, ACTION).is_some()
        };
        let mut kept: Vec<&str> = names.iter().map(String::as_str).filter(|name| !is_meant(name)).collect();
        kept.push(ACTION);
        let value = if let [one] = kept[..] { json!(one) } else { json!(kept) };
        self.changes.push(format!("set Action to {value}"));
        self.statement.insert("Action".to_owned(), value);
        Some(())
    }

    pub(super) fn condition(&mut self, operator: &str, key: &str) -> Option<()> {
        let same = |condition: &&Condition| condition.operator.name == operator && condition.key == key;
        let condition = self.parsed.conditions.iter().find(same)?;
        // These exclude on purpose.
        if condition.operator.negated || condition.operator.test == Test::Null {
            return None;
        }
        let own_key = meant_claim(condition, self.request).map(|(claim, _)| (claim, self.request.key(claim)));
        let is_wrong_key = own_key.as_ref().is_none_or(|(_, own)| !own.eq_ignore_ascii_case(key));
        // The request has the key and it is not a claim: the policy excludes this value on purpose.
        if own_key.is_none() && !matches!(self.request.lookup(key), Lookup::Absent) {
            return None;
        }
        self.remove(operator, key);
        let Some((claim, own)) = own_key else {
            self.changes.push(format!("remove {key:?} under {operator}"));
            return Some(());
        };
        // The right key is present, so the one of another issuer is superfluous.
        let is_right = |other: &Condition| {
            let is_meant = meant_claim(other, self.request).is_some_and(|(meant, _)| meant == claim);
            is_meant && other.key.eq_ignore_ascii_case(&own)
        };
        if is_wrong_key && self.parsed.conditions.iter().any(is_right) {
            self.changes.push(format!("remove {key:?} under {operator}"));
            return Some(());
        }
        let (operator, values) = match claim {
            "sub" => self.subject(condition),
            _ => self.audience(condition),
        };
        let value = if let [one] = &values[..] { json!(one) } else { json!(values) };
        self.changes.push(match is_wrong_key {
            true => format!("replace {key:?} by {own:?}, {value} under {operator}"),
            false => format!("set {own:?} to {value} under {operator}"),
        });
        self.required.push((operator, own, value));
        Some(())
    }

    /// Patterns remain patterns, because a generated name changes with the next release.
    fn subject(&mut self, condition: &Condition) -> (String, Vec<String>) {
        let needs = &self.request.subject;
        let values = &condition.values;
        let wanted = meant_subject(values, needs);
        let operator = match wanted.contains(['*', '?']) {
            true => "StringLike",
            // A value without wildcards means the same under both.
            false if condition.operator.test == Test::Like => "StringLike",
            false => "StringEquals",
        };
        let is_wrong = |value: &&String| match values.len() {
            1 => true,
            _ => typo(value, needs).is_some() || Pattern::with_wildcards(value).matches(needs),
        };
        if let [only] = values.as_slice()
            && typo(only, needs).is_none()
            && only.starts_with("system:serviceaccount:")
            // A pattern under another operator matched nobody.
            && (condition.operator.test == Test::Like || !only.contains(['*', '?']))
            && !Pattern::with_wildcards(only).matches(needs)
        {
            self.dropped_subject = Some(only.clone());
        }
        let mut kept: Vec<String> = values.iter().filter(|value| !is_wrong(value)).cloned().collect();
        kept.push(wanted);
        (operator.to_owned(), kept)
    }

    fn audience(&self, condition: &Condition) -> (String, Vec<String>) {
        let needed = Needed::from(self.request);
        let audience = self.request.main_audience();
        let is_wrong = |value: &&String| condition.values.len() == 1 || typo(value, &audience).is_some();
        let mut kept: Vec<String> = condition.values.iter().filter(|value| !is_wrong(value)).cloned().collect();
        kept.push(audience);
        (needed.audience_operator().to_owned(), kept)
    }

    /// A statement that matched nobody may have no condition on the subject; corrected, it would allow the whole cluster.
    pub(super) fn finish(mut self) -> Edited {
        for (operator, key, value) in std::mem::take(&mut self.required) {
            self.insert(&operator, key, value);
        }
        let own = self.request.key("sub");
        let operators = self.statement.get("Condition").and_then(Value::as_object);
        let is_there = operators
            .into_iter()
            .flatten()
            .filter_map(|(_, keys)| keys.as_object())
            .any(|keys| keys.keys().any(|key| key.eq_ignore_ascii_case(&own)));
        if !is_there {
            let subject = self.request.subject.clone();
            self.changes.push(format!("set {own:?} to {subject:?} under StringEquals"));
            self.insert("StringEquals", own, Value::from(subject));
        }
        Edited { statement: self.statement, changes: self.changes, dropped_subject: self.dropped_subject }
    }

    fn remove(&mut self, operator: &str, key: &str) {
        let Some(operators) = self.statement.get_mut("Condition").and_then(Value::as_object_mut) else { return };
        if let Some(keys) = operators.get_mut(operator).and_then(Value::as_object_mut) {
            keys.remove(key);
            if keys.is_empty() {
                operators.remove(operator);
            }
        }
    }

    fn insert(&mut self, operator: &str, key: String, value: Value) {
        let operators = self.statement.entry("Condition").or_insert_with(|| json!({}));
        let Some(operators) = operators.as_object_mut() else { return };
        // To IAM, one operator name in two cases is two operators.
        let there = operators.keys().find(|name| name.eq_ignore_ascii_case(operator)).cloned();
        let keys = operators.entry(there.unwrap_or_else(|| operator.to_owned())).or_insert_with(|| json!({}));
        if let Some(keys) = keys.as_object_mut() {
            keys.insert(key, value);
        }
    }
}

/// Whether AssumeRoleWithWebIdentity is the only action.
fn only_web_identity(actions: &Actions) -> bool {
    match actions {
        Actions::Only(names) => !names.is_empty() && names.iter().all(|name| name.eq_ignore_ascii_case(ACTION)),
        Actions::AllBut(_) => false,
    }
}
