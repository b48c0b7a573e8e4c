//! The trust store: which certificate authorities an SDK in this container would trust.

use super::rootfs;
use crate::probe::evidence::TlsFault;
use crate::probe::subject::Variables;
use nix::dir::Dir;
use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use std::ffi::OsStr;
use std::io::Read;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

/// Where Linux distributions keep their bundle; the order of Go's `crypto/x509/root_linux.go`.
pub(crate) const SYSTEM_BUNDLES: &[&str] = &[
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/pki/tls/cacert.pem",
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
    "/etc/ssl/cert.pem",
];

/// A bundle of all public authorities has some 250 KB; this leaves room for private ones.
const MAX_BUNDLE_BYTES: u64 = 4 * 1024 * 1024;
const MAX_FILES_IN_DIRECTORY: usize = 2_000;

/// `AWS_CA_BUNDLE` replaces everything, as in boto3, the AWS CLI and the Go SDK; then `SSL_CERT_FILE` and
/// `SSL_CERT_DIR`, as in OpenSSL and Go; then the first bundle of the system.
///
/// # Errors
/// The configured bundle cannot be used, or there is none at all.
pub(super) fn load(variables: &Variables, root: &Path) -> Result<RootCertStore, TlsFault> {
    for variable in ["AWS_CA_BUNDLE", "SSL_CERT_FILE"] {
        if let Some(path) = variables.filled(variable) {
            return bundle(root, path).map_err(|why| TlsFault::BadBundle { variable, path: path.to_owned(), why });
        }
    }
    if let Some(path) = variables.filled("SSL_CERT_DIR") {
        return directory(root, path).map_err(|why| TlsFault::BadBundle {
            variable: "SSL_CERT_DIR",
            path: path.to_owned(),
            why,
        });
    }
    let found = SYSTEM_BUNDLES.iter().find_map(|path| bundle(root, path).ok());
    found.ok_or_else(|| TlsFault::NoRoots { looked_at: SYSTEM_BUNDLES.iter().map(|path| (*path).to_owned()).collect() })
}

fn bundle(root: &Path, path: &str) -> Result<RootCertStore, String> {
    let mut store = RootCertStore::empty();
    add(&mut store, &read(root, Path::new(path))?);
    if store.is_empty() { Err("holds no certificate".to_owned()) } else { Ok(store) }
}

fn directory(root: &Path, path: &str) -> Result<RootCertStore, String> {
    let mut store = RootCertStore::empty();
    let path = Path::new(path);
    let directory = rootfs::open_directory(root, path).map_err(|error| error.to_string())?;
    let mut directory = Dir::from_fd(directory.into()).map_err(|error| error.to_string())?;
    for entry in directory.iter().take(MAX_FILES_IN_DIRECTORY).flatten() {
        let name = OsStr::from_bytes(entry.file_name().to_bytes());
        if let Ok(pem) = read(root, &path.join(name)) {
            add(&mut store, &pem);
        }
    }
    if store.is_empty() { Err("holds no certificate".to_owned()) } else { Ok(store) }
}

/// What is no certificate is passed over, as OpenSSL does.
fn add(store: &mut RootCertStore, pem: &[u8]) {
    store.add_parsable_certificates(CertificateDer::pem_slice_iter(pem).flatten());
}

fn read(root: &Path, path: &Path) -> Result<Vec<u8>, String> {
    let file = rootfs::open_regular(root, path).map_err(|e| e.to_string())?;
    let metadata = file.metadata().map_err(|e| e.to_string())?;
    let mut pem = Vec::with_capacity(metadata.len().min(MAX_BUNDLE_BYTES) as usize + 1);
    file.take(MAX_BUNDLE_BYTES + 1).read_to_end(&mut pem).map_err(|e| e.to_string())?;
    if pem.len() as u64 > MAX_BUNDLE_BYTES {
        return Err(format!("is larger than {} MiB", MAX_BUNDLE_BYTES >> 20));
    }
    Ok(pem)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bundle_that_is_none_says_why() {
        let root = tempfile::tempdir().unwrap();
        let write = |name: &str, content: &str| std::fs::write(root.path().join(name), content).unwrap();
        write("text", "no certificate here");
        write("key", "-----BEGIN EC PRIVATE KEY-----\nAAAA\n-----END EC PRIVATE KEY-----\n");
        write("garbage", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
        nix::unistd::mkfifo(&root.path().join("fifo"), nix::sys::stat::Mode::S_IRWXU).unwrap();
        for (name, why) in [
            ("/missing", "No such file"),
            ("/text", "holds no certificate"),
            ("/key", "holds no certificate"),
            ("/garbage", "holds no certificate"),
            ("/fifo", "is a FIFO, not a regular file"),
            ("/", "is a directory, not a regular file"),
        ] {
            let said = bundle(root.path(), name).unwrap_err();
            assert!(said.contains(why), "{name}: {said}");
        }
    }
}
