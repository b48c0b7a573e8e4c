//! TLS with a verifier that remembers what the server showed, so that a refusal can be explained.

use super::roots::Bundle;
use crate::probe::evidence::{TlsFault, TlsSession};
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{CertificateError, CipherSuite, ClientConfig, DigitallySignedStruct, Error, SignatureScheme};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use x509_parser::prelude::{AttributeTypeAndValue, FromDer, GeneralName, X509Certificate};

/// A TLS client that trusts some bundles.
#[derive(Clone)]
pub(super) struct Tls {
    config: Arc<ClientConfig>,
    verifier: Arc<Remembering>,
    /// A bundle that a variable names and that may hold the authority which is missing.
    unusable: Option<TlsFault>,
}

impl Tls {
    /// # Errors
    /// The trust store cannot be used.
    pub(super) fn new((bundles, unusable): (Vec<Bundle>, Option<TlsFault>)) -> Result<Tls, TlsFault> {
        let other = |error: String| TlsFault::Other(error);
        let provider = Arc::new(provider());
        let webpki = |(name, roots): Bundle| {
            let webpki = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider.clone()).build();
            webpki.map(|webpki| (name, webpki)).map_err(|error| other(error.to_string()))
        };
        let mut bundles = bundles.into_iter().map(webpki);
        let first = bundles.next().ok_or_else(|| other("there is no CA bundle".to_owned()))??;
        let others = bundles.collect::<Result<_, _>>()?;
        let verifier = Arc::new(Remembering { first, others, shown: Mutex::default() });
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|error| other(error.to_string()))?
            .dangerous() // The verifier below only adds memory to webpki's.
            .with_custom_certificate_verifier(verifier.clone())
            .with_no_client_auth();
        Ok(Tls { config: Arc::new(config), verifier, unusable })
    }

    /// Shakes hands with the server that is meant to be `host`.
    ///
    /// # Errors
    /// Why the server was not trusted, or what it spoke instead of TLS.
    pub(super) async fn connect<S: AsyncRead + AsyncWrite + Unpin>(
        &self,
        host: &str,
        stream: S,
    ) -> Result<(TlsStream<S>, TlsSession), TlsFault> {
        let bare = host.trim_start_matches('[').trim_end_matches(']').to_owned();
        let name = ServerName::try_from(bare).map_err(|_| TlsFault::Other(format!("{host:?} is no host name")))?;
        match TlsConnector::from(self.config.clone()).connect(name, stream).await {
            Ok(stream) => {
                let protocol = stream.get_ref().1.protocol_version();
                let session = TlsSession {
                    protocol: protocol.and_then(|version| version.as_str()).unwrap_or("TLS").replace('_', "."),
                    issuer: self.verifier.leaf(issuer).flatten(),
                    top_thumbprint: self.verifier.top_thumbprint(),
                    bundle: self.verifier.shown().bundle,
                };
                Ok((stream, session))
            }
            Err(error) => Err(self.fault(&error)),
        }
    }

    fn fault(&self, error: &std::io::Error) -> TlsFault {
        let Some(tls) = error.get_ref().and_then(|inner| inner.downcast_ref::<Error>()) else {
            return match error.kind() {
                std::io::ErrorKind::UnexpectedEof
                | std::io::ErrorKind::ConnectionReset
                | std::io::ErrorKind::BrokenPipe => TlsFault::Closed,
                _ => TlsFault::Other(error.to_string()),
            };
        };
        match tls {
            Error::InvalidCertificate(certificate) => self.certificate_fault(certificate),
            // What speaks plain HTTP here answers with an error page or closes.
            Error::InvalidMessage(_) => TlsFault::NotTls,
            other => TlsFault::Other(other.to_string()),
        }
    }

    fn unknown_issuer(&self) -> TlsFault {
        let unknown = || TlsFault::UnknownIssuer { issuer: self.verifier.leaf(issuer).flatten() };
        self.unusable.clone().unwrap_or_else(unknown)
    }

    fn certificate_fault(&self, error: &CertificateError) -> TlsFault {
        use CertificateError::*;
        match error {
            UnknownIssuer => self.unknown_issuer(),
            Expired | ExpiredContext { .. } => TlsFault::Expired { not_after: self.verifier.leaf(not_after) },
            NotValidYet | NotValidYetContext { .. } => {
                TlsFault::NotYetValid { not_before: self.verifier.leaf(not_before) }
            }
            NotValidForName | NotValidForNameContext { .. } => {
                TlsFault::WrongName { names: self.verifier.leaf(names).unwrap_or_default() }
            }
            other => match self.verifier.is_self_signed() {
                true => self.unknown_issuer(),
                false => TlsFault::Other(other.to_string()),
            },
        }
    }
}

/// Offers AES-128 first, which is what AWS takes: its SHA-256 costs half of the SHA-384 beside AES-256.
fn provider() -> CryptoProvider {
    let mut provider = rustls::crypto::ring::default_provider();
    provider.cipher_suites.sort_by_key(|suite| suite.suite() != CipherSuite::TLS13_AES_128_GCM_SHA256);
    provider
}

/// Webpki's judgement, and what it was of.
#[derive(Debug)]
struct Remembering {
    first: Judge,
    /// Asked, in order, about an issuer that the ones before do not know.
    others: Vec<Judge>,
    shown: Mutex<Shown>,
}

/// A bundle's name, and who judges by it.
type Judge = (&'static str, Arc<WebPkiServerVerifier>);

#[derive(Debug, Default)]
struct Shown {
    chain: Vec<CertificateDer<'static>>,
    /// The one by which it was verified.
    bundle: &'static str,
}

impl Remembering {
    fn shown(&self) -> MutexGuard<'_, Shown> {
        self.shown.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn leaf<T>(&self, read: fn(&X509Certificate) -> T) -> Option<T> {
        let shown = self.shown();
        let (_, certificate) = X509Certificate::from_der(shown.chain.first()?).ok()?;
        Some(read(&certificate))
    }

    /// As IAM computes the thumbprint of an identity provider (IAM user guide, "Obtain the thumbprint").
    fn top_thumbprint(&self) -> Option<String> {
        let shown = self.shown();
        let sha1 = ring::digest::digest(&ring::digest::SHA1_FOR_LEGACY_USE_ONLY, shown.chain.last()?);
        Some(sha1.as_ref().iter().map(|byte| format!("{byte:02x}")).collect())
    }

    fn is_self_signed(&self) -> bool {
        self.leaf(|certificate| certificate.subject() == certificate.issuer()).unwrap_or(false)
    }
}

impl ServerCertVerifier for Remembering {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let chain = std::iter::once(end_entity).chain(intermediates).map(|der| der.clone().into_owned()).collect();
        *self.shown() = Shown { chain, bundle: self.first.0 };
        let ask = |webpki: &WebPkiServerVerifier| {
            webpki.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now)
        };
        let first = ask(&self.first.1);
        if matches!(first, Err(Error::InvalidCertificate(CertificateError::UnknownIssuer))) {
            for (name, webpki) in &self.others {
                if let Ok(verified) = ask(webpki) {
                    self.shown().bundle = name;
                    return Ok(verified);
                }
            }
        }
        first
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.first.1.verify_tls12_signature(message, certificate, signature)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.first.1.verify_tls13_signature(message, certificate, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.first.1.supported_verify_schemes()
    }
}

/// The parts of the name that say who it is. The library's own text of a name builds a table of all object identifiers.
fn issuer(certificate: &X509Certificate) -> Option<String> {
    let part = |attribute: &AttributeTypeAndValue| {
        let (short, _) = NAME_PARTS.iter().find(|(_, oid)| *oid == attribute.attr_type().as_bytes())?;
        Some(format!("{short}={}", attribute.as_str().ok()?))
    };
    let parts: Vec<String> = certificate.issuer().iter_attributes().filter_map(part).collect();
    Some(parts.join(", ")).filter(|name| !name.is_empty())
}

/// Attribute types 2.5.4.3, 6, 10 and 11 of X.520, as DER holds them.
const NAME_PARTS: [(&str, &[u8]); 4] =
    [("CN", &[0x55, 4, 3]), ("C", &[0x55, 4, 6]), ("O", &[0x55, 4, 10]), ("OU", &[0x55, 4, 11])];

fn not_after(certificate: &X509Certificate) -> String {
    crate::text::timestamp::Timestamp(certificate.validity().not_after.timestamp()).to_string()
}

fn not_before(certificate: &X509Certificate) -> String {
    crate::text::timestamp::Timestamp(certificate.validity().not_before.timestamp()).to_string()
}

/// The first names are enough to tell whose certificate this is.
fn names(certificate: &X509Certificate) -> Vec<String> {
    let Ok(Some(extension)) = certificate.subject_alternative_name() else {
        return Vec::new();
    };
    let name = |name: &GeneralName| match name {
        GeneralName::DNSName(name) => Some((*name).to_owned()),
        GeneralName::IPAddress(bytes) => match **bytes {
            [a, b, c, d] => Some(std::net::Ipv4Addr::new(a, b, c, d).to_string()),
            _ => <[u8; 16]>::try_from(*bytes).ok().map(|v6| std::net::Ipv6Addr::from(v6).to_string()),
        },
        _ => None,
    };
    extension.value.general_names.iter().filter_map(name).take(8).collect()
}
