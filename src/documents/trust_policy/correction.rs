//! Puts a policy right that denies a request: in the statement that is wrong, if that statement can serve nobody else,
//! else by a statement of its own.

use super::condition::{Condition, Test};
use super::document::{Actions, Policy, Principals, Statement};
use super::evaluate::{Decision, Judged, Judgement, Mismatch, Verdict, evaluate};
use super::mistake::meant_claim;
use super::needed::Needed;
use super::pattern::Pattern;
use super::request::{ACTION, Lookup, Request};
use super::slip::{is_provider_of_nobody, meant_subject, slip_of_typing};
use serde::Serialize;
use serde_json::{Map, Value, json};

/// The policy that lets the request in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Correction {
    /// The bare policy, several lines without a last newline.
    pub policy: String,
    /// What was done, in the imperative.
    pub text: String,
}

/// IAM has refused policies whose Version stood last.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct PolicyText<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<&'a Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<&'a Value>,
    statement: Vec<Value>,
}

/// `bare` is the JSON that `policy` was parsed from, `decision` what came of it for `request`. `None` if nothing that is
/// known here lets the request in.
pub(super) fn correct(bare: &Value, policy: &Policy, decision: &Decision, request: &Request) -> Option<Correction> {
    in_place(bare, policy, decision, request).or_else(|| {
        let mut list = statements(bare)?;
        list.push(serde_json::to_value(Needed::from(request).statement()).ok()?);
        lets_in(bare, list, request, "Add a statement for this token. The command keeps the statements that are there.")
    })
}

fn in_place(bare: &Value, policy: &Policy, decision: &Decision, request: &Request) -> Option<Correction> {
    let is_nearest = |judged: &Judged| judged.mistake.is_some() && judged.mistake == decision.mistake;
    let index = decision.statements.iter().position(is_nearest)?;
    let Judgement::Differs(parts) = &decision.statements[index].judgement else { return None };
    let mut list = statements(bare)?;
    let mut edit = Edit {
        statement: list.get(index)?.as_object()?.clone(),
        parsed: policy.statements.get(index)?,
        request,
        done: Vec::new(),
        given_up: None,
        principal_is_new: false,
        asked_for: Vec::new(),
    };
    for part in parts {
        match part {
            Mismatch::Principal { .. } => edit.principal()?,
            Mismatch::Action { .. } => edit.action()?,
            Mismatch::Condition { operator, key, .. } => edit.condition(operator, key)?,
        }
    }
    edit.ask();
    let mut text = format!("Correct statement {}: {}. The command keeps the others.", index + 1, edit.done.join(", "));
    if let Some(other) = &edit.given_up {
        text += &format!(" If {other} still needs the role, list both subjects instead.");
    }
    list[index] = Value::Object(edit.statement);
    lets_in(bare, list, request, &text)
}

/// The policy with these statements, unless it denies the request still.
fn lets_in(bare: &Value, statement: Vec<Value>, request: &Request, text: &str) -> Option<Correction> {
    let policy = PolicyText { version: bare.get("Version"), id: bare.get("Id"), statement };
    let policy = serde_json::to_string_pretty(&policy).ok()?;
    let decision = evaluate(&Policy::parse(&policy).ok()?, request);
    (decision.verdict != Verdict::Denied).then(|| Correction { policy, text: text.to_owned() })
}

fn statements(bare: &Value) -> Option<Vec<Value>> {
    Some(match bare.get("Statement")? {
        Value::Array(list) => list.clone(),
        single => vec![single.clone()],
    })
}

/// A statement that is put right. Each step says `None` where the statement means somebody else, or means to keep this
/// request out.
struct Edit<'r> {
    statement: Map<String, Value>,
    parsed: &'r Statement,
    request: &'r Request,
    /// Clauses in the imperative.
    done: Vec<String>,
    /// The subject that the statement let in before.
    given_up: Option<String>,
    principal_is_new: bool,
    /// Operators, keys and values to put in place once all that is wrong is out.
    asked_for: Vec<(String, String, Value)>,
}

impl Edit<'_> {
    /// A statement that trusts others is theirs, unless nobody can ever come by its principal and action.
    fn principal(&mut self) -> Option<()> {
        let Principals::Only(set) = &self.parsed.principals else { return None };
        let names: Vec<&String> = set.others.iter().flat_map(|(_, names)| names).collect();
        let is_of_nobody = match (set.federated.as_slice(), names.as_slice()) {
            ([provider], []) => is_provider_of_nobody(provider, self.request),
            ([], [name]) if name.contains(":oidc-provider/") => true,
            // Only an OIDC provider's token makes this call.
            ([], [_, ..]) => only_web_identity(&self.parsed.actions),
            _ => false,
        };
        if !is_of_nobody || set.everyone {
            return None;
        }
        let provider = self.request.provider_arn();
        self.done.push(format!("set Principal to {{\"Federated\": {provider:?}}}"));
        self.statement.insert("Principal".to_owned(), json!({ "Federated": provider }));
        self.principal_is_new = true;
        Some(())
    }

    /// An OIDC provider's token can make no other call, so an action beside it is a mistake; with others it may be theirs.
    fn action(&mut self) -> Option<()> {
        let (Principals::Only(set), Actions::Only(names)) = (&self.parsed.principals, &self.parsed.actions) else {
            return None;
        };
        if !self.principal_is_new && (set.everyone || !set.others.is_empty()) {
            return None;
        }
        let is_meant = |name: &str| {
            let siblings = ["sts:AssumeRole", "sts:AssumeRoleWithSAML"];
            siblings.iter().any(|sibling| sibling.eq_ignore_ascii_case(name)) || slip_of_typing(name, ACTION).is_some()
        };
        let mut kept: Vec<&str> = names.iter().map(String::as_str).filter(|name| !is_meant(name)).collect();
        kept.push(ACTION);
        let value = if let [one] = kept[..] { json!(one) } else { json!(kept) };
        self.done.push(format!("set Action to {value}"));
        self.statement.insert("Action".to_owned(), value);
        Some(())
    }

    fn condition(&mut self, operator: &str, key: &str) -> Option<()> {
        let same = |condition: &&Condition| condition.operator.name == operator && condition.key == key;
        let condition = self.parsed.conditions.iter().find(same)?;
        // These shut out on purpose.
        if condition.operator.negated || condition.operator.test == Test::Null {
            return None;
        }
        let own_key = meant_claim(condition, self.request).map(|(claim, _)| (claim, self.request.key(claim)));
        let is_misspelt = own_key.as_ref().is_none_or(|(_, own)| !own.eq_ignore_ascii_case(key));
        // What the call does have under a key that is not a claim's is meant to differ.
        if own_key.is_none() && !matches!(self.request.lookup(key), Lookup::Absent) {
            return None;
        }
        self.remove(operator, key);
        let Some((claim, own)) = own_key else {
            self.done.push(format!("remove {key:?} under {operator}"));
            return Some(());
        };
        // A key of another issuer beside the right one is too many.
        let is_there = |other: &Condition| {
            let is_meant = meant_claim(other, self.request).is_some_and(|(meant, _)| meant == claim);
            is_meant && other.key.eq_ignore_ascii_case(&own)
        };
        if is_misspelt && self.parsed.conditions.iter().any(is_there) {
            self.done.push(format!("remove {key:?} under {operator}"));
            return Some(());
        }
        let (operator, values) = match claim {
            "sub" => self.subject(condition),
            _ => self.audience(condition),
        };
        let value = if let [one] = &values[..] { json!(one) } else { json!(values) };
        self.done.push(match is_misspelt {
            true => format!("replace {key:?} by {own:?}, {value} under {operator}"),
            false => format!("set {own:?} to {value} under {operator}"),
        });
        self.asked_for.push((operator, own, value));
        Some(())
    }

    /// Patterns stay patterns: a name that is generated differs after the next release.
    fn subject(&mut self, condition: &Condition) -> (String, Vec<String>) {
        let needs = &self.request.subject;
        let values = &condition.values;
        let wanted = meant_subject(values, needs);
        let operator = match wanted.contains(['*', '?']) {
            true => "StringLike",
            // A value that is now a plain one means the same under both.
            false if condition.operator.test == Test::Like => "StringLike",
            false => "StringEquals",
        };
        let is_wrong = |value: &&String| match values.len() {
            1 => true,
            _ => slip_of_typing(value, needs).is_some() || Pattern::with_wildcards(value).matches(needs),
        };
        if let [only] = values.as_slice()
            && slip_of_typing(only, needs).is_none()
            && only.starts_with("system:serviceaccount:")
            // A pattern under another operator let nobody in.
            && (condition.operator.test == Test::Like || !only.contains(['*', '?']))
            && !Pattern::with_wildcards(only).matches(needs)
        {
            self.given_up = Some(only.clone());
        }
        let mut kept: Vec<String> = values.iter().filter(|value| !is_wrong(value)).cloned().collect();
        kept.push(wanted);
        (operator.to_owned(), kept)
    }

    fn audience(&self, condition: &Condition) -> (String, Vec<String>) {
        let needed = Needed::from(self.request);
        let audience = self.request.main_audience();
        let is_wrong = |value: &&String| condition.values.len() == 1 || slip_of_typing(value, &audience).is_some();
        let mut kept: Vec<String> = condition.values.iter().filter(|value| !is_wrong(value)).cloned().collect();
        kept.push(audience);
        (needed.audience_operator().to_owned(), kept)
    }

    /// A statement that was of no use may have done without conditions; in use it would let in the whole cluster.
    fn ask(&mut self) {
        for (operator, key, value) in std::mem::take(&mut self.asked_for) {
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
            self.done.push(format!("set {own:?} to {subject:?} under StringEquals"));
            self.insert("StringEquals", own, Value::from(subject));
        }
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
        // IAM takes one name of an operator in two cases for two.
        let there = operators.keys().find(|name| name.eq_ignore_ascii_case(operator)).cloned();
        let keys = operators.entry(there.unwrap_or_else(|| operator.to_owned())).or_insert_with(|| json!({}));
        if let Some(keys) = keys.as_object_mut() {
            keys.insert(key, value);
        }
    }
}

/// Whether no other call than AssumeRoleWithWebIdentity is meant.
fn only_web_identity(actions: &Actions) -> bool {
    match actions {
        Actions::Only(names) => !names.is_empty() && names.iter().all(|name| name.eq_ignore_ascii_case(ACTION)),
        Actions::AllBut(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::super::Answer;
    use super::*;
    use crate::aws::arn::RoleArn;

    const ISSUER: &str = "https://oidc.eks.eu-west-1.amazonaws.com/id/A";
    const OTHER: &str = "arn:aws:iam::111122223333:oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/B";

    /// The statements after the fix, and its text. Within a statement `P` is the right provider, `K` the issuer as a key
    /// and `S` the prefix of subjects.
    fn fixed(statements: &str, subject: &str, audience: &[&str]) -> (Vec<Value>, String) {
        let role = RoleArn::parse("arn:aws:iam::111122223333:role/checkout").expect("an ARN");
        let subject = subject.replace("S:", "system:serviceaccount:");
        let request = Request::new(role, ISSUER, subject, audience.to_vec());
        let written = format!(r#"{{"Version":"2012-10-17","Statement":[{}]}}"#, filled(statements, &request));
        let bare: Value = serde_json::from_str(&written).expect(&written);
        let answer = Answer::new(request, &Policy::from_value(&bare).expect("a policy"), &bare);
        let command = answer.command.unwrap_or_else(|| panic!("no command for {written}"));
        let policy = command.split_once("--policy-document '").and_then(|(_, rest)| rest.strip_suffix('\''));
        let policy = policy.expect("a policy");
        assert!(policy.starts_with("{\n  \"Version\""), "IAM has refused policies whose Version stood last");
        let bare: Value = serde_json::from_str(policy).expect("JSON");
        let decision = evaluate(&Policy::from_value(&bare).expect("a policy"), &answer.request);
        assert!(decision.is_allowed(), "{policy}");
        (statements_of(&bare), answer.fix.unwrap_or_default())
    }

    fn statements_of(bare: &Value) -> Vec<Value> {
        statements(bare).expect("statements")
    }

    fn filled(text: &str, request: &Request) -> String {
        text.replace("\"P\"", &format!("{:?}", request.provider_arn()))
            .replace("\"W\"", &format!("{ACTION:?}"))
            .replace("K:", &request.key(""))
            .replace("S:", "system:serviceaccount:")
    }

    const TOKEN: (&str, &[&str]) = ("S:payments:checkout", &["sts.amazonaws.com"]);

    #[test]
    fn a_statement_that_serves_nobody_else_is_put_right_in_its_place() {
        let provider = ("S:crossplane-system:provider-aws-6b36ca882d8e", &["sts.amazonaws.com"][..]);
        let two = ("S:payments:checkout", &["vault", "sts.amazonaws.com"][..]);
        let sub = r#"{"StringEquals":{"K:sub":"S:payments:checkout"}}"#;
        for ((subject, audience), before, after) in [
            // The subject.
            (TOKEN, r#"{"StringEquals":{"K:sub":"S:payment:checkout"}}"#, sub),
            (TOKEN, r#"{"StringEquals":{"K:sub":"S:payments:basket"}}"#, sub),
            (TOKEN, r#"{"StringEquals":{"K:sub":["S:payments:checkout "]}}"#, sub),
            (
                TOKEN,
                r#"{"StringEquals":{"K:sub":["S:payments:basket","S:payments:checkout "]}}"#,
                r#"{"StringEquals":{"K:sub":["S:payments:basket","S:payments:checkout"]}}"#,
            ),
            (
                TOKEN,
                r#"{"StringEquals":{"K:sub":["S:payments:basket","S:shop:cart"]}}"#,
                r#"{"StringEquals":{"K:sub":["S:payments:basket","S:shop:cart","S:payments:checkout"]}}"#,
            ),
            // Patterns stay patterns, and generated names stay out.
            (TOKEN, r#"{"StringEquals":{"K:sub":"S:payments:*"}}"#, r#"{"StringLike":{"K:sub":"S:payments:*"}}"#),
            (TOKEN, r#"{"StringLike":{"K:sub":"S:shop:*"}}"#, r#"{"StringLike":{"K:sub":"S:payments:*"}}"#),
            (
                provider,
                r#"{"StringEquals":{"K:sub":"S:crossplane-system:provider-aws-*"}}"#,
                r#"{"StringLike":{"K:sub":"S:crossplane-system:provider-aws-*"}}"#,
            ),
            (
                provider,
                r#"{"StringLike":{"K:sub":"S:upbound-system:provider-aws-*","K:aud":"sts.amazonaws.com"}}"#,
                r#"{"StringLike":{"K:sub":"S:crossplane-system:provider-aws-*","K:aud":"sts.amazonaws.com"}}"#,
            ),
            (
                provider,
                r#"{"StringLike":{"K:sub":"S:crossplane-system:aws-provider-*"}}"#,
                r#"{"StringLike":{"K:sub":"S:crossplane-system:provider-aws-*"}}"#,
            ),
            // The audience.
            (
                TOKEN,
                r#"{"StringEquals":{"K:sub":"S:payments:checkout","K:aud":"sts.amazonaws.com.cn"}}"#,
                r#"{"StringEquals":{"K:sub":"S:payments:checkout","K:aud":"sts.amazonaws.com"}}"#,
            ),
            (
                two,
                r#"{"ForAnyValue:StringEquals":{"K:aud":"sts"},"StringEquals":{"K:sub":"S:payments:checkout"}}"#,
                r#"{"ForAnyValue:StringEquals":{"K:aud":"sts.amazonaws.com"},"StringEquals":{"K:sub":"S:payments:checkout"}}"#,
            ),
            // Keys.
            (
                TOKEN,
                r#"{"StringEquals":{"K:aud":"S:payments:checkout","K:sub":"sts.amazonaws.com"}}"#,
                r#"{"StringEquals":{"K:sub":"S:payments:checkout","K:aud":"sts.amazonaws.com"}}"#,
            ),
            (TOKEN, r#"{"StringEquals":{"https://K:sub":"S:payments:checkout"}}"#, sub),
            (TOKEN, r#"{"StringEquals":{"oidc.eks.eu-west-1.amazonaws.com/id/B:sub":"S:payments:checkout"}}"#, sub),
            (
                TOKEN,
                r#"{"StringEquals":{"K:sub":"S:payments:checkout","oidc.eks.eu-west-1.amazonaws.com/id/B:sub":"S:a:b"}}"#,
                sub,
            ),
            (TOKEN, r#"{"StringEquals":{"K:sub":"S:payments:checkout","sts:ExternalId":"x"}}"#, sub),
            (TOKEN, r#"{"StringEquals":{"K:namespace":"payments"}}"#, sub),
            (TOKEN, r#"{"Bool":{"K:email_verified":"true"},"StringEquals":{"K:sub":"S:payments:checkout"}}"#, sub),
        ] {
            let statement = |condition: &str| {
                let start = r#""Sid":"apps","Effect":"Allow","Principal":{"Federated":"P"},"Action":"W""#;
                format!(r#"{{{start},"Condition":{condition}}}"#)
            };
            let (found, text) = fixed(&statement(before), subject, audience);
            let role = RoleArn::parse("arn:aws:iam::111122223333:role/checkout").expect("an ARN");
            let request = Request::new(role, ISSUER, subject, audience.to_vec());
            let wanted: Value = serde_json::from_str(&filled(&statement(after), &request)).expect("JSON");
            assert_eq!(found, [wanted], "{before}");
            assert!(text.starts_with("Correct statement 1: "), "{text}");
        }
    }

    #[test]
    fn a_principal_or_action_of_nobody_is_replaced_and_the_subject_asked_for() {
        let wanted = r#"{"Effect":"Allow","Principal":{"Federated":"P"},"Action":"W",
            "Condition":{"StringEquals":{"K:sub":"S:payments:checkout"}}}"#;
        for before in [
            // Another account's provider, a bare URL, a pattern, a provider under AWS, a partner's account.
            r#""Principal":{"Federated":"arn:aws:iam::999922223333:oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/A"},"Action":"W""#,
            r#""Principal":{"Federated":"arn:aws-cn:iam::111122223333:oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/A"},"Action":"W""#,
            r#""Principal":{"Federated":"arn:aws:iam::999922223333:oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/B"},"Action":"W""#,
            r#""Principal":{"Federated":"https://oidc.eks.eu-west-1.amazonaws.com/id/A"},"Action":"W""#,
            r#""Principal":{"Federated":"arn:aws:iam::111122223333:oidc-provider/*"},"Action":"W""#,
            r#""Principal":{"Federated":"arn:aws:iam::111122223333:oidc-provider/oidc.eks.us-east-1.amazonaws.com/id/A"},"Action":"W""#,
            r#""Principal":{"AWS":"P"},"Action":"sts:AssumeRole""#,
            r#""Principal":{"AWS":"arn:aws:iam::999922223333:root"},"Action":"W""#,
            r#""Principal":{"Federated":"P"},"Action":"sts:AssumeRole""#,
            r#""Principal":{"Federated":"P"},"Action":["sts:AssumeRoleWithSAML"]"#,
        ] {
            let (found, text) = fixed(&format!(r#"{{"Effect":"Allow",{before}}}"#), TOKEN.0, TOKEN.1);
            let role = RoleArn::parse("arn:aws:iam::111122223333:role/checkout").expect("an ARN");
            let request = Request::new(role, ISSUER, TOKEN.0, TOKEN.1.to_vec());
            let wanted: Value = serde_json::from_str(&filled(wanted, &request)).expect("JSON");
            assert_eq!(found, [wanted], "{before}");
            assert!(text.contains("statement 1: set"), "{text}");
        }
    }

    #[test]
    fn what_serves_others_or_shuts_out_on_purpose_stays_as_it_is() {
        let other = format!(r#"{{"Effect":"Allow","Principal":{{"Federated":"{OTHER}"}},"Action":"W"}}"#);
        for before in [
            r#"{"Effect":"Allow","Principal":{"Service":"ec2.amazonaws.com"},"Action":"sts:AssumeRole"}"#,
            r#"{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::999922223333:root"},"Action":"sts:AssumeRole"}"#,
            r#"{"Effect":"Allow","Principal":{"Federated":"P","Service":"ec2.amazonaws.com"},"Action":"sts:AssumeRole"}"#,
            r#"{"Effect":"Allow","Principal":{"Federated":"cognito-identity.amazonaws.com"},"Action":"W"}"#,
            r#"{"Effect":"Allow","NotPrincipal":{"Federated":"P"},"Action":"W"}"#,
            &other,
            r#"{"Effect":"Allow","Principal":{"Federated":"P"},"Action":"W",
                "Condition":{"StringNotEquals":{"K:sub":"S:payments:checkout"}}}"#,
        ] {
            let (found, text) = fixed(before, TOKEN.0, TOKEN.1);
            let role = RoleArn::parse("arn:aws:iam::111122223333:role/checkout").expect("an ARN");
            let request = Request::new(role, ISSUER, TOKEN.0, TOKEN.1.to_vec());
            let kept: Value = serde_json::from_str(&filled(before, &request)).expect("JSON");
            assert_eq!((found.len(), &found[0]), (2, &kept), "{before}");
            assert!(text.starts_with("Add a statement"), "{text}");
        }
    }

    #[test]
    fn a_subject_that_is_given_up_is_named() {
        for (operator, subject, named) in [
            ("StringEquals", "S:payments:basket", true),
            ("StringEquals", "S:payments:checkout ", false),
            ("StringEquals", "basket", false),
            ("StringEquals", "S:shop:*", false),
            ("StringLike", "S:shop:*", true),
        ] {
            let statement = format!(
                r#"{{"Effect":"Allow","Principal":{{"Federated":"P"}},"Action":"W","Condition":{{"{operator}":{{"K:sub":"{subject}"}}}}}}"#
            );
            let (_, text) = fixed(&statement, TOKEN.0, TOKEN.1);
            assert_eq!(text.contains("still needs the role"), named, "{text}");
        }
    }
}
