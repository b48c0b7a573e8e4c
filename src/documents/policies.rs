//! The policies of roles, as lists and documents of the aws CLI show them.

use super::grant::Grant;

/// The lists of one role's policies.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RolePolicies {
    /// ARNs of managed policies.
    pub attached: Option<Vec<String>>,
    /// Names of inline policies.
    pub inline: Option<Vec<String>>,
}

/// Which policy a document is. What a person pastes often does not say it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PolicyName {
    /// The ARN of a managed policy.
    Managed(String),
    Inline {
        role: String,
        name: String,
    },
    Unknown,
}

/// What one policy says about the action that a node role needs for EKS Pod Identity.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReadPolicy {
    pub name: PolicyName,
    pub grant: Grant,
}
