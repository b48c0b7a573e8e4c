//! The mounts where the webhook and Kubernetes put tokens, and the identity in the token for the Kubernetes API.

use super::{jwt, rootfs, token_file};
use crate::probe::evidence::{Mount, Mounts, Seen, Token};
use crate::probe::subject::{Subject, proc};
use nix::dir::Dir;
use std::path::Path;

const IRSA: &str = "/var/run/secrets/eks.amazonaws.com/serviceaccount";
const POD_IDENTITY: &str = "/var/run/secrets/pods.eks.amazonaws.com/serviceaccount";
const API: &str = "/var/run/secrets/kubernetes.io/serviceaccount";
const MAX_ENTRIES: usize = 8;

/// Inspects the mounts of the subject; `token_path` is where its variables say the token is.
///
/// # Errors
/// `/proc` could not be read; the text is the operating system's.
pub(super) fn collect(subject: &Subject, token_path: Option<&str>) -> Result<Mounts, String> {
    let text = proc::read(subject.identity.pid, "mountinfo").map_err(|error| format!("mountinfo: {}", error.desc()))?;
    let mounts = mounts(&text);
    let with_entries = |mount: &Mount| Mount { entries: entries(&subject.root, &mount.point), ..mount.clone() };
    let at = |point: &str| mounts.iter().rev().find(|mount| is_at(mount, point)).map(with_entries);
    let token_path = token_path.and_then(|path| subject.absolute(path).ok());
    Ok(Mounts {
        irsa: at(IRSA),
        pod_identity: at(POD_IDENTITY),
        api: at(API),
        token_file: token_path.and_then(|path| around(&mounts, &path.to_string_lossy())).map(with_entries),
    })
}

/// The claims of the token that Kubernetes mounts for its own API.
pub(super) fn api_token(subject: &Subject) -> Seen<Token, String> {
    match token_file::read(subject, &format!("{API}/token")) {
        Err(_) => Seen::not_checked("no token for the cluster's API can be read here"),
        Ok((_, raw)) => match jwt::decode(raw.bytes()) {
            Ok(token) => Seen::Seen(token),
            Err(_) => Seen::Failed("the token for the cluster's API is no JWT".to_owned()),
        },
    }
}

/// Later mounts cover earlier ones.
fn mounts(mountinfo: &[u8]) -> Vec<Mount> {
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    let mount = |mount: proc::Mount| Mount {
        point: text(mount.point),
        root: text(mount.source),
        file_system: mount.file_system,
        entries: Vec::new(),
    };
    proc::mounts(mountinfo).into_iter().map(mount).collect()
}

/// `/var/run` is a link to `/run` in most images, and the kernel names the place it leads to.
fn is_at(mount: &Mount, point: &str) -> bool {
    mount.point == point || point.strip_prefix("/var").is_some_and(|rest| mount.point == rest)
}

/// The innermost mount that holds `path`, unless that is the image itself.
fn around<'m>(mounts: &'m [Mount], path: &str) -> Option<&'m Mount> {
    let holds = |mount: &&Mount, path: &str| {
        let rest = path.strip_prefix(mount.point.as_str());
        mount.point.len() > 1 && rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    let paths = [Some(path), path.strip_prefix("/var").filter(|rest| rest.starts_with("/run/"))];
    let holding = mounts.iter().filter(|mount| paths.iter().flatten().any(|path| holds(mount, path)));
    holding.max_by_key(|mount| mount.point.len())
}

/// The first names of a directory, in order.
fn entries(root: &Path, point: &str) -> Vec<String> {
    let directory = rootfs::open_directory(root, Path::new(point));
    let Some(mut directory) = directory.ok().and_then(|directory| Dir::from_fd(directory.into()).ok()) else {
        return Vec::new();
    };
    let name = |entry: nix::dir::Entry| entry.file_name().to_string_lossy().into_owned();
    let names = directory.iter().flatten().map(name).filter(|name| name != "." && name != "..");
    let mut names: Vec<String> = names.take(MAX_ENTRIES).collect();
    names.sort();
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Lines of a pod on a node, shortened.
    const MOUNTINFO: &[u8] = b"\
1200 1100 0:401 / / rw,relatime master:350 - overlay overlay rw,lowerdir=/a
1210 1200 259:1 /var/lib/kubelet/pods/6f0c/etc-hosts /etc/hosts rw,noatime - xfs /dev/nvme0n1p1 rw
1211 1200 0:390 / /run/secrets/eks.amazonaws.com/serviceaccount ro,relatime - tmpfs tmpfs rw,size=64k
1212 1200 0:391 / /run/secrets/kubernetes.io/serviceaccount ro,relatime - tmpfs tmpfs rw,size=64k
1213 1200 0:390 /..2026_11_22/token /etc/aws\\040token ro,relatime - tmpfs tmpfs rw,size=64k
a line that is none
";

    #[test]
    fn mounts_are_found_by_place_and_by_what_they_hold() {
        let mounts = mounts(MOUNTINFO);
        assert_eq!(mounts.len(), 5);
        for (path, point) in [
            ("/var/run/secrets/eks.amazonaws.com/serviceaccount/token", Some(&mounts[2])),
            ("/run/secrets/eks.amazonaws.com/serviceaccount/token", Some(&mounts[2])),
            ("/etc/aws token", Some(&mounts[4])),
            ("/etc/aws tokens", None),
            ("/etc/hosts/", Some(&mounts[1])),
            ("/home/token", None),
        ] {
            assert_eq!(around(&mounts, path), point, "{path}");
        }
        assert!(is_at(&mounts[3], API) && !is_at(&mounts[2], API));
    }
}
