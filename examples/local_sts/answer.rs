//! What STS answers: the XML, the headers, and every refusal in AWS's own words.

use aws_smithy_types::DateTime;
use aws_smithy_types::date_time::Format;
use std::borrow::Cow;

const NAMESPACE: &str = "https://sts.amazonaws.com/doc/2011-06-15/";

/// One HTTP answer.
#[derive(Clone)]
pub struct Answer {
    pub status: u16,
    pub headers: Vec<(&'static str, String)>,
    pub body: Vec<u8>,
}

impl Answer {
    pub fn new(status: u16, content_type: &str, body: impl Into<Vec<u8>>) -> Self {
        Self { status, headers: vec![("Content-Type", content_type.to_owned())], body: body.into() }
    }

    /// A success: `result` is the XML within `<OperationResult>`.
    pub fn success(operation: &str, result: &str, request_id: &str) -> Self {
        let body = format!(
            "<{operation}Response xmlns=\"{NAMESPACE}\">\n  <{operation}Result>\n{result}  </{operation}Result>\n  \
             <ResponseMetadata>\n    <RequestId>{request_id}</RequestId>\n  </ResponseMetadata>\n\
             </{operation}Response>\n"
        );
        Self::new(200, "text/xml", body).header("x-amzn-requestid", request_id)
    }

    pub fn refusal(refusal: &StsError, request_id: &str) -> Self {
        let blame = if refusal.status < 500 { "Sender" } else { "Receiver" };
        let (code, message) = (&refusal.code, escaped(&refusal.message));
        let body = format!(
            "<ErrorResponse xmlns=\"{NAMESPACE}\">\n  <Error>\n    <Type>{blame}</Type>\n    <Code>{code}</Code>\n    \
             <Message>{message}</Message>\n  </Error>\n  <RequestId>{request_id}</RequestId>\n</ErrorResponse>\n"
        );
        Self::new(refusal.status, "text/xml", body).header("x-amzn-requestid", request_id)
    }

    /// Sets a header, in the place of one with the same name.
    pub fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.retain(|(key, _)| *key != name);
        self.headers.push((name, value.into()));
        self
    }

    /// The status line and the headers, with the empty line behind them.
    pub fn head(&self) -> String {
        let headers: String = self.headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
        format!("HTTP/1.1 {} {}\r\n{headers}\r\n", self.status, reason(self.status))
    }

    /// With the headers that every answer has; `now` is in seconds since 1970.
    pub fn complete(self, now: i64) -> Self {
        let length = self.body.len().to_string();
        let date = http_date(now);
        let dated = self.headers.iter().any(|(name, _)| *name == "Date");
        let answer = if dated { self } else { self.header("Date", date) };
        answer.header("Content-Length", length)
    }
}

fn reason(status: u16) -> &'static str {
    match status {
        200 => "OK",
        302 => "Found",
        400 => "Bad Request",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        407 => "Proxy Authentication Required",
        429 => "Too Many Requests",
        500 => "Internal Server Error",
        502 => "Bad Gateway",
        503 => "Service Unavailable",
        504 => "Gateway Timeout",
        _ => "Unknown",
    }
}

pub fn http_date(seconds: i64) -> String {
    DateTime::from_secs(seconds).fmt(Format::HttpDate).unwrap_or_default()
}

/// `2026-11-22T01:02:03Z`
pub fn iso_date(seconds: i64) -> String {
    DateTime::from_secs(seconds).fmt(Format::DateTime).unwrap_or_default()
}

pub fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// Why STS will not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StsError {
    pub status: u16,
    pub code: Cow<'static, str>,
    pub message: String,
}

impl StsError {
    pub fn new(status: u16, code: impl Into<Cow<'static, str>>, message: impl Into<String>) -> Self {
        Self { status, code: code.into(), message: message.into() }
    }

    pub fn access_denied() -> Self {
        Self::new(403, "AccessDenied", "Not authorized to perform sts:AssumeRoleWithWebIdentity")
    }

    pub fn validation(message: impl Into<String>) -> Self {
        Self::new(400, "ValidationError", message)
    }

    pub fn invalid_token(message: impl Into<String>) -> Self {
        Self::new(400, "InvalidIdentityToken", message)
    }

    pub fn no_provider(issuer: &str) -> Self {
        Self::invalid_token(format!("No OpenIDConnect provider found in your account for {issuer}"))
    }

    pub fn no_verification_key() -> Self {
        Self::invalid_token(
            "Couldn't retrieve verification key from your identity provider,  please reference \
             AssumeRoleWithWebIdentity documentation for requirements",
        )
    }

    pub fn token_expired(now: i64, expiry: i64) -> Self {
        let message =
            format!("Token expired: current date/time {now} must be before the expiration date/time {expiry}");
        Self::new(400, "ExpiredTokenException", message)
    }

    pub fn signature(message: impl Into<String>) -> Self {
        Self::new(403, "SignatureDoesNotMatch", message)
    }

    pub fn unknown_key() -> Self {
        Self::new(403, "InvalidClientTokenId", "The security token included in the request is invalid")
    }

    /// A refusal in full: `400 Throttling: Rate exceeded`.
    pub fn stated(text: &str) -> Option<Self> {
        let (head, message) = text.split_once(": ")?;
        let (status, code) = head.split_once(' ')?;
        Some(Self::new(status.parse().ok().filter(|status| (400..600).contains(status))?, code.to_owned(), message))
    }

    /// A refusal by its wire code, or, where a code has several texts, by a name of its own.
    pub fn named(name: &str) -> Option<Self> {
        Some(match name {
            "AccessDenied" => Self::access_denied(),
            // Nobody has shown AWS's text for this operation; this is that of its siblings.
            "explicit-deny" => Self::new(
                403,
                "AccessDenied",
                "User: anonymous is not authorized to perform: sts:AssumeRoleWithWebIdentity with an explicit deny in \
                 a service control policy",
            ),
            "duration" => {
                Self::validation("The requested DurationSeconds exceeds the MaxSessionDuration set for this role.")
            }
            "ExpiredTokenException" => Self::token_expired(1_731_098_245, 1_731_095_240),
            "token-too-old" => Self::new(400, "ExpiredTokenException", "Token too old: 441398"),
            "InvalidIdentityToken" | "not-validated" => {
                Self::invalid_token("The web identity token provided could not be validated")
            }
            "not-a-jwt" => Self::invalid_token(
                "The ID Token provided is not a valid JWT. (You may see this error if you sent an Access Token)",
            ),
            "wrong-audience" => Self::invalid_token("Incorrect token audience"),
            "no-provider" => Self::no_provider("https://oidc.eks.eu-west-1.amazonaws.com/id/EXAMPLE"),
            "no-verification-key" => Self::no_verification_key(),
            "thumbprint" => {
                Self::invalid_token("OpenIDConnect provider's HTTPS certificate doesn't match configured thumbprint")
            }
            // Of this code only the meaning is public, not the text.
            "IDPCommunicationError" => {
                Self::new(400, "IDPCommunicationError", "Error communicating with the identity provider")
            }
            "IDPRejectedClaim" => Self::new(
                403,
                "IDPRejectedClaim",
                "graph.facebook.com: graph.facebook.com responded with HTTP/1.1 400 Bad Request",
            ),
            "RegionDisabledException" => Self::new(
                403,
                "RegionDisabledException",
                "STS is not activated in this region for account:111122223333. Your account administrator can \
                 activate STS in this region using the IAM Console.",
            ),
            "ValidationError" => Self::validation("Request ARN is invalid"),
            "Throttling" => Self::new(400, "Throttling", "Rate exceeded"),
            "PackedPolicyTooLarge" => {
                Self::new(400, "PackedPolicyTooLarge", "Packed size of session tags consumes 112% of allotted space.")
            }
            "MalformedPolicyDocument" => {
                Self::new(400, "MalformedPolicyDocument", "The policy is not in the valid JSON format.")
            }
            "InvalidClientTokenId" => Self::unknown_key(),
            "SignatureDoesNotMatch" => Self::signature(
                "Signature expired: 20220127T001427Z is now earlier than 20220127T014428Z (20220127T015928Z - 15 min.)",
            ),
            "ExpiredToken" => Self::new(403, "ExpiredToken", "The security token included in the request is expired"),
            "MissingAuthenticationToken" => {
                Self::new(403, "MissingAuthenticationToken", "Request is missing Authentication Token")
            }
            "InternalFailure" => Self::new(
                500,
                "InternalFailure",
                "The request processing has failed because of an unknown error, exception or failure.",
            ),
            "ServiceUnavailable" => {
                Self::new(503, "ServiceUnavailable", "The request has failed due to a temporary failure of the server.")
            }
            _ => return None,
        })
    }
}
