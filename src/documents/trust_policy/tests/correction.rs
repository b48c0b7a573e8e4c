//! How a policy that denies a request is corrected.

use crate::aws::arn::RoleArn;
use crate::documents::trust_policy::{ACTION, Answer, Policy, Request, evaluate};
use serde_json::Value;

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
    assert!(policy.starts_with("{\n  \"Version\""), "IAM has rejected policies with Version at the end");
    let bare: Value = serde_json::from_str(policy).expect("JSON");
    let decision = evaluate(&Policy::from_value(&bare).expect("a policy"), &answer.request);
    assert!(decision.is_allowed(), "{policy}");
    (statements_of(&bare), answer.fix.unwrap_or_default())
}

fn statements_of(policy: &Value) -> Vec<Value> {
    policy["Statement"].as_array().expect("statements").clone()
}

fn filled(text: &str, request: &Request) -> String {
    text.replace("\"P\"", &format!("{:?}", request.provider_arn()))
        .replace("\"W\"", &format!("{ACTION:?}"))
        .replace("K:", &request.key(""))
        .replace("S:", "system:serviceaccount:")
}

const TOKEN: (&str, &[&str]) = ("S:payments:checkout", &["sts.amazonaws.com"]);

#[test]
fn a_statement_that_serves_nobody_else_is_corrected_in_place() {
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
        // Patterns remain patterns, and generated names are not written into the policy.
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
fn a_principal_or_action_that_matches_nobody_is_replaced_and_the_subject_required() {
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
fn a_statement_that_serves_others_or_excludes_on_purpose_is_kept() {
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
fn a_subject_that_loses_the_role_is_named() {
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
