//! `aws iam simulate-principal-policy`: what the policies of a role allow. The policies of the resources are not part of it.
//!
//! Source: `EvaluationResult` and `ResourceSpecificResult` of the IAM API reference.

use serde::Deserialize;

/// One action, on every resource that was asked about.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub struct Simulated {
    /// Not in the document: the command names the role.
    #[serde(skip)]
    pub role_arn: Option<String>,
    eval_action_name: String,
    eval_resource_name: Option<String>,
    eval_decision: String,
    matched_statements: Vec<Statement>,
    missing_context_values: Vec<String>,
    organizations_decision_detail: Option<Organizations>,
    permissions_boundary_decision_detail: Option<Boundary>,
    resource_specific_results: Vec<OnResource>,
}

/// The same action on one resource. IAM answers so if resources were named; it then repeats the strictest decision above.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
struct OnResource {
    eval_resource_name: String,
    eval_resource_decision: String,
    matched_statements: Vec<Statement>,
    missing_context_values: Vec<String>,
    permissions_boundary_decision_detail: Option<Boundary>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
struct Statement {
    source_policy_id: String,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
struct Organizations {
    allowed_by_organizations: bool,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
struct Boundary {
    allowed_by_permissions_boundary: bool,
}

/// What the simulation says of one action on one resource.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Permission {
    Allowed,
    /// A Deny statement in these policies, as far as IAM names them.
    Denied(Vec<String>),
    /// No statement allows it.
    Missing,
    Boundary,
    Organization,
    /// The policies have conditions on these keys, for which the simulation had no value.
    Undecided(Vec<String>),
}

/// One action on one resource; `*` stands for all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Permitted<'s> {
    pub action: &'s str,
    pub resource: &'s str,
    pub permission: Permission,
}

impl Simulated {
    pub(super) fn of_role(self, role_arn: Option<String>) -> Simulated {
        Simulated { role_arn, ..self }
    }

    pub(crate) fn action(&self) -> &str {
        &self.eval_action_name
    }

    pub(crate) fn permissions(&self) -> Vec<Permitted<'_>> {
        let of = |resource, permission| Permitted { action: &self.eval_action_name, resource, permission };
        let is_forbidden = self.organizations_decision_detail.as_ref().is_some_and(|by| !by.allowed_by_organizations);
        if self.resource_specific_results.is_empty() {
            let permission = permission(
                &self.eval_decision,
                &self.missing_context_values,
                is_forbidden,
                self.permissions_boundary_decision_detail.as_ref(),
                &self.matched_statements,
            );
            return vec![of(self.eval_resource_name.as_deref().unwrap_or("*"), permission)];
        }
        let on_resource = |one: &'_ OnResource| {
            permission(
                &one.eval_resource_decision,
                &one.missing_context_values,
                is_forbidden,
                one.permissions_boundary_decision_detail.as_ref(),
                &one.matched_statements,
            )
        };
        self.resource_specific_results.iter().map(|one| of(&one.eval_resource_name, on_resource(one))).collect()
    }
}

fn permission(
    decision: &str,
    missing: &[String],
    is_forbidden: bool,
    boundary: Option<&Boundary>,
    matched: &[Statement],
) -> Permission {
    match decision {
        _ if !missing.is_empty() => Permission::Undecided(missing.to_vec()),
        "allowed" => Permission::Allowed,
        _ if is_forbidden => Permission::Organization,
        _ if boundary.is_some_and(|by| !by.allowed_by_permissions_boundary) => Permission::Boundary,
        "explicitDeny" => {
            let mut policies: Vec<String> = matched.iter().map(|one| one.source_policy_id.clone()).collect();
            policies.retain(|name| !name.is_empty());
            policies.dedup();
            Permission::Denied(policies)
        }
        "implicitDeny" => Permission::Missing,
        _ => Permission::Undecided(Vec::new()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn permissions(result: Value) -> Vec<(String, Permission)> {
        let simulated: Simulated = serde_json::from_value(result).expect("a result");
        simulated.permissions().into_iter().map(|one| (one.resource.to_owned(), one.permission)).collect()
    }

    #[test]
    fn each_decision_is_told_apart() {
        let deny = json!([{"SourcePolicyId": "DenyAll", "SourcePolicyType": "IAM Policy"}]);
        for (more, expected) in [
            (json!({"EvalDecision": "allowed"}), Permission::Allowed),
            (json!({"EvalDecision": "implicitDeny"}), Permission::Missing),
            (
                json!({"EvalDecision": "explicitDeny", "MatchedStatements": deny}),
                Permission::Denied(vec!["DenyAll".into()]),
            ),
            (json!({"EvalDecision": "explicitDeny"}), Permission::Denied(Vec::new())),
            (
                json!({"EvalDecision": "implicitDeny", "PermissionsBoundaryDecisionDetail":
                    {"AllowedByPermissionsBoundary": false}}),
                Permission::Boundary,
            ),
            (
                json!({"EvalDecision": "implicitDeny", "PermissionsBoundaryDecisionDetail":
                    {"AllowedByPermissionsBoundary": true}, "OrganizationsDecisionDetail": {"AllowedByOrganizations": true}}),
                Permission::Missing,
            ),
            (
                json!({"EvalDecision": "explicitDeny", "OrganizationsDecisionDetail": {"AllowedByOrganizations": false}}),
                Permission::Organization,
            ),
            // A condition on a key without a value counts neither as true nor as false in reality.
            (
                json!({"EvalDecision": "allowed", "MissingContextValues": ["aws:SourceVpce"]}),
                Permission::Undecided(vec!["aws:SourceVpce".into()]),
            ),
            (json!({"EvalDecision": "perhaps"}), Permission::Undecided(Vec::new())),
        ] {
            let mut result = json!({"EvalActionName": "s3:GetObject", "EvalResourceName": "*"});
            json_patch::merge(&mut result, &more);
            assert_eq!(permissions(result), [("*".to_owned(), expected)], "{more}");
        }
    }

    /// IAM gives one result for an action, whose decision is the strictest; before, it gave one for each resource.
    #[test]
    fn each_resource_has_its_own_decision() {
        let on = |name: &str, decision: &str| json!({"EvalResourceName": name, "EvalResourceDecision": decision});
        let result = json!({"EvalActionName": "s3:GetObject", "EvalResourceName": "arn:aws:s3:::a/*",
            "EvalDecision": "implicitDeny", "MissingContextValues": [],
            "ResourceSpecificResults": [on("arn:aws:s3:::a/*", "allowed"), on("arn:aws:s3:::b/*", "implicitDeny")]});
        assert_eq!(
            permissions(result),
            [
                ("arn:aws:s3:::a/*".to_owned(), Permission::Allowed),
                ("arn:aws:s3:::b/*".to_owned(), Permission::Missing)
            ]
        );
    }
}
