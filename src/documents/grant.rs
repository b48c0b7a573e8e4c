//! What a policy of a role says about the one action that the agent of EKS Pod Identity needs.

use super::trust_policy::matches_action;
use serde_json::Value;

/// What the agent calls, as the node role.
pub(crate) const NODE_ACTION: &str = "eks-auth:AssumeRoleForPodIdentity";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Grant {
    Allowed,
    Denied,
    /// A condition, `NotAction` or a narrower resource decides.
    Unclear,
    /// The policy says nothing about it.
    Silent,
}

impl Grant {
    /// Reads an identity policy. A Deny wins, as in IAM ("Policy evaluation logic").
    pub(super) fn read(policy: &Value) -> Grant {
        let statements =
            policy["Statement"].as_array().map_or(std::slice::from_ref(&policy["Statement"]), Vec::as_slice);
        let all: Vec<Grant> = statements.iter().map(statement).collect();
        [Grant::Denied, Grant::Unclear, Grant::Allowed]
            .into_iter()
            .find(|one| all.contains(one))
            .unwrap_or(Grant::Silent)
    }
}

fn statement(statement: &Value) -> Grant {
    if !statement["NotAction"].is_null() {
        return Grant::Unclear;
    }
    if !texts(&statement["Action"]).iter().any(|pattern| matches_action(pattern, NODE_ACTION)) {
        return Grant::Silent;
    }
    let is_whole = statement["Condition"].is_null() && texts(&statement["Resource"]).contains(&"*");
    match statement["Effect"].as_str() {
        Some("Deny") if is_whole => Grant::Denied,
        Some("Allow") if is_whole => Grant::Allowed,
        _ => Grant::Unclear,
    }
}

fn texts(value: &Value) -> Vec<&str> {
    value.as_array().map_or(std::slice::from_ref(value), Vec::as_slice).iter().filter_map(Value::as_str).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_policy_is_read_for_one_action() {
        let allow = |action: Value| json!({"Effect": "Allow", "Action": action, "Resource": "*"});
        let deny = json!({"Effect": "Deny", "Action": "eks-auth:*", "Resource": "*"});
        let narrow =
            json!({"Effect": "Allow", "Action": "*", "Resource": "arn:aws:eks:eu-west-1:111122223333:cluster/a"});
        for (statements, expected) in [
            (json!(allow(json!("eks-auth:AssumeRoleForPodIdentity"))), Grant::Allowed),
            (json!([allow(json!(["ec2:*", "EKS-Auth:assume*"]))]), Grant::Allowed),
            (json!([allow(json!("eks:*"))]), Grant::Silent),
            (json!([allow(json!("*")), deny]), Grant::Denied),
            (json!([narrow]), Grant::Unclear),
            (json!([{"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"}]), Grant::Unclear),
            (json!([]), Grant::Silent),
        ] {
            assert_eq!(Grant::read(&json!({ "Statement": statements })), expected, "{statements}");
        }
    }
}
