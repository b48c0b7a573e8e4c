//! The trust store: which certificate authorities an SDK in this container would trust.

use super::rootfs;
use crate::probe::evidence::{OF_THE_PROBE, SYSTEM, TlsFault};
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

/// Certificate authorities, and the variable that names them; [`SYSTEM`] or [`OF_THE_PROBE`] where none does.
pub(super) type Bundle = (&'static str, RootCertStore);

/// `AWS_CA_BUNDLE` replaces everything, as in boto3, the AWS CLI and the Go SDK. Otherwise, in order: `SSL_CERT_FILE` and
/// `SSL_CERT_DIR`; the first bundle of the system, which Go and OpenSSL read beside one of these two, as the other's default
/// (crypto/x509/root_unix.go, `loadSystemRoots`; `SSL_CTX_set_default_verify_paths(3)`); what one runtime alone reads; and
/// the probe's own bundle, where the application's image has none. Which of them verified a server is kept: not every SDK
/// reads each.
///
/// With them, the first that a variable names but that cannot be used.
///
/// # Errors
/// The configured bundle cannot be used, or there is none at all.
pub(super) fn load(variables: &Variables, root: &Path) -> Result<(Vec<Bundle>, Option<TlsFault>), TlsFault> {
    let unusable = |variable, path: &str, why| TlsFault::BadBundle { variable, path: path.to_owned(), why };
    if let Some(path) = variables.filled("AWS_CA_BUNDLE") {
        let found = bundle(root, path).map_err(|why| unusable("AWS_CA_BUNDLE", path, why))?;
        return Ok((vec![("AWS_CA_BUNDLE", found)], None));
    }
    let (mut found, mut fault) = (Vec::new(), None);
    let (file, directories) = (variables.filled("SSL_CERT_FILE"), variables.filled("SSL_CERT_DIR"));
    let directories_in_order = directories.unwrap_or_default().split(':').filter(|path| !path.is_empty());
    let named = file.into_iter().map(|path| ("SSL_CERT_FILE", path, bundle(root, path)));
    let named = named.chain(directories_in_order.map(|path| ("SSL_CERT_DIR", path, directory(root, path))));
    for (variable, path, read) in named {
        match read {
            Ok(store) => found.push((variable, store)),
            Err(why) => fault = fault.or(Some(unusable(variable, path, why))),
        }
    }
    if file.is_none() || directories.is_none() {
        found.extend(system(root).map(|store| (SYSTEM, store)));
    }
    if found.is_empty() && root != Path::new("/") {
        found.extend(system(Path::new("/")).map(|store| (OF_THE_PROBE, store)));
    }
    for variable in ["REQUESTS_CA_BUNDLE", "NODE_EXTRA_CA_CERTS"] {
        let read = variables.filled(variable).and_then(|path| bundle(root, path).ok());
        found.extend(read.map(|store| (variable, store)));
    }
    let none = || TlsFault::NoRoots { looked_at: SYSTEM_BUNDLES.iter().map(|path| (*path).to_owned()).collect() };
    if found.is_empty() { Err(fault.unwrap_or_else(none)) } else { Ok((found, fault)) }
}

fn system(root: &Path) -> Option<RootCertStore> {
    SYSTEM_BUNDLES.iter().find_map(|path| bundle(root, path).ok())
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

    fn pem() -> String {
        rcgen::generate_simple_self_signed(["ca.example".to_owned()]).unwrap().cert.pem()
    }

    #[test]
    fn bundles_are_those_that_go_and_openssl_read() {
        const FILE: (&str, &str) = ("SSL_CERT_FILE", "/own/a.pem");
        const DIRECTORIES: (&str, &str) = ("SSL_CERT_DIR", "/gone:/more");
        let root = tempfile::tempdir().unwrap();
        for path in ["own/a.pem", "more/b.pem", "etc/ssl/certs/ca-certificates.crt"] {
            let path = root.path().join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, pem()).unwrap();
        }
        let names = |variables: &Variables| {
            let (found, _) = load(variables, root.path()).unwrap();
            found.iter().map(|(name, _)| *name).collect::<Vec<_>>()
        };
        for (set, expected) in [
            (&[][..], &[SYSTEM][..]),
            (&[("AWS_CA_BUNDLE", "/own/a.pem"), FILE], &["AWS_CA_BUNDLE"]),
            (&[FILE], &["SSL_CERT_FILE", SYSTEM]),
            (&[("SSL_CERT_FILE", "/gone")], &[SYSTEM]),
            (&[DIRECTORIES], &["SSL_CERT_DIR", SYSTEM]),
            (&[FILE, DIRECTORIES], &["SSL_CERT_FILE", "SSL_CERT_DIR"]),
            (&[("SSL_CERT_FILE", "/gone"), DIRECTORIES], &["SSL_CERT_DIR"]),
            (&[("NODE_EXTRA_CA_CERTS", "/own/a.pem")], &[SYSTEM, "NODE_EXTRA_CA_CERTS"]),
            (&[("REQUESTS_CA_BUNDLE", "/gone")], &[SYSTEM]),
        ] {
            assert_eq!(names(&set.iter().copied().collect()), expected, "{set:?}");
        }
        let both = [("SSL_CERT_FILE", "/gone"), ("SSL_CERT_DIR", "/gone")].into_iter().collect();
        std::fs::remove_dir_all(root.path().join("etc")).unwrap();
        assert!(system(Path::new("/")).is_none() || names(&both) == [OF_THE_PROBE]);
    }

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
