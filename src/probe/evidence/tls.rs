//! A TLS handshake and the ways in which it fails.

use std::fmt;

/// In the place of a variable that names certificate authorities: the bundle of the image.
pub const SYSTEM: &str = "";
/// The bundle of the probe's own image, where the application's image has none.
pub const OF_THE_PROBE: &str = "the probe's own bundle";

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlsSession {
    /// `TLSv1.3`, `TLSv1.2`.
    pub protocol: String,
    /// The issuer of the server's certificate.
    pub issuer: Option<String>,
    /// SHA-1 of the last certificate that the server sent, as 40 hexadecimal digits.
    pub top_thumbprint: Option<String>,
    /// The bundle whose authorities verified it: the variable that names it, [`SYSTEM`] or [`OF_THE_PROBE`].
    pub bundle: &'static str,
}

impl TlsSession {
    pub fn is_of_amazon(&self) -> bool {
        self.issuer.as_deref().is_some_and(is_of_amazon)
    }
}

/// The authorities that issue AWS's certificates (Amazon Trust Services, and before it Starfield and DigiCert).
pub fn is_of_amazon(issuer: &str) -> bool {
    ["Amazon", "Starfield", "DigiCert", "VeriSign"].iter().any(|name| issuer.contains(name))
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TlsFault {
    /// The issuer is not in the trust store. `issuer` is its name in the certificate.
    UnknownIssuer {
        issuer: Option<String>,
    },
    Expired {
        not_after: Option<String>,
    },
    NotYetValid {
        not_before: Option<String>,
    },
    /// `names` are those the certificate is for.
    WrongName {
        names: Vec<String>,
    },
    /// There is no trust store: this image has no bundle.
    NoRoots {
        looked_at: Vec<String>,
    },
    /// The configured bundle cannot be used.
    BadBundle {
        variable: &'static str,
        path: String,
        why: String,
    },
    /// The peer does not speak TLS.
    NotTls,
    /// Any other failure, in the library's words.
    Other(String),
    Closed,
    TimedOut {
        after_ms: u64,
    },
}

impl fmt::Display for TlsFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownIssuer { issuer: Some(issuer) } => {
                write!(f, "the certificate's issuer {issuer:?} is not in the trust store")
            }
            Self::UnknownIssuer { issuer: None } => f.write_str("the certificate's issuer is not in the trust store"),
            Self::Expired { not_after } => {
                write!(f, "the certificate expired {}", not_after.as_deref().unwrap_or("in the past"))
            }
            Self::NotYetValid { not_before } => {
                write!(f, "the certificate begins {}", not_before.as_deref().unwrap_or("in the future"))
            }
            Self::WrongName { names } => write!(f, "the certificate is for {}", names.join(", ")),
            Self::NoRoots { .. } => f.write_str("no trust store: there is no CA bundle here"),
            Self::BadBundle { variable, path, why } => write!(f, "{variable}={path}: {why}"),
            Self::NotTls => f.write_str("the server does not speak TLS"),
            Self::Other(words) => f.write_str(words),
            Self::Closed => f.write_str("the connection was closed within the handshake"),
            Self::TimedOut { after_ms } => write!(f, "no handshake within {after_ms} ms"),
        }
    }
}
