//! The trust policy that a token needs, and the commands for it.

use super::request::{ACTION, Request};
use crate::aws::arn::{RoleArn, without_scheme};
use crate::causes::shell_word;
use serde::Serialize;
use serde_json::Value;
use std::collections::BTreeMap;

/// What a policy was asked for with, as commands repeat it: without it, a check would judge another call.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Given {
    /// The command that saves what was read from standard input.
    pub saved: Option<String>,
    /// With a space before each.
    pub options: String,
}

/// What allows one service account, and nothing else, to assume one role.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Needed {
    pub(super) role: RoleArn,
    /// With its scheme.
    pub(super) issuer: String,
    pub(super) subject: String,
    pub(super) audience: String,
    /// The token has other audiences too: only a set operator matches one of several
    /// ("Single-valued vs. multivalued context keys").
    pub(super) is_one_of_several: bool,
}

/// The trust that `role` must have in a token with these claims.
pub fn needed(role: &RoleArn, issuer: &str, subject: &str, audience: &str) -> Needed {
    Needed {
        role: role.clone(),
        issuer: issuer.to_owned(),
        subject: subject.to_owned(),
        audience: audience.to_owned(),
        is_one_of_several: false,
    }
}

/// The trust that a request needs.
impl From<&Request> for Needed {
    fn from(request: &Request) -> Needed {
        let is_one_of_several = request.seen_audience().len() > 1;
        let needed = needed(&request.role, &request.issuer, &request.subject, &request.main_audience());
        Needed { is_one_of_several, ..needed }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct PolicyText<'a> {
    version: &'a str,
    statement: [StatementText<'a>; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct StatementText<'a> {
    effect: &'a str,
    principal: BTreeMap<&'a str, String>,
    action: &'a str,
    condition: BTreeMap<&'a str, BTreeMap<String, &'a str>>,
}

impl Needed {
    pub fn provider_arn(&self) -> String {
        self.role.provider_arn(&self.issuer)
    }

    pub(super) fn key(&self, claim: &str) -> String {
        format!("{}:{claim}", without_scheme(&self.issuer))
    }

    /// The policy as JSON on several lines, without a final newline.
    pub fn policy(&self) -> String {
        serde_json::to_string_pretty(&self.document()).unwrap_or_default()
    }

    /// The policy as a JSON value.
    pub fn value(&self) -> Value {
        serde_json::to_value(self.document()).unwrap_or_default()
    }

    fn document(&self) -> PolicyText<'_> {
        PolicyText { version: "2012-10-17", statement: [self.statement()] }
    }

    pub(super) fn statement(&self) -> StatementText<'_> {
        let mut condition: BTreeMap<&str, BTreeMap<String, &str>> = BTreeMap::new();
        condition.entry(self.audience_operator()).or_default().insert(self.key("aud"), &self.audience);
        condition.entry("StringEquals").or_default().insert(self.key("sub"), &self.subject);
        let principal = [("Federated", self.provider_arn())].into();
        StatementText { effect: "Allow", principal, action: ACTION, condition }
    }

    /// The operator that tests the audience.
    pub(super) fn audience_operator(&self) -> &'static str {
        if self.is_one_of_several { "ForAnyValue:StringEquals" } else { "StringEquals" }
    }

    /// The command that replaces the role's trust policy with `policy`.
    pub fn update_command(&self, policy: &str) -> String {
        update_command(&self.role, policy)
    }

    /// The commands that check the role's current policy. If it denies the token, the last prints a merged policy.
    pub fn check_commands(&self, given: &Given) -> Vec<String> {
        check_commands(&self.role, given)
    }

    /// The commands that show whether the account has the provider, and create it.
    pub fn provider_commands(&self) -> Vec<String> {
        let region = self.role.partition.iam_region_option();
        vec![format!("aws iam list-open-id-connect-providers{region} --output json"), self.provider_command()]
    }

    /// The command that creates the provider, for an account that does not have it.
    pub fn provider_command(&self) -> String {
        let (url, audience) = (shell_word(&self.issuer), shell_word(&self.audience));
        let region = self.role.partition.iam_region_option();
        format!("aws iam create-open-id-connect-provider{region} --url {url} --client-id-list {audience} --output json")
    }
}

pub(super) fn update_command(role: &RoleArn, policy: &str) -> String {
    let (name, region) = (shell_word(&role.name), role.partition.iam_region_option());
    format!("aws iam update-assume-role-policy{region} --role-name {name} --policy-document {}", shell_word(policy))
}

pub(super) fn check_commands(role: &RoleArn, given: &Given) -> Vec<String> {
    let (name, region) = (shell_word(&role.name), role.partition.iam_region_option());
    let get = format!("aws iam get-role{region} --role-name {name} --output json > role.json");
    let check = format!("irsa-probe trust-policy --check role.json{}", given.options);
    [get].into_iter().chain(given.saved.clone()).chain([check]).collect()
}
