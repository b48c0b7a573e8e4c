//! Properties of every policy and request, tested with random ones.

use crate::aws::arn::RoleArn;
use crate::documents::trust_policy::{Answer, Effect, Policy, Request, Verdict, evaluate};
use fastrand::Rng;
use serde_json::{Value, json};

fn pick<'a, T: ?Sized>(dice: &mut Rng, of: &[&'a T]) -> &'a T {
    of[dice.usize(..of.len())]
}

const ISSUER: &str = "https://oidc.eks.eu-west-1.amazonaws.com/id/A";
const OPERATORS: &[&str] = &[
    "StringEquals",
    "StringNotEquals",
    "StringEqualsIgnoreCase",
    "StringNotEqualsIgnoreCase",
    "StringLike",
    "StringNotLike",
    "ArnLike",
    "ArnEquals",
    "ArnNotLike",
    "ArnNotEquals",
    "Bool",
    "Null",
    "BinaryEquals",
    "IpAddress",
    "NotIpAddress",
    "NumericEquals",
    "NumericNotEquals",
    "NumericLessThan",
    "NumericLessThanEquals",
    "NumericGreaterThan",
    "NumericGreaterThanEquals",
    "DateEquals",
    "DateNotEquals",
    "DateLessThan",
    "DateLessThanEquals",
    "DateGreaterThan",
    "DateGreaterThanEquals",
    "StringEqualsIfExists",
    "StringNotLikeIfExists",
    "ForAllValues:StringLike",
    "ForAnyValue:StringLike",
    "ForAllValues:StringNotEquals",
    "ForAnyValue:StringNotEquals",
];
const KEYS: &[&str] = &[
    "oidc.eks.eu-west-1.amazonaws.com/id/A:sub",
    "oidc.eks.eu-west-1.amazonaws.com/id/A:aud",
    "oidc.eks.eu-west-1.amazonaws.com/id/B:sub",
    "aws:SourceIp",
    "aws:CurrentTime",
    "sts:ExternalId",
    "sts:RoleSessionName",
];
const VALUES: &[&str] = &[
    "system:serviceaccount:a:b",
    "system:serviceaccount:*",
    "*",
    "",
    "true",
    "false",
    "sts.amazonaws.com",
    "1",
    "x",
    "2026-01-01T00:00:00Z",
    "10.0.0.0/8",
    "${aws:username}",
    "${*}",
    "arn:aws:iam::111122223333:role/a",
];
const ACTIONS: &[&str] = &["sts:AssumeRoleWithWebIdentity", "sts:AssumeRole", "sts:*", "*"];
const PROVIDER: &str = "arn:aws:iam::111122223333:oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/A";

fn condition(dice: &mut Rng) -> Value {
    let values: Vec<&str> = (0..1 + dice.usize(..2)).map(|_| pick(dice, VALUES)).collect();
    json!({ pick(dice, OPERATORS): { pick(dice, KEYS): values } })
}

fn statement(dice: &mut Rng, effect: &str) -> Value {
    let principal = match dice.usize(..8) {
        0 => json!("*"),
        1 => json!({"Service": "ec2.amazonaws.com"}),
        2 => json!({"Federated": "*"}),
        _ => json!({"Federated": PROVIDER}),
    };
    let (who, what) = (if dice.usize(..10) == 0 { "NotPrincipal" } else { "Principal" }, dice.usize(..8));
    let what = if what == 0 { "NotAction" } else { "Action" };
    let mut statement = json!({"Effect": effect, who: principal, what: pick(dice, ACTIONS)});
    if dice.usize(..3) != 0 {
        statement["Condition"] = condition(dice);
    }
    statement
}

fn policy(dice: &mut Rng) -> Vec<Value> {
    (0..dice.usize(..5))
        .map(|_| {
            let effect = if dice.usize(..5) == 0 { "Deny" } else { "Allow" };
            statement(dice, effect)
        })
        .collect()
}

fn verdict(statements: &[Value], request: &Request) -> Verdict {
    let policy = Policy::from_value(&json!({"Version": "2012-10-17", "Statement": statements})).expect("a policy");
    let decision = evaluate(&policy, request);
    assert_eq!(decision.fault.is_some(), decision.verdict == Verdict::Denied);
    assert_eq!(decision.statements.len(), statements.len());
    decision.verdict
}

/// How much a verdict allows: unknown may be either.
fn permissiveness(verdict: &Verdict) -> u8 {
    match verdict {
        Verdict::Denied => 0,
        Verdict::Unknown(_) => 1,
        Verdict::Allowed => 2,
    }
}

fn request(dice: &mut Rng) -> Request {
    let role = RoleArn::parse("arn:aws:iam::111122223333:role/r").expect("an ARN");
    let audience: &[&str] = if dice.usize(..4) == 0 { &["sts.amazonaws.com", "x"] } else { &["sts.amazonaws.com"] };
    let mut request =
        Request::new(role, ISSUER, pick(dice, &["system:serviceaccount:a:b", "x", ""]), audience.to_vec());
    if dice.usize(..2) == 0 {
        request.known.insert("aws:SourceIp".into(), vec!["10.1.2.3".into()]);
    }
    request
}

#[test]
fn more_denies_and_more_conditions_never_allow_more_and_order_never_matters() {
    let mut dice = Rng::with_seed(20261122);
    let mut seen = [0; 3];
    for _ in 0..4_000 {
        let (statements, request) = (policy(&mut dice), request(&mut dice));
        let before = verdict(&statements, &request);
        seen[usize::from(permissiveness(&before))] += 1;

        let mut denied = statements.clone();
        denied.insert(dice.usize(..denied.len() + 1), statement(&mut dice, "Deny"));
        let after = verdict(&denied, &request);
        assert!(permissiveness(&after) <= permissiveness(&before), "{denied:#?}");

        let mut shuffled = statements.clone();
        dice.shuffle(&mut shuffled);
        assert_eq!(permissiveness(&verdict(&shuffled, &request)), permissiveness(&before), "{shuffled:#?}");

        let mut narrowed = statements;
        let allows = narrowed.iter_mut().filter(|s| s["Effect"] == "Allow" && s.get("Condition").is_some());
        for statement in allows {
            let (operator, keys) = match condition(&mut dice) {
                Value::Object(map) => map.into_iter().next().expect("an operator"),
                _ => unreachable!(),
            };
            // An existing operator would be replaced.
            if statement["Condition"].get(&operator).is_none() {
                statement["Condition"][operator] = keys;
            }
        }
        let after = verdict(&narrowed, &request);
        assert!(permissiveness(&after) <= permissiveness(&before), "{narrowed:#?}");
    }
    assert!(seen.iter().all(|count| *count > 100), "the policies are too much alike: {seen:?}");
}

#[test]
fn a_fix_allows_the_request_and_changes_one_statement_at_most() {
    let mut dice = Rng::with_seed(20261125);
    let mut seen = [0; 2];
    for _ in 0..2_000 {
        let (statements, request) = (policy(&mut dice), request(&mut dice));
        let bare = json!({"Version": "2012-10-17", "Statement": statements});
        let answer = Answer::new(request, &Policy::from_value(&bare).expect("a policy"), &bare);
        let Some(command) = &answer.command else {
            let needs_none = answer.decision.verdict != Verdict::Denied || answer.decision.denied_by().is_some();
            assert!(needs_none || answer.fix.is_some(), "{bare:#}");
            continue;
        };
        let written =
            command.split_once("--policy-document ").expect("a policy").1.trim_matches('\'').replace("'\\''", "'");
        let fixed: Value = serde_json::from_str(&written).expect("JSON");
        let decision = evaluate(&Policy::from_value(&fixed).expect("a policy"), &answer.request);
        assert_ne!(decision.verdict, Verdict::Denied, "{bare:#} {fixed:#}");
        let after = fixed["Statement"].as_array().expect("statements");
        let changed = statements.iter().zip(after).filter(|(before, after)| before != after).count();
        assert_eq!(after.len() - statements.len() + changed, 1, "{bare:#} {fixed:#}");
        seen[changed] += 1;
    }
    assert!(seen.iter().all(|count| *count > 50), "the policies are too much alike: {seen:?}");
}

#[test]
fn a_deny_statement_has_no_fault() {
    let mut dice = Rng::with_seed(7);
    for _ in 0..2_000 {
        let statements = policy(&mut dice);
        let policy = Policy::from_value(&json!({"Statement": statements})).expect("a policy");
        let decision = evaluate(&policy, &request(&mut dice));
        assert!(decision.statements.iter().all(|judged| judged.effect == Effect::Allow || judged.fault.is_none()));
    }
}
