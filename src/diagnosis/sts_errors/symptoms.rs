//! What AWS, the operating system, TLS libraries and SDKs say, and what they mean by it.
//!
//! Sources: the STS API reference and its service model, texts quoted in public issue threads, and the sources of the
//! SDKs. Only the words of the one who found the fault count, never those of what wraps it.

use std::ops::Range;

/// What an error says, before anything else that is known narrows down why.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Symptom {
    // AWS answered.
    ExplicitDeny,
    NotAuthorized,
    NoProvider,
    WrongAudience,
    NoAudience,
    Thumbprint,
    NoVerificationKey,
    IdpSilent,
    IdpRejected,
    TokenExpired,
    TokenRejected,
    /// A 403 to AssumeRoleWithWebIdentity without its code.
    Forbidden,
    BadRoleArn,
    BadSessionName,
    BadToken,
    TooLong,
    RequestRejected,
    RegionDisabled,
    Throttled,
    ServerError,
    PackedPolicy,
    SecondHopDenied,
    ClockSkew,
    SessionExpired,
    SessionRefused,
    KeysRefused,
    /// The agent of EKS Pod Identity speaks.
    PodIdentity,
    WrongScope,
    NotSts,
    CallerDenied,
    // The SDK could not even ask.
    WebhookFailed,
    TokenPathEmpty,
    TokenPathNotAbsolute,
    TokenDenied,
    TokenIsDirectory,
    TokenMissing,
    /// Not read, and not said why.
    TokenUnreadable,
    HalfConfigured,
    NoStsModule,
    NoRegion,
    PlainHttp,
    // The question did not arrive.
    Proxy,
    TlsName,
    TlsTime,
    TlsAuthority,
    /// Something answers, but not in TLS.
    NotTls,
    /// A name server says that there is no such name.
    NoSuchName,
    DnsFailed,
    /// Not resolved, and not said why.
    Unresolved,
    TimedOut,
    Refused,
    Reset,
    CannotConnect,
    /// The text ends while a connection is being made.
    Connecting,
    // Nobody had credentials to ask with.
    NoCredentials,
}

/// Who speaks. Of several that speak in one text, the first here is nearest to the cause.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Voice {
    Admission,
    /// AWS, with a text that means one thing.
    Aws,
    Files,
    Sdk,
    Network,
    /// AWS, about another call than the ones that IRSA makes.
    Elsewhere,
    /// AWS or an SDK, with a code or text that says little.
    Vague,
    /// The end of a credential chain.
    Chain,
}

impl Symptom {
    pub fn voice(self) -> Voice {
        use Symptom::*;
        match self {
            WebhookFailed => Voice::Admission,
            ExplicitDeny | NotAuthorized | NoProvider | WrongAudience | NoAudience | Thumbprint | NoVerificationKey
            | IdpSilent | IdpRejected | TokenExpired | BadRoleArn | BadSessionName | BadToken | TooLong
            | RegionDisabled | Throttled | PackedPolicy | SecondHopDenied | ClockSkew | WrongScope => Voice::Aws,
            TokenPathEmpty | TokenPathNotAbsolute | TokenDenied | TokenIsDirectory | TokenMissing | TokenUnreadable => {
                Voice::Files
            }
            HalfConfigured | NoStsModule | NoRegion | PlainHttp => Voice::Sdk,
            Proxy | TlsName | TlsTime | TlsAuthority | NotTls | NoSuchName | DnsFailed | Unresolved | TimedOut
            | Refused | Reset | CannotConnect | Connecting => Voice::Network,
            SessionExpired | SessionRefused | KeysRefused | PodIdentity | CallerDenied => Voice::Elsewhere,
            TokenRejected | Forbidden | RequestRejected | ServerError | NotSts => Voice::Vague,
            NoCredentials => Voice::Chain,
        }
    }
}

/// One way of saying a symptom: any of the phrases of `says`, with one of each group of `near` not far from it.
pub struct Row {
    pub symptom: Symptom,
    pub says: &'static [&'static str],
    pub near: &'static [&'static [&'static str]],
}

impl Row {
    /// All phrases that bear on it.
    pub fn phrases(&self) -> impl Iterator<Item = &'static str> + use<> {
        self.says.iter().chain(self.near.iter().copied().flatten()).copied()
    }
}

/// The text around a place, cut at characters.
pub fn around<'t>(text: &'t str, place: &Range<usize>, before: usize, after: usize) -> &'t str {
    let start = text.floor_char_boundary(place.start.saturating_sub(before));
    let end = text.ceil_char_boundary(text.len().min(place.end + after));
    &text[start..end]
}
