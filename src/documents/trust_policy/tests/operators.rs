//! Every operator in each of its forms, on a key that has a value that fits, one that does not, and none.
//!
//! Sources, all of the IAM User Guide: "IAM JSON policy elements: Condition operators" (which there are; an absent key
//! fails a test and passes a negated one; `IfExists` goes with all but `Null`) and "Multivalued context keys" (without a
//! key `ForAllValues` is true and `ForAnyValue` false, measured with `IfExists` too).

use crate::aws::arn::RoleArn;
use crate::documents::trust_policy::{Policy, Request, Verdict, evaluate};
use serde_json::json;

const KEY: &str = "oidc.eks.eu-west-1.amazonaws.com/id/A:x";

/// Operator; whether it is negated; value in the policy; value that the operator without its negation takes; one that it
/// does not.
const OPERATORS: &[(&str, bool, &str, &str, &str)] = &[
    ("StringEquals", false, "a", "a", "A"),
    ("StringNotEquals", true, "a", "a", "A"),
    ("StringEqualsIgnoreCase", false, "a", "A", "b"),
    ("StringNotEqualsIgnoreCase", true, "a", "A", "b"),
    ("StringLike", false, "a*c?", "abcd", "abc"),
    ("StringNotLike", true, "a*c?", "abcd", "abc"),
    (
        "ArnEquals",
        false,
        "arn:aws:eks:*:1:cluster/c",
        "arn:aws:eks:eu-west-1:1:cluster/c",
        "arn:aws:eks:eu-west-1:2:cluster/c",
    ),
    ("ArnLike", false, "arn:aws:eks:*:1:*", "arn:aws:eks:eu-west-1:1:cluster/c", "arn:aws:ecs:eu-west-1:1:cluster/c"),
    (
        "ArnNotEquals",
        true,
        "arn:aws:eks:*:1:cluster/c",
        "arn:aws:eks:eu-west-1:1:cluster/c",
        "arn:aws:eks:eu-west-1:2:cluster/c",
    ),
    ("ArnNotLike", true, "arn:aws:eks:*:1:*", "arn:aws:eks:eu-west-1:1:cluster/c", "arn:aws:ecs:eu-west-1:1:cluster/c"),
    ("Bool", false, "true", "true", "false"),
    ("BinaryEquals", false, "QmluYXJ5", "QmluYXJ5", "qmluYXJ5"),
    ("IpAddress", false, "203.0.113.0/24", "203.0.113.7", "203.0.114.7"),
    ("NotIpAddress", true, "203.0.113.0/24", "203.0.113.7", "203.0.114.7"),
    ("NumericEquals", false, "10", "10.0", "11"),
    ("NumericNotEquals", true, "10", "10.0", "11"),
    ("NumericLessThan", false, "10", "9", "10"),
    ("NumericLessThanEquals", false, "10", "10", "11"),
    ("NumericGreaterThan", false, "10", "11", "10"),
    ("NumericGreaterThanEquals", false, "10", "10", "9"),
    ("DateEquals", false, "2026-11-23", "2026-11-23T00:00:00Z", "2026-11-23T00:00:01Z"),
    ("DateNotEquals", true, "2026-11-23", "2026-11-23T00:00:00Z", "2026-11-23T00:00:01Z"),
    ("DateLessThan", false, "2026-11-23", "2026-11-22T23:59:59Z", "2026-11-23T00:00:00Z"),
    ("DateLessThanEquals", false, "2026-11-23", "2026-11-23T00:00:00Z", "2026-11-23T00:00:01Z"),
    ("DateGreaterThan", false, "2026-11-23", "2026-11-23T00:00:01Z", "2026-11-23T00:00:00Z"),
    ("DateGreaterThanEquals", false, "2026-11-23", "2026-11-23T00:00:00Z", "2026-11-22T23:59:59Z"),
];

fn allows(operator: &str, policy: &str, request: &[&str]) -> bool {
    let role = RoleArn::parse("arn:aws:iam::111122223333:role/r").expect("an ARN");
    let mut call = Request::new(role, "https://oidc.eks.eu-west-1.amazonaws.com/id/A", "s", ["sts.amazonaws.com"]);
    if !request.is_empty() {
        call.known.insert(KEY.to_owned(), request.iter().map(|&value| value.to_owned()).collect());
    }
    let statement = json!({"Effect": "Allow", "Principal": "*", "Action": "*", "Condition": {operator: {KEY: policy}}});
    let policy = json!({"Version": "2012-10-17", "Statement": statement});
    match evaluate(&Policy::from_value(&policy).expect(operator), &call).verdict {
        Verdict::Unknown(why) => panic!("{operator} {call:?}: {why:?}"),
        verdict => verdict == Verdict::Allowed,
    }
}

#[test]
fn every_operator_in_every_form() {
    for &(name, negated, policy, fits, differs) in OPERATORS {
        for if_exists in ["", "IfExists"] {
            for set in ["", "ForAllValues:", "ForAnyValue:"] {
                let operator = format!("{set}{name}{if_exists}");
                for (value, test) in [(fits, true), (differs, false)] {
                    assert_eq!(allows(&operator, policy, &[value]), test != negated, "{operator} on {value}");
                }
                let without_key = match (if_exists, set) {
                    (_, "ForAllValues:") => true,
                    (_, "ForAnyValue:") => false,
                    ("IfExists", _) => true,
                    _ => negated,
                };
                assert_eq!(allows(&operator, policy, &[]), without_key, "{operator} without the key");
                // Case of the name is not inspected.
                assert_eq!(allows(&operator.to_lowercase(), policy, &[]), without_key);
                let of_two = match set {
                    "ForAllValues:" => false,
                    "ForAnyValue:" => true,
                    _ => continue,
                };
                assert_eq!(allows(&operator, policy, &[fits, differs]), of_two, "{operator} on both values");
            }
        }
    }
}

#[test]
fn null_has_neither_sets_nor_if_exists() {
    for operator in
        ["NullIfExists", "ForAllValues:Null", "ForAnyValue:Null", "ForSomeValues:StringEquals", "StringMatches"]
    {
        let statement =
            json!({"Effect": "Allow", "Principal": "*", "Action": "*", "Condition": {operator: {KEY: "true"}}});
        let fault = Policy::from_value(&json!({"Statement": statement})).expect_err(operator).to_string();
        assert!(fault.contains(operator) && fault.contains("which IAM does not know"), "{fault}");
    }
    for (value, present, without) in [("true", false, true), ("false", true, false)] {
        assert_eq!((allows("Null", value, &["a"]), allows("Null", value, &[])), (present, without));
    }
}
