//! The elements of a trust policy.

use super::condition::Condition;
use super::version::Version;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    pub version: Version,
    pub statements: Vec<Statement>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement {
    pub sid: Option<String>,
    pub effect: Effect,
    pub principals: Principals,
    pub actions: Actions,
    pub conditions: Vec<Condition>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    Allow,
    Deny,
}

impl Effect {
    pub fn word(self) -> &'static str {
        match self {
            Self::Allow => "Allow",
            Self::Deny => "Deny",
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Principals {
    /// `Principal`: these.
    Only(PrincipalSet),
    /// `NotPrincipal`: all but these.
    AllBut(PrincipalSet),
}

/// The members of a `Principal` element.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PrincipalSet {
    /// `"*"` or `{"AWS": "*"}`, which the guide calls equal ("All principals").
    pub everyone: bool,
    pub federated: Vec<String>,
    /// `AWS`, `Service`, `CanonicalUser` and what each names.
    pub others: Vec<(String, Vec<String>)>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Actions {
    /// `Action`: these.
    Only(Vec<String>),
    /// `NotAction`: all but these.
    AllBut(Vec<String>),
}
