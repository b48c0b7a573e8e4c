//! What an audit knows beside the documents.

use crate::documents::Needs;
use crate::probe::evidence::Token;
use crate::text::timestamp::Timestamp;

/// What is known besides the documents.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Context<'a> {
    pub now: Timestamp,
    /// The token of this pod, with `check --document`.
    pub token: Option<&'a Token>,
    /// The role that this pod should have.
    pub role_arn: Option<&'a str>,
    /// SHA-1 of the last certificate in the chain of the issuer's host (`--issuer-check`).
    pub thumbprint: Option<&'a str>,
    /// The AWS account whose documents these are, if it is known.
    pub account: Option<&'a str>,
    pub concern: Concern,
    /// What the role must be allowed.
    pub needs: Option<&'a Needs>,
}

/// Which pods without any sign of IRSA the question is about.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Concern {
    /// A single pod: whoever passes one asks about it.
    #[default]
    SinglePod,
    Every,
    None,
}

impl Context<'_> {
    /// Only the documents.
    pub(crate) fn at(now: Timestamp) -> Self {
        Context {
            now,
            token: None,
            role_arn: None,
            thumbprint: None,
            account: None,
            concern: Concern::default(),
            needs: None,
        }
    }
}
