//! The trust policy that a token needs, in each of the languages in which people keep it.

use super::request::{ACTION, Request, STS_AUDIENCE};
use crate::aws::arn::{RoleArn, without_scheme};
use crate::aws::partition::Partition;
use crate::causes::shell_word;
use serde::Serialize;
use serde_json::Value;
use std::collections::BTreeMap;

/// What lets one service account, and nothing else, assume one role.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Needed {
    role: RoleArn,
    /// With its scheme.
    issuer: String,
    subject: String,
    audience: String,
    /// The token has further audiences, so that only a set operator is sure to find this one
    /// ("Single-valued vs. multivalued context keys").
    is_one_of_several: bool,
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

    fn key(&self, claim: &str) -> String {
        format!("{}:{claim}", without_scheme(&self.issuer))
    }

    /// The policy as JSON, several lines without a last newline.
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

    /// The operator that asks for the audience.
    pub(super) fn audience_operator(&self) -> &'static str {
        if self.is_one_of_several { "ForAnyValue:StringEquals" } else { "StringEquals" }
    }

    /// The command that makes `policy` the role's trust policy, in the place of what it was.
    pub fn update_command(&self, policy: &str) -> String {
        let (name, region) = (shell_word(&self.role.name), self.role.partition.iam_region_option());
        format!("aws iam update-assume-role-policy{region} --role-name {name} --policy-document {}", shell_word(policy))
    }

    /// The commands that judge the policy that the role has. Where it denies, the second prints one that is merged.
    pub fn check_commands(&self) -> Vec<String> {
        let (name, region) = (shell_word(&self.role.name), self.role.partition.iam_region_option());
        vec![
            format!("aws iam get-role{region} --role-name {name} --output json > role.json"),
            "irsa-probe trust-policy --check role.json".to_owned(),
        ]
    }

    /// The commands that show whether the account has the provider, and create it.
    pub fn provider_commands(&self) -> Vec<String> {
        let region = self.role.partition.iam_region_option();
        vec![format!("aws iam list-open-id-connect-providers{region} --output json"), self.provider_command()]
    }

    /// The command that makes the provider, for an account that does not have it.
    pub fn provider_command(&self) -> String {
        let (url, audience) = (shell_word(&self.issuer), shell_word(&self.audience));
        let region = self.role.partition.iam_region_option();
        format!("aws iam create-open-id-connect-provider{region} --url {url} --client-id-list {audience} --output json")
    }

    /// The same as a data source of Terraform's AWS provider. Only the document: the role exists, so a resource for it would
    /// fail, and an imported one would lose what is not written here (tags, boundary, session duration, statements).
    pub fn terraform(&self) -> String {
        let name: String = self
            .role
            .name
            .chars()
            .map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '_' })
            .collect();
        // A Terraform identifier does not begin with a digit.
        let label = if name.starts_with(|c: char| c.is_ascii_digit()) { format!("_{name}") } else { name };
        format!(
            r#"# In the resource of the role: assume_role_policy = data.aws_iam_policy_document.{label}_trust.json
# That replaces all statements. To keep others, name their document in source_policy_documents.
data "aws_iam_policy_document" "{label}_trust" {{
  statement {{
    actions = [{action}]

    principals {{
      type        = "Federated"
      identifiers = [{provider}]
    }}

    condition {{
      test     = "StringEquals"
      variable = {sub_key}
      values   = [{sub}]
    }}

    condition {{
      test     = {aud_operator}
      variable = {aud_key}
      values   = [{aud}]
    }}
  }}
}}
"#,
            action = hcl(ACTION),
            provider = hcl(&self.provider_arn()),
            sub_key = hcl(&self.key("sub")),
            sub = hcl(&self.subject),
            aud_operator = hcl(self.audience_operator()),
            aud_key = hcl(&self.key("aud")),
            aud = hcl(&self.audience),
        )
    }

    /// The same for eksctl, which writes the trust policy itself. `None` if it could not: the subject is no service
    /// account, the audience is not the one that eksctl writes or not the only one, the role has a path, or the issuer is
    /// not EKS's, whose host tells the region.
    pub fn eksctl(&self) -> Option<String> {
        let (namespace, account) = self.subject.strip_prefix("system:serviceaccount:")?.split_once(':')?;
        let host = without_scheme(&self.issuer).split('/').next()?;
        let region = host.split('.').find(|label| Partition::of_region(label).is_some())?;
        if self.audience != STS_AUDIENCE || self.is_one_of_several || self.role.path != "/" {
            return None;
        }
        let (partition, owner) = (self.role.partition.id(), &self.role.account);
        let [namespace, account, region, role] = [namespace, account, region, &self.role.name].map(yaml);
        Some(format!(
            r#"apiVersion: eksctl.io/v1alpha5
kind: ClusterConfig
metadata:
  name: CLUSTER # the token does not tell the cluster's name: aws eks list-clusters --region {region}
  region: {region}
iam:
  withOIDC: true
  serviceAccounts:
    - metadata:
        namespace: {namespace}
        name: {account}
      roleName: {role}
      # The policy that the workload needs. eksctl refuses a service account without one.
      attachPolicyARNs:
        - arn:{partition}:iam::{owner}:policy/POLICY
"#
        ))
    }
}

/// A string of HCL: JSON's escapes, and no templates.
fn hcl(text: &str) -> String {
    let json = Value::from(text).to_string();
    json.replace("${", "$${").replace("%{", "%%{")
}

/// A scalar of YAML, which takes JSON's strings.
fn yaml(text: &str) -> String {
    let plain = text.starts_with(|c: char| c.is_ascii_lowercase())
        && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
        && !["true", "false", "null", "yes", "no", "on", "off", "y", "n"].contains(&text);
    if plain { text.to_owned() } else { Value::from(text).to_string() }
}

#[cfg(test)]
mod tests {
    use super::super::{Policy, Request, Verdict, evaluate};
    use super::*;

    const ISSUER: &str = "https://oidc.eks.eu-west-1.amazonaws.com/id/EXAMPLED539D";

    fn role(text: &str) -> RoleArn {
        RoleArn::parse(text).expect("an ARN")
    }

    #[test]
    fn the_policy_that_is_needed_lets_its_token_in_and_no_other() {
        let role = role("arn:aws-cn:iam::111122223333:role/team/checkout");
        let subject = "system:serviceaccount:payments:checkout";
        let needed = needed(&role, ISSUER, subject, "sts.amazonaws.com");
        let policy = Policy::parse(&needed.policy()).expect("a policy");
        let allowed = |issuer: &str, subject: &str, audience: &str| {
            evaluate(&policy, &Request::new(role.clone(), issuer, subject, [audience])).is_allowed()
        };
        assert!(allowed(ISSUER, subject, "sts.amazonaws.com"));
        assert!(!allowed(ISSUER, "system:serviceaccount:payments:checkout2", "sts.amazonaws.com"));
        assert!(!allowed(ISSUER, subject, "sts.amazonaws.com.cn"));
        assert!(!allowed("https://oidc.eks.eu-west-1.amazonaws.com/id/OTHER", subject, "sts.amazonaws.com"));
        assert!(needed.provider_command().contains("--region cn-north-1 --url https://oidc.eks"));
    }

    #[test]
    fn of_several_audiences_the_policy_asks_for_one() {
        let role = role("arn:aws:iam::111122223333:role/checkout");
        let subject = "system:serviceaccount:payments:checkout";
        let request = |audience: &[&str]| Request::new(role.clone(), ISSUER, subject, audience.to_vec());
        let needed = Needed::from(&request(&["vault", "sts.amazonaws.com"]));
        let policy = Policy::parse(&needed.policy()).expect("a policy");
        for (audience, verdict) in [
            (&["vault", "sts.amazonaws.com"][..], Verdict::Allowed),
            (&["sts.amazonaws.com"], Verdict::Allowed),
            (&["vault", "other"], Verdict::Denied),
        ] {
            assert_eq!(evaluate(&policy, &request(audience)).verdict, verdict, "{audience:?}");
        }
        assert!(needed.terraform().contains("test     = \"ForAnyValue:StringEquals\"\n      variable = \"oidc"));
        assert_eq!(needed.eksctl(), None, "eksctl writes StringEquals");
    }

    #[test]
    fn the_policy_reads_as_people_write_it() {
        let needed = needed(&role("arn:aws:iam::111122223333:role/checkout"), ISSUER, "s", "sts.amazonaws.com");
        let expected = r#"{
  "Version": "2012-10-17",
  "Statement": [
    {
      "Effect": "Allow",
      "Principal": {
        "Federated": "arn:aws:iam::111122223333:oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/EXAMPLED539D"
      },
      "Action": "sts:AssumeRoleWithWebIdentity",
      "Condition": {
        "StringEquals": {
          "oidc.eks.eu-west-1.amazonaws.com/id/EXAMPLED539D:aud": "sts.amazonaws.com",
          "oidc.eks.eu-west-1.amazonaws.com/id/EXAMPLED539D:sub": "s"
        }
      }
    }
  ]
}"#;
        assert_eq!(needed.policy(), expected);
        assert_eq!(needed.eksctl(), None);
    }

    #[test]
    fn eksctl_is_asked_only_for_what_it_can_make() {
        let [plain, pathed] =
            ["arn:aws:iam::1:role/a", "arn:aws:iam::1:role/team/a"].map(|arn| arn.replace("::1:", "::111122223333:"));
        let of = |arn: &str, issuer: &str, subject: &str, audience: &str| {
            needed(&role(arn), issuer, subject, audience).eksctl()
        };
        let subject = "system:serviceaccount:payments:checkout";
        let text = of(&plain, ISSUER, subject, STS_AUDIENCE).expect("a ClusterConfig");
        assert!(
            text.contains("  region: eu-west-1\n") && text.contains("namespace: payments\n        name: checkout\n")
        );
        // eksctl (issue 4614): attachPolicyARNs, attachPolicy, wellKnownPolicies or attachRoleARN must be set.
        assert!(text.contains("attachPolicyARNs:\n        - arn:aws:iam::111122223333:policy/POLICY\n"), "{text}");
        assert_eq!(of(&pathed, ISSUER, subject, STS_AUDIENCE), None);
        assert_eq!(of(&plain, "https://issuer.example", subject, STS_AUDIENCE), None);
        assert_eq!(of(&plain, ISSUER, "repo:octo/repo", STS_AUDIENCE), None);
        assert_eq!(of(&plain, ISSUER, subject, "vault"), None);
    }

    #[test]
    fn claims_cannot_break_out_of_the_language_they_are_written_in() {
        assert_eq!(hcl("a\"${b}%{c}\n"), r#""a\"$${b}%%{c}\n""#);
        assert_eq!(yaml("checkout-2"), "checkout-2");
        assert_eq!(yaml("no"), "\"no\"");
        assert_eq!(yaml("1e5"), "\"1e5\"");
        assert_eq!(yaml("a: b # c"), "\"a: b # c\"");
    }
}
