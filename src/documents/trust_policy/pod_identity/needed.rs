//! The trust policy that EKS Pod Identity needs, as JSON, HCL and for eksctl.

use super::call::{Caller, PodIdentityCall};
use crate::aws::pod_identity::SERVICE;
use crate::documents::trust_policy::eksctl::yaml;
use crate::documents::trust_policy::needed::{Given, check_commands};
use crate::documents::trust_policy::terraform::{hcl, label};
use serde::Serialize;
use serde_json::Value;
use std::collections::BTreeMap;

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct PolicyText {
    version: &'static str,
    statement: [StatementText; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct StatementText {
    effect: &'static str,
    principal: BTreeMap<&'static str, String>,
    action: Vec<&'static str>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    condition: BTreeMap<&'static str, BTreeMap<&'static str, String>>,
}

impl PodIdentityCall {
    /// The policy as JSON on several lines, without a final newline.
    pub fn policy(&self) -> String {
        serde_json::to_string_pretty(&self.document()).unwrap_or_default()
    }

    /// The policy as a JSON value.
    pub fn value(&self) -> Value {
        serde_json::to_value(self.document()).unwrap_or_default()
    }

    fn document(&self) -> PolicyText {
        PolicyText { version: "2012-10-17", statement: [self.statement()] }
    }

    /// It is as narrow as what is known allows. A condition on a key that the call lacks would match nobody.
    pub(super) fn statement(&self) -> StatementText {
        let mut condition: BTreeMap<_, BTreeMap<_, _>> = BTreeMap::new();
        for (operator, key, value) in self.conditions() {
            condition.entry(operator).or_default().insert(key, value);
        }
        let kind = if self.caller == Caller::Eks { "Service" } else { "AWS" };
        let principal = [(kind, self.principal())].into();
        StatementText { effect: "Allow", principal, action: self.actions().to_vec(), condition }
    }

    /// Operator, key and value.
    fn conditions(&self) -> Vec<(&'static str, &'static str, String)> {
        let mut all = Vec::new();
        if let Some((namespace, account)) = self.account.as_ref().filter(|_| self.has_tags) {
            all.push(("StringEquals", "aws:RequestTag/kubernetes-namespace", namespace.clone()));
            all.push(("StringEquals", "aws:RequestTag/kubernetes-service-account", account.clone()));
        }
        match (&self.cluster, &self.caller) {
            (Some(cluster), _) if self.has_tags => {
                all.push(("StringEquals", "aws:RequestTag/eks-cluster-arn", cluster.to_string()));
            }
            (Some(cluster), Caller::Eks) => {
                all.push(("StringEquals", "aws:SourceAccount", cluster.account.clone()));
                all.push(("ArnEquals", "aws:SourceArn", cluster.to_string()));
            }
            _ => {}
        }
        if let Caller::Role { external_id: Some(id), .. } = &self.caller {
            all.push(("StringEquals", "sts:ExternalId", id.clone()));
        }
        all
    }

    /// The policy as a data source of Terraform's AWS provider, as for IRSA.
    pub fn terraform(&self) -> String {
        let label = label(&self.role);
        let kind = if self.caller == Caller::Eks { "Service" } else { "AWS" };
        let actions: Vec<String> = self.actions().iter().map(|action| hcl(action)).collect();
        let condition = |(operator, key, value): (&str, &str, String)| {
            let [operator, key, value] = [operator, key, &value].map(hcl);
            format!(
                "\n    condition {{\n      test     = {operator}\n      variable = {key}\n      values   = [{value}]\n    }}\n"
            )
        };
        let conditions: String = self.conditions().into_iter().map(condition).collect();
        format!(
            r#"# In the resource of the role: assume_role_policy = data.aws_iam_policy_document.{label}_trust.json
# This replaces all statements. To keep others, add their document to source_policy_documents.
data "aws_iam_policy_document" "{label}_trust" {{
  statement {{
    actions = [{actions}]

    principals {{
      type        = {kind}
      identifiers = [{principal}]
    }}
{conditions}  }}
}}
"#,
            actions = actions.join(", "),
            kind = hcl(kind),
            principal = hcl(&self.principal()),
        )
    }

    /// A ClusterConfig for eksctl, which creates role, trust policy and association. `None` if the service account is not
    /// known, or the role has a path or is a target role, which eksctl does not create.
    pub fn eksctl(&self) -> Option<String> {
        let (namespace, account) = self.account.as_ref().filter(|_| self.caller == Caller::Eks)?;
        if self.role.path != "/" {
            return None;
        }
        let (partition, owner) = (self.role.partition.id(), &self.role.account);
        let cluster = self.cluster.as_ref();
        let name = cluster.map_or("CLUSTER".to_owned(), |cluster| yaml(&cluster.name));
        let region = cluster.map_or("REGION".to_owned(), |cluster| yaml(&cluster.region));
        let [namespace, account, role] = [namespace, account, &self.role.name].map(|text| yaml(text));
        Some(format!(
            r#"apiVersion: eksctl.io/v1alpha5
kind: ClusterConfig
metadata:
  name: {name}
  region: {region}
addons:
  - name: eks-pod-identity-agent
iam:
  podIdentityAssociations:
    - namespace: {namespace}
      serviceAccountName: {account}
      roleName: {role}
      # The policy that the workload needs. eksctl rejects an association without one.
      permissionPolicyARNs:
        - arn:{partition}:iam::{owner}:policy/POLICY
"#
        ))
    }

    /// The commands that check the role's current policy.
    pub fn check_commands(&self, given: &Given) -> Vec<String> {
        check_commands(&self.role, given)
    }
}

/// How people read whom the policy is for.
impl PodIdentityCall {
    pub fn whom(&self) -> String {
        match (&self.account, &self.caller) {
            (Some((namespace, account)), Caller::Eks) => format!("{SERVICE} (service account {namespace}/{account})"),
            _ => self.principal(),
        }
    }
}
