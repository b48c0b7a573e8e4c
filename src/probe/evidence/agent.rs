//! What the agent of EKS Pod Identity answered, without the credentials.

use super::network::Dial;
use super::sts::UnexpectedKind;
use std::fmt;

/// Why the agent gave no credentials.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AgentFault {
    /// The agent itself refused, or eks-auth behind it.
    Refused(AgentError),
    /// Something answers at the agent's address, but not as the agent does.
    NotTheAgent { status: u16, kind: UnexpectedKind },
    /// Nothing answered: how far the connection came.
    NoAnswer(Box<Dial>),
}

/// An error answer, which the agent writes as plain text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AgentError {
    pub status: u16,
    /// The exception of eks-auth; `None` where the agent itself speaks.
    pub code: Option<String>,
    /// The words of whoever refused.
    pub message: String,
    pub request_id: Option<String>,
}

/// What an error answer means, as far as its text alone decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AgentReason {
    /// No association names the service account.
    NoAssociation,
    /// The agent's own limit.
    RateLimited,
    /// That of eks-auth.
    Throttled,
    /// eks-auth cannot be reached from the node.
    EksAuthUnreachable,
    /// The node has no AWS credentials.
    NoNodeCredentials,
    /// The node role may not call eks-auth.
    NodeRoleDenied,
    /// EKS may not assume the association's role; the text is the same for four causes.
    Unauthorized,
    TokenExpired,
    TokenNotYetValid,
    /// What was sent is not a JWT.
    TokenMalformed,
    /// eks-auth does not accept the token, or the request.
    TokenRefused,
    ServerError,
    /// No text of the agent.
    Unknown,
}

impl AgentError {
    /// Reads the texts of the agent: `[REQUEST-ID]: (CODE): MESSAGE, fault: client`, or as the first agents wrote it,
    /// `... RequestID: ID, CODE: MESSAGE`, or a text of its own (aws/eks-pod-identity-agent, `pkg/errors`).
    pub fn read(status: u16, text: &str) -> AgentError {
        let text = text.trim();
        let by_agent = || AgentError { status, code: None, message: text.to_owned(), request_id: None };
        let now = || {
            let (id, rest) = text.strip_prefix('[')?.split_once("]: (")?;
            let (code, message) = rest.split_once("): ")?;
            Some((id, code, message.rsplit_once(", fault:").map_or(message, |(message, _)| message)))
        };
        let once = || {
            let (id, rest) = text.split_once("RequestID: ")?.1.split_once(", ")?;
            let (code, message) = rest.strip_prefix("api error ").unwrap_or(rest).split_once(": ")?;
            Some((id, code, message))
        };
        let Some((id, code, message)) = now().or_else(once).filter(|(_, code, _)| is_code(code)) else {
            return by_agent();
        };
        AgentError {
            status,
            code: Some(code.to_owned()),
            message: message.to_owned(),
            request_id: Some(id.to_owned()).filter(|id| !id.is_empty()),
        }
    }

    pub fn reason(&self) -> AgentReason {
        let says = |words: &str| self.message.contains(words);
        match self.code.as_deref() {
            Some("ResourceNotFoundException") => AgentReason::NoAssociation,
            Some("ThrottlingException") => AgentReason::Throttled,
            Some("ExpiredTokenException") => AgentReason::TokenExpired,
            Some("AccessDeniedException") if says("eks-auth:AssumeRoleForPodIdentity") => AgentReason::NodeRoleDenied,
            Some("AccessDeniedException") => AgentReason::Unauthorized,
            Some("InternalServerException" | "ServiceUnavailableException") => AgentReason::ServerError,
            Some(_) if self.status == 429 => AgentReason::Throttled,
            Some(_) if self.status < 500 => AgentReason::TokenRefused,
            Some(_) => AgentReason::ServerError,
            None if self.status == 429 => AgentReason::RateLimited,
            None if says("token is expired") || says("expired by") => AgentReason::TokenExpired,
            None if says("token is not valid yet") => AgentReason::TokenNotYetValid,
            None if says("Service account token") => AgentReason::TokenMalformed,
            None if says("get identity") => AgentReason::NoNodeCredentials,
            None if self.status == 500 && self.message == "[]" => AgentReason::EksAuthUnreachable,
            None if says("EKS Auth") => AgentReason::EksAuthUnreachable,
            None => AgentReason::Unknown,
        }
    }
}

fn is_code(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

impl fmt::Display for AgentFault {
    /// A clause about the request.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused(AgentError { status, code: Some(code), .. }) => write!(f, "{status} {code}"),
            Self::Refused(AgentError { status, message, .. }) => write!(f, "{status} {message:?}"),
            Self::NotTheAgent { status, kind } => write!(f, "{status} {kind}"),
            Self::NoAnswer(dial) => f.write_str(dial.fault().as_deref().unwrap_or("no answer")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_texts_of_the_agent_are_read() {
        let unauthorized = "Unauthorized Exception! EKS does not have permissions to assume the associated role.";
        let of_old = format!(
            "operation error EKS Auth: AssumeRoleForPodIdentity, https response error StatusCode: 400, RequestID: 1-2, \
             AccessDeniedException: {unauthorized}"
        );
        for (status, text, code, message, reason) in [
            (
                400,
                format!("[1-2]: (AccessDeniedException): {unauthorized}, fault: client\n"),
                Some("AccessDeniedException"),
                unauthorized,
                AgentReason::Unauthorized,
            ),
            (500, of_old, Some("AccessDeniedException"), unauthorized, AgentReason::Unauthorized),
            (500, "[]\n".into(), None, "[]", AgentReason::EksAuthUnreachable),
            (429, "Too Many Requests\n".into(), None, "Too Many Requests", AgentReason::RateLimited),
            (
                404,
                "[1-2]: (ResourceNotFoundException): no association, fault: client".into(),
                Some("ResourceNotFoundException"),
                "no association",
                AgentReason::NoAssociation,
            ),
            (404, "404 page not found\n".into(), None, "404 page not found", AgentReason::Unknown),
            (
                400,
                "Service account token failed basic claim validations: token is expired\n".into(),
                None,
                "Service account token failed basic claim validations: token is expired",
                AgentReason::TokenExpired,
            ),
            (
                400,
                "[x]: (InvalidTokenException): a, b".into(),
                Some("InvalidTokenException"),
                "a, b",
                AgentReason::TokenRefused,
            ),
            (503, "[x]: (NeverSeen): y".into(), Some("NeverSeen"), "y", AgentReason::ServerError),
            (429, "[x]: (NeverSeen): y".into(), Some("NeverSeen"), "y", AgentReason::Throttled),
            (400, "[x]: (not a code): y".into(), None, "[x]: (not a code): y", AgentReason::Unknown),
        ] {
            let read = AgentError::read(status, &text);
            assert_eq!((read.code.as_deref(), read.message.as_str(), read.reason()), (code, message, reason), "{text}");
        }
    }
}
