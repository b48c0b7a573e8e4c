//! The ClusterConfig with which eksctl creates the trust that a token needs.

use super::needed::Needed;
use crate::aws::arn::without_scheme;
use crate::aws::issuer::STS_AUDIENCE;
use crate::aws::partition::Partition;
use serde_json::Value;

impl Needed {
    /// A ClusterConfig for eksctl, which writes the trust policy itself. `None` if it cannot: the subject is not a service
    /// account, the audience is not the only one or not the one that eksctl writes, the role has a path, or the issuer is
    /// not an EKS host, which names the region.
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
  name: CLUSTER # not in the token: aws eks list-clusters --region {region}
  region: {region}
iam:
  withOIDC: true
  serviceAccounts:
    - metadata:
        namespace: {namespace}
        name: {account}
      roleName: {role}
      # The policy that the workload needs. eksctl rejects a service account without one.
      attachPolicyARNs:
        - arn:{partition}:iam::{owner}:policy/POLICY
"#
        ))
    }
}

/// A YAML scalar; a JSON string is one.
pub(super) fn yaml(text: &str) -> String {
    let plain = text.starts_with(|c: char| c.is_ascii_lowercase())
        && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
        && !["true", "false", "null", "yes", "no", "on", "off", "y", "n"].contains(&text);
    if plain { text.to_owned() } else { Value::from(text).to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_claim_cannot_break_out_of_a_scalar() {
        assert_eq!(yaml("checkout-2"), "checkout-2");
        assert_eq!(yaml("no"), "\"no\"");
        assert_eq!(yaml("1e5"), "\"1e5\"");
        assert_eq!(yaml("a: b # c"), "\"a: b # c\"");
    }
}
