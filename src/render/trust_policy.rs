//! A trust policy as text and as `irsa-probe/trust-policy/v1`: the one that a token needs, and the decision of a given one.

mod json;
pub(crate) mod pod_identity;
mod text;

pub(crate) use json::{answer_json, needed_json};
pub(crate) use text::{answer_text, needed_text};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::aws::arn::RoleArn;
    use crate::documents::trust_policy::{Answer, Given, Needed, Policy, Request, json};
    use serde_json::Value;

    fn answer(policy: &str) -> Answer {
        let role = RoleArn::parse("arn:aws:iam::111122223333:role/checkout").expect("an ARN");
        let request =
            Request::new(role, "https://k/id/A", "system:serviceaccount:payments:checkout", ["sts.amazonaws.com"]);
        let bare = json(policy).expect("JSON");
        Answer::new(request, &Policy::from_value(&bare).expect("a policy"), &bare)
    }

    const ALLOW: &str = r#"{"Effect":"Allow","Principal":{"Federated":"arn:aws:iam::111122223333:oidc-provider/k/id/A"},
        "Action":"sts:AssumeRoleWithWebIdentity","Condition":{"StringEquals":{"k/id/A:sub":"system:serviceaccount:shop:*"}}}"#;

    #[test]
    fn a_denial_shows_the_cause_the_difference_and_the_fix() {
        let ec2 =
            r#"{"Sid":"node","Effect":"Allow","Principal":{"Service":"ec2.amazonaws.com"},"Action":"sts:AssumeRole"}"#;
        let text = answer_text(&answer(&format!(r#"{{"Statement":[{ec2},{ALLOW}]}}"#)));
        let expected = r#"x DENIED  wrong-subject-in-trust-policy: the policy names the namespace "shop",
  the pod is in "payments"

  role        arn:aws:iam::111122223333:role/checkout
  token       iss  https://k/id/A
              sub  system:serviceaccount:payments:checkout
              aud  sts.amazonaws.com

  statement 1, Allow (node): does not apply
  differs     Principal is Service "ec2.amazonaws.com"
  needs       "Principal": {"Federated":
              "arn:aws:iam::111122223333:oidc-provider/k/id/A"}
  cause       the statement trusts ec2.amazonaws.com, not an OIDC provider

  statement 2, Allow: does not apply
  differs     StringEquals requires k/id/A:sub to be
              "system:serviceaccount:shop:*"; the request has
              "system:serviceaccount:payments:checkout"
  needs       "StringLike": {"k/id/A:sub": "system:serviceaccount:payments:*"}

  fix         Correct statement 2: set "k/id/A:sub" to
              "system:serviceaccount:payments:*" under StringLike. The command
              keeps the others.

aws iam update-assume-role-policy --role-name checkout --policy-document '{
"#;
        assert!(text.starts_with(expected), "{text}");
        assert!(text.ends_with("}'\n\nexit 1\n"), "{text}");
    }

    #[test]
    fn an_empty_sid_is_none() {
        for (sid, head) in [("", "statement 1, Allow: "), ("apps", "statement 1, Allow (apps): ")] {
            let statement = ALLOW.replacen('{', &format!(r#"{{"Sid":"{sid}","#), 1);
            let text = answer_text(&answer(&format!(r#"{{"Statement":[{statement}]}}"#)));
            assert!(text.contains(head), "{text}");
        }
    }

    #[test]
    fn each_verdict_has_its_word_and_exit_code() {
        let allow = ALLOW.replace(":shop:", ":payments:").replace("StringEquals", "StringLike");
        let deny = r#"{"Effect":"Deny","Principal":"*","Action":"*"}"#;
        let vpc = allow.replace("StringLike\":{", "StringLike\":{\"aws:SourceVpc\":\"v\",");
        for (statements, word, exit_code, commands) in [
            (allow.clone(), "ok ALLOWED  statement 1 allows", 0, 0),
            (format!("{allow},{deny}"), "x DENIED  explicit-deny-in-trust-policy", 1, 0),
            (ALLOW.to_owned(), "x DENIED  wrong-subject", 1, 1),
            (vpc, "? UNKNOWN  only AWS knows the value of aws:sourcevpc", 3, 0),
        ] {
            let answer = answer(&format!(r#"{{"Version":"2012-10-17","Statement":[{statements}]}}"#));
            assert!(answer_text(&answer).starts_with(word), "{}", answer_text(&answer));
            let json: Value = serde_json::from_str(&answer_json(&answer)).expect("JSON");
            assert_eq!(
                (json["exit_code"].as_u64(), json["schema"].as_str()),
                (Some(exit_code), Some(super::json::SCHEMA))
            );
            assert_eq!(json["commands"].as_array().map(Vec::len), Some(commands));
        }
    }

    #[test]
    fn the_current_policy_is_checked_before_anything_is_replaced() {
        let request = answer(r#"{"Statement":[]}"#).request;
        let text = needed_text(&request, &Needed::from(&request), &Given::default());
        for piece in [
            "The trust policy that arn:aws:iam::111122223333:role/checkout needs for\nsystem:serviceaccount:",
            "\n\n{\n  \"Version\"",
            "\n}\n\nCheck",
            "\n  aws iam get-role --role-name checkout --output json > role.json\n  irsa-probe trust-policy --check role.json\n",
            "\n  aws iam create-open-id-connect-provider --url https://k/id/A --client-id-list sts.amazonaws.com --output json\n",
        ] {
            assert!(text.contains(piece), "{text}");
        }
    }
}
