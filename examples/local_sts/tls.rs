//! A certificate authority of the stand-in's own.

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, KeyUsagePurpose, date_time_ymd};
use rustls::ServerConfig;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use std::io::{Error, Result};
use std::ops::Range;
use std::sync::Arc;

pub struct Authority {
    issuer: Issuer<'static, KeyPair>,
    /// The certificate, for `AWS_CA_BUNDLE` or `SSL_CERT_FILE`.
    pub pem: String,
}

impl Authority {
    pub fn new() -> Result<Self> {
        Self::named("irsa-probe local test CA")
    }

    pub fn named(name: &str) -> Result<Self> {
        let key = KeyPair::generate().map_err(Error::other)?;
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let pem = params.self_signed(&key).map_err(Error::other)?.pem();
        Ok(Self { issuer: Issuer::new(params, key), pem })
    }

    /// A server with a certificate for these names and addresses.
    pub fn server(&self, names: &[&str]) -> Result<Arc<ServerConfig>> {
        self.server_with(names, |_| ())
    }

    /// A server whose certificate is valid from the one year's beginning to the other's.
    pub fn server_valid(&self, names: &[&str], years: Range<i32>) -> Result<Arc<ServerConfig>> {
        self.server_with(names, |params| {
            params.not_before = date_time_ymd(years.start, 1, 1);
            params.not_after = date_time_ymd(years.end, 1, 1);
        })
    }

    fn server_with(&self, names: &[&str], edit: impl FnOnce(&mut CertificateParams)) -> Result<Arc<ServerConfig>> {
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        let key = KeyPair::generate().map_err(Error::other)?;
        let mut params = CertificateParams::new(names).map_err(Error::other)?;
        params.distinguished_name.push(DnType::CommonName, "irsa-probe local test server");
        edit(&mut params);
        let certificate = params.signed_by(&key, &self.issuer).map_err(Error::other)?;
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let config = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(Error::other)?
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], key)
            .map_err(Error::other)?;
        Ok(Arc::new(config))
    }
}
