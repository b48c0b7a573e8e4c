//! The version of the policy language.

/// The version of the policy language. Without the element 2008-10-17 applies, in which `${...}` is not a
/// variable ("IAM JSON policy elements: Version").
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Version {
    Y2008,
    Y2012,
}
