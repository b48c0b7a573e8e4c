//! What IAM knows about a call to AssumeRoleWithWebIdentity when it evaluates the role's trust policy.

use crate::aws::arn::{RoleArn, without_scheme};
use crate::aws::issuer::STS_AUDIENCE;
use crate::probe::evidence::Token;
use crate::text::timestamp::Timestamp;
use std::collections::BTreeMap;

/// The only action that a web identity token can be used for.
pub const ACTION: &str = "sts:AssumeRoleWithWebIdentity";

/// A call of AssumeRoleWithWebIdentity.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    pub role: RoleArn,
    /// The token's `iss`, with its scheme.
    pub issuer: String,
    pub subject: String,
    /// The token's `aud`, one or several.
    pub audience: Vec<String>,
    /// `azp`: if a token has it, the policy sees it as `aud`.
    pub authorized_party: Option<String>,
    /// `amr`, which service account tokens do not have.
    pub methods: Vec<String>,
    /// The time of the call, for `aws:CurrentTime`.
    pub now: Option<Timestamp>,
    /// The `RoleSessionName` of the call, for `sts:RoleSessionName`.
    pub session_name: Option<String>,
    /// Other condition keys with known values. They override what this module derives.
    pub known: BTreeMap<String, Vec<String>>,
}

/// The value of a condition key in a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Lookup {
    Values(Vec<String>),
    /// The request does not have the key.
    Absent,
    /// Only AWS knows; why.
    Unknown(String),
}

/// The condition keys of a call.
pub(super) trait Keys {
    /// The value of a condition key. Key names are not case-sensitive ("IAM JSON policy elements: Condition").
    fn lookup(&self, key: &str) -> Lookup;
}

impl Keys for Request {
    fn lookup(&self, key: &str) -> Lookup {
        if let Some((_, values)) = self.known.iter().find(|(known, _)| known.eq_ignore_ascii_case(key)) {
            return Lookup::Values(values.clone());
        }
        let Some((prefix, name)) = key.rsplit_once(':') else { return Lookup::Absent };
        let name = name.to_ascii_lowercase();
        if prefix.eq_ignore_ascii_case(without_scheme(&self.issuer)) {
            self.claim(&name)
        } else if prefix.eq_ignore_ascii_case("aws") {
            self.global(&name)
        } else if prefix.eq_ignore_ascii_case("sts") {
            self.sts(&name)
        } else {
            // This call has no keys of other providers or services.
            Lookup::Absent
        }
    }
}

impl Request {
    pub fn new(
        role: RoleArn,
        issuer: impl Into<String>,
        subject: impl Into<String>,
        audience: impl IntoIterator<Item = impl Into<String>>,
    ) -> Request {
        Request {
            role,
            issuer: issuer.into(),
            subject: subject.into(),
            audience: audience.into_iter().map(Into::into).collect(),
            authorized_party: None,
            methods: Vec::new(),
            now: None,
            session_name: None,
            known: BTreeMap::new(),
        }
    }

    /// The call that a workload makes with this token.
    ///
    /// A token for another use is never sent to STS, but it has the same issuer and service account as the IRSA token,
    /// which is then assumed to have the default audience.
    ///
    /// # Errors
    /// The claim that is missing.
    pub fn of_token(role: RoleArn, token: &Token) -> Result<Request, &'static str> {
        let issuer = token.issuer.clone().ok_or("iss")?;
        let subject = token.subject.clone().ok_or("sub")?;
        let audience = match token.is_for_another_use() {
            true => vec![STS_AUDIENCE.to_owned()],
            false => token.audience.clone(),
        };
        let request = Request::new(role, issuer, subject, audience);
        Ok(Request { authorized_party: token.authorized_party.clone(), ..request })
    }

    /// The audience to require if the token has several.
    pub fn main_audience(&self) -> String {
        let seen = self.seen_audience();
        let usual = seen.iter().find(|audience| *audience == STS_AUDIENCE);
        usual.or(seen.first()).cloned().unwrap_or_else(|| STS_AUDIENCE.to_owned())
    }

    /// The ARN of the token's OIDC provider in the role's account.
    pub fn provider_arn(&self) -> String {
        self.role.provider_arn(&self.issuer)
    }

    /// `ISSUER:CLAIM` without the scheme: the key under which a policy sees a claim.
    pub fn key(&self, claim: &str) -> String {
        format!("{}:{claim}", without_scheme(&self.issuer))
    }

    /// What the policy sees as `aud`.
    pub fn seen_audience(&self) -> Vec<String> {
        match &self.authorized_party {
            Some(party) => vec![party.clone()],
            None => self.audience.clone(),
        }
    }

    /// "IAM and AWS STS condition context keys", "Available keys for AWS OIDC federation": no other claim is a condition key.
    fn claim(&self, name: &str) -> Lookup {
        let values = match name {
            "sub" => vec![self.subject.clone()],
            "aud" => self.seen_audience(),
            "oaud" if self.authorized_party.is_some() => self.audience.clone(),
            "amr" => self.methods.clone(),
            _ => Vec::new(),
        };
        if values.is_empty() { Lookup::Absent } else { Lookup::Values(values) }
    }

    /// "AWS global condition context keys".
    fn global(&self, name: &str) -> Lookup {
        match name {
            "tagkeys" if self.has_no_tags() => Lookup::Absent,
            _ if name.starts_with("requesttag/") && self.has_no_tags() => Lookup::Absent,
            // STS has only HTTPS endpoints (AWS General Reference, "AWS Security Token Service endpoints and quotas").
            "securetransport" => Lookup::Values(vec!["true".to_owned()]),
            _ => of_every_call(name, self.now),
        }
    }

    /// Session tags and a source identity are claims of the token ("Pass session tags in AWS STS", "Monitor and control
    /// actions taken with assumed roles"). Kubernetes writes none into those of service accounts.
    fn has_no_tags(&self) -> bool {
        self.subject.starts_with("system:serviceaccount:")
    }

    /// Keys of STS. AssumeRoleWithWebIdentity has no ExternalId parameter, so that key is always absent.
    fn sts(&self, name: &str) -> Lookup {
        match (name, &self.session_name) {
            ("externalid", _) => Lookup::Absent,
            ("sourceidentity" | "transitivetagkeys", _) if self.has_no_tags() => Lookup::Absent,
            ("rolesessionname", Some(session)) => Lookup::Values(vec![session.clone()]),
            _ => Lookup::Unknown(format!("sts:{name} depends on how the workload calls STS")),
        }
    }
}

/// A key with the prefix `aws:` that does not depend on who calls.
pub(super) fn of_every_call(name: &str, now: Option<Timestamp>) -> Lookup {
    match (name, now) {
        ("currenttime", Some(now)) => Lookup::Values(vec![now.to_string()]),
        ("epochtime", Some(now)) => Lookup::Values(vec![now.0.to_string()]),
        _ => Lookup::Unknown(format!("only AWS knows the value of aws:{name} in this call")),
    }
}
