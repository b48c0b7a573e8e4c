//! Where STS is called, and what it answered.

use crate::aws::partition::Partition;
use crate::text::timestamp::Timestamp;
use std::fmt;

/// The STS endpoint that an SDK in this environment calls.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint {
    /// Without user and password.
    pub url: String,
    pub host: String,
    pub port: u16,
    pub https: bool,
    /// The region that requests are signed for.
    pub region: String,
    pub source: EndpointSource,
    /// `None` where the user named a host that is not of AWS's naming.
    pub partition: Option<Partition>,
    /// `host:port` of the proxy that the variables put in between.
    pub proxy: Option<String>,
}

impl Endpoint {
    /// `sts.amazonaws.com`, whose sessions are of version 1 and only valid in regions that are on by default.
    pub fn is_global(&self) -> bool {
        self.host == "sts.amazonaws.com"
    }
}

/// What named the endpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EndpointSource {
    /// `AWS_ENDPOINT_URL_STS`, `AWS_ENDPOINT_URL` or a profile.
    Override(&'static str),
    /// `--region`, `AWS_REGION`, `AWS_DEFAULT_REGION` or a profile.
    Region(&'static str),
    /// No region is set: the probe took the issuer's, which no SDK does.
    Issuer,
    /// No region is set and the issuer names none: the global endpoint of the role's partition.
    Fallback,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EndpointFault {
    /// The override is no URL that a client can call.
    BadUrl { variable: &'static str, url: String, why: String },
    /// The region cannot be part of a host name.
    BadRegion { variable: &'static str, region: String },
    /// The endpoint is of another partition than the role: the token must not be sent there.
    WrongPartition { endpoint: Box<Endpoint>, role: Partition },
    /// The SDK's own rules give no endpoint; in its words.
    NoRule(String),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation {
    AssumeRoleWithWebIdentity,
    GetCallerIdentity,
}

impl Operation {
    pub fn name(self) -> &'static str {
        match self {
            Self::AssumeRoleWithWebIdentity => "AssumeRoleWithWebIdentity",
            Self::GetCallerIdentity => "GetCallerIdentity",
        }
    }

    /// The step's name in reports.
    pub fn step(self) -> &'static str {
        match self {
            Self::AssumeRoleWithWebIdentity => "assume-role-with-web-identity",
            Self::GetCallerIdentity => "get-caller-identity",
        }
    }
}

/// What AssumeRoleWithWebIdentity or the agent of EKS Pod Identity gave, without the credentials.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    pub expires_at: Timestamp,
    pub attempts: u32,
}

/// What GetCallerIdentity said of those credentials.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    pub arn: String,
    pub account: String,
    /// Empty where STS named only the ARN.
    pub user_id: String,
}

/// Why a call gave nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CallFault {
    /// STS itself answered with an error.
    Refused(StsError),
    /// Something answered, but it was not STS, or not whole.
    NotSts(UnexpectedResponse),
    /// Nothing answered.
    NoAnswer(NoAnswer),
}

impl CallFault {
    /// Whose the credentials are, where STS says that they may not call GetCallerIdentity: it names them only once it has
    /// verified the signature. No SDK makes this call to get credentials, and a policy of the VPC endpoint may deny it
    /// (IAM user guide, "Control access to AWS STS with VPC endpoint policies").
    pub fn denied_caller(&self) -> Option<Caller> {
        let Self::Refused(StsError { operation: Operation::GetCallerIdentity, code, message, .. }) = self else {
            return None;
        };
        let (arn, denied) = message.trim().strip_prefix("User: ")?.split_once(' ')?;
        let is_denied =
            code == "AccessDenied" && denied.starts_with("is not authorized to perform: sts:GetCallerIdentity");
        let account = arn.split(':').nth(4).filter(|_| is_denied)?;
        Some(Caller { arn: arn.to_owned(), account: account.to_owned(), user_id: String::new() })
    }
}

/// An error answer of STS, in its own words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StsError {
    pub operation: Operation,
    pub status: u16,
    pub code: String,
    pub message: String,
    pub request_id: Option<String>,
    pub attempts: u32,
}

impl fmt::Display for StsError {
    /// A sentence: who refused what, and in which words.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let StsError { operation, status, code, message, .. } = self;
        write!(f, "STS refused {} with {status} {code}", operation.name())?;
        match message.trim() {
            "" => f.write_str("."),
            message => write!(f, ", {message:?}."),
        }
    }
}

/// An answer that is not STS's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnexpectedResponse {
    pub operation: Operation,
    pub status: u16,
    pub content_type: Option<String>,
    /// The `Server` header, which often names a proxy or portal.
    pub server: Option<String>,
    pub kind: UnexpectedKind,
    pub attempts: u32,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UnexpectedKind {
    Empty,
    Html,
    Json,
    /// XML of something else, such as S3.
    OtherXml {
        code: Option<String>,
    },
    /// STS's answer, cut off.
    CutOff,
    /// More than 256 KiB.
    TooLong,
    /// 3xx, which is never followed with a token in hand; the host it names.
    Redirect {
        to: Option<String>,
    },
    /// Packed although no packing was asked for.
    Encoded {
        encoding: String,
    },
    /// STS's answer to the call without credentials, an ARN or an expiry that can be used; which.
    Incomplete {
        missing: &'static str,
    },
    /// STS's answer to the call with something in it that cannot be read; what. Its value is not shown: it may be
    /// anything.
    Unreadable {
        what: &'static str,
    },
    Unknown,
}

/// Nothing answered: the connection's own story is in [`super::Dial`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoAnswer {
    pub operation: Operation,
    pub attempts: u32,
    /// The budget ran out, rather than every attempt.
    pub out_of_time: bool,
}

/// How far the local clock is from another's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Clock {
    /// Positive: the other clock is ahead of ours.
    pub ahead_seconds: i64,
    pub source: ClockSource,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClockSource {
    /// The `Date` header of an answer.
    DateHeader,
    /// The times that the text of an error holds.
    ErrorText,
}

impl fmt::Display for CallFault {
    /// A clause about the call.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused(refusal) => write!(f, "{} {}", refusal.status, refusal.code),
            Self::NotSts(unexpected) => write!(f, "{} {}", unexpected.status, unexpected.kind),
            Self::NoAnswer(NoAnswer { out_of_time: true, .. }) => f.write_str("no answer within the run's time"),
            Self::NoAnswer(_) => f.write_str("no answer"),
        }
    }
}

impl fmt::Display for UnexpectedKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("with an empty body"),
            Self::Html => f.write_str("with an HTML page"),
            Self::Json => f.write_str("with JSON"),
            Self::OtherXml { code: Some(code) } => write!(f, "with XML that is not STS's, code {code}"),
            Self::OtherXml { code: None } => f.write_str("with XML that is not STS's"),
            Self::CutOff => f.write_str("with a body that was cut off"),
            Self::TooLong => f.write_str("with a body of more than 256 KiB"),
            Self::Redirect { to: Some(host) } => write!(f, "that redirects to {host}"),
            Self::Redirect { to: None } => f.write_str("that redirects"),
            Self::Encoded { encoding } => write!(f, "with a body in the encoding {encoding}, which was not asked for"),
            Self::Incomplete { missing } => write!(f, "that lacks the {missing}"),
            Self::Unreadable { what } => write!(f, "in which the {what} cannot be read"),
            Self::Unknown => f.write_str("with a body that is neither XML nor anything known"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_of_get_caller_identity_itself_names_the_caller() {
        const ARN: &str = "arn:aws:sts::111122223333:assumed-role/checkout/irsa-probe";
        let denied = |action: &str| format!("User: {ARN} is not authorized to perform: {action}");
        let own =
            denied("sts:GetCallerIdentity because no VPC endpoint policy allows the sts:GetCallerIdentity action");
        for (operation, code, message, named) in [
            (Operation::GetCallerIdentity, "AccessDenied", own.as_str(), Some(ARN)),
            (Operation::GetCallerIdentity, "AccessDenied", &denied("sts:GetCallerIdentity"), Some(ARN)),
            (Operation::GetCallerIdentity, "AccessDenied", &denied("sts:AssumeRole"), None),
            (Operation::GetCallerIdentity, "AccessDenied", "Access denied", None),
            (Operation::GetCallerIdentity, "InvalidClientTokenId", &own, None),
            (Operation::AssumeRoleWithWebIdentity, "AccessDenied", &own, None),
        ] {
            let error = StsError {
                operation,
                status: 403,
                code: code.to_owned(),
                message: message.to_owned(),
                request_id: None,
                attempts: 1,
            };
            let caller = CallFault::Refused(error).denied_caller();
            assert_eq!(caller.as_ref().map(|caller| caller.arn.as_str()), named, "{operation:?} {code} {message}");
            assert!(caller.is_none_or(|caller| caller.account == "111122223333"), "{message}");
        }
    }
}
