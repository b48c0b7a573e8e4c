//! The trust policy that a token needs, in HCL.

use super::needed::Needed;
use super::request::ACTION;
use crate::aws::arn::RoleArn;
use serde_json::Value;

impl Needed {
    /// The policy as a data source of Terraform's AWS provider. There is no resource for the role: it exists, so creating it
    /// would fail, and an imported one would lose what is not written here (tags, boundary, session duration, statements).
    pub fn terraform(&self) -> String {
        let label = label(&self.role);
        format!(
            r#"# In the resource of the role: assume_role_policy = data.aws_iam_policy_document.{label}_trust.json
# This replaces all statements. To keep others, add their document to source_policy_documents.
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
}

/// An identifier from the name of a role. It does not begin with a digit.
pub(super) fn label(role: &RoleArn) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '_' };
    let name: String = role.name.chars().map(plain).collect();
    if name.starts_with(|c: char| c.is_ascii_digit()) { format!("_{name}") } else { name }
}

/// A string of HCL: JSON's escapes, and no templates.
pub(super) fn hcl(text: &str) -> String {
    let json = Value::from(text).to_string();
    json.replace("${", "$${").replace("%{", "%%{")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_claim_cannot_break_out_of_a_string() {
        assert_eq!(hcl("a\"${b}%{c}\n"), r#""a\"$${b}%%{c}\n""#);
    }
}
