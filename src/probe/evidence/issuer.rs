//! The token's issuer as STS sees it: its discovery document and its keys, fetched without the token.

use super::network::Dial;
use crate::aws::vpc::is_private;
use std::fmt;
use std::net::IpAddr;

/// What the issuer publishes, and what the token's signature is worth by it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Issuer {
    pub url: String,
    /// What the issuer's name resolves to here; empty where a proxy resolves it. STS sees the public name only.
    pub addresses: Vec<IpAddr>,
    pub jwks_uri: String,
    /// The ids of the published keys, the first few.
    pub key_ids: Vec<String>,
    pub signature: Signature,
    /// SHA-1 of the last certificate that the server showed, as IAM's thumbprint lists hold it: 40 hexadecimal digits.
    pub thumbprint: Option<String>,
}

impl Issuer {
    /// Whether its name leads nowhere on the internet, as seen from here.
    pub fn is_private(&self) -> bool {
        !self.addresses.is_empty() && self.addresses.iter().copied().all(is_private)
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Signature {
    Valid,
    /// The key with the token's id is published, and did not make this signature.
    Invalid,
    /// No published key has the token's id.
    KeyNotPublished,
    /// Why nobody could say.
    NotVerified(String),
}

/// Why the issuer's keys could not be had from here. STS may fare otherwise: it asks from outside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IssuerFault {
    /// The URL that was asked.
    pub url: String,
    pub kind: IssuerFaultKind,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum IssuerFaultKind {
    /// Not a URL that begins with `https://`, which OpenID Connect demands.
    NotHttps,
    /// No connection, or no answer over it.
    NoAnswer(Box<Dial>),
    TimedOut,
    Status(u16),
    /// Not the JSON that belongs there; what is wrong with it.
    NotTheDocument(&'static str),
    /// The discovery document names another issuer than the token, so that STS refuses it.
    OtherIssuer(String),
}

impl fmt::Display for Signature {
    /// A clause.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Valid => f.write_str("the token's signature is valid"),
            Self::Invalid => f.write_str("the token's signature is not of the key that it names"),
            Self::KeyNotPublished => f.write_str("the token's key is not among them"),
            Self::NotVerified(why) => write!(f, "the token's signature was not verified: {why}"),
        }
    }
}

impl fmt::Display for IssuerFault {
    /// A clause that stands alone.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let url = &self.url;
        match &self.kind {
            IssuerFaultKind::NotHttps => write!(f, "{url:?} is not an https URL"),
            IssuerFaultKind::NoAnswer(dial) => match dial.fault() {
                Some(fault) => write!(f, "{url} cannot be reached: {fault}"),
                None => write!(f, "{url} gave no answer"),
            },
            IssuerFaultKind::TimedOut => write!(f, "{url} did not answer in time"),
            IssuerFaultKind::Status(status) => write!(f, "{url} answers with status {status}"),
            IssuerFaultKind::NotTheDocument(what) => write!(f, "{url} answers with {what}"),
            IssuerFaultKind::OtherIssuer(other) => write!(f, "{url} names the issuer {other:?}"),
        }
    }
}
