//! What is mounted where the webhook mounts the token: it shows what the webhook did if the variables do not.

/// The three places; `None` where nothing is mounted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mounts {
    /// Where the IRSA webhook mounts the token: `/var/run/secrets/eks.amazonaws.com/serviceaccount`.
    pub irsa: Option<Mount>,
    /// Where it mounts the token for EKS Pod Identity: `/var/run/secrets/pods.eks.amazonaws.com/serviceaccount`.
    pub pod_identity: Option<Mount>,
    /// Where Kubernetes mounts the token for its own API: `/var/run/secrets/kubernetes.io/serviceaccount`.
    pub api: Option<Mount>,
    /// The mount that holds the configured token file, wherever that is; `None` if it lies in the image.
    pub token_file: Option<Mount>,
}

/// One line of `/proc/PID/mountinfo` (`proc_pid_mountinfo(5)`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mount {
    /// Where it is mounted in the container.
    pub point: String,
    /// What of the file system is mounted: `/` for all of it.
    pub root: String,
    /// Such as `tmpfs`.
    pub file_system: String,
    /// Names in it, the first few in order; empty if it is a file, or cannot be read.
    pub entries: Vec<String>,
}

/// The kind of volume of a mount, as far as the kernel shows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Volume {
    /// A projected volume or a secret: a tmpfs of its own with the kubelet's `..data` link.
    Projected,
    /// One file of such a volume (`subPath`): it never sees what the kubelet writes later.
    SubPath,
    EmptyDir,
    ConfigMap,
    Other,
}

impl Mounts {
    /// Whether the token file is mounted without the volume that the kubelet renews it in.
    pub fn hold_the_token_alone(&self) -> bool {
        self.token_file.as_ref().is_some_and(|mount| mount.volume() == Volume::SubPath)
    }
}

impl Mount {
    /// The kubelet keeps projected volumes and secrets on a tmpfs each, the others in directories that carry the kind
    /// in their path (Kubernetes, `pkg/volume/util/atomic_writer.go`, `pkg/volume/emptydir`).
    pub fn volume(&self) -> Volume {
        let kind = |name: &str| self.root.contains(&format!("/volumes/kubernetes.io~{name}/"));
        let written_by_the_kubelet = self.entries.iter().any(|name| name == "..data");
        if kind("empty-dir") {
            Volume::EmptyDir
        } else if kind("configmap") {
            Volume::ConfigMap
        } else if self.root.contains("/volume-subpaths/") || (self.file_system == "tmpfs" && self.root.len() > 1) {
            Volume::SubPath
        } else if self.file_system == "tmpfs" && written_by_the_kubelet {
            Volume::Projected
        } else if self.file_system == "tmpfs" {
            Volume::EmptyDir
        } else {
            Volume::Other
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_of_volumes_are_distinguished() {
        let pod = "/var/lib/kubelet/pods/6f0c/volumes";
        for (file_system, root, entries, volume) in [
            ("tmpfs", "/", &["..2026_11_22", "..data", "token"][..], Volume::Projected),
            ("tmpfs", "/", &[], Volume::EmptyDir),
            ("ext4", &format!("{pod}/kubernetes.io~empty-dir/aws-iam-token"), &[], Volume::EmptyDir),
            ("xfs", &format!("{pod}/kubernetes.io~configmap/aws-iam-token"), &["token"], Volume::ConfigMap),
            ("tmpfs", "/..2026_11_22/token", &[], Volume::SubPath),
            ("ext4", "/var/lib/kubelet/pods/6f0c/volume-subpaths/v/app/0", &[], Volume::SubPath),
            ("nfs4", "/", &["token"], Volume::Other),
        ] {
            let mount = Mount {
                point: "/a".into(),
                root: root.to_owned(),
                file_system: file_system.into(),
                entries: entries.iter().map(|name| (*name).to_owned()).collect(),
            };
            assert_eq!(mount.volume(), volume, "{file_system} {root}");
        }
    }
}
