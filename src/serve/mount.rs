//! Whether the token can ever change.
#![allow(clippy::disallowed_methods, reason = "the mounts of this process are the question")]

use crate::subject::Subject;

/// Says so in the log if the token file is a mount of its own, as `subPath` makes it: the kubelet renews what is in the
/// volume, and such a mount keeps showing the old file.
pub fn warn_if_frozen(subject: &Subject) {
    let Some(path) = subject.variables.filled("AWS_WEB_IDENTITY_TOKEN_FILE") else {
        return;
    };
    let mounts = std::fs::read_to_string(format!("/proc/{}/mountinfo", subject.identity.pid)).unwrap_or_default();
    if is_mounted_alone(&mounts, path) {
        tracing::warn!(
            path,
            "the token file is a mount of its own (subPath): it never sees a renewal, and will expire"
        );
    }
}

/// The fifth field of each line is the mount point (`proc_pid_mountinfo(5)`).
fn is_mounted_alone(mounts: &str, path: &str) -> bool {
    mounts.lines().any(|line| line.split(' ').nth(4) == Some(path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sub_path_is_seen_and_a_volume_is_not() {
        let volume = "812 790 0:95 / /var/run/secrets/aws ro,relatime - tmpfs tmpfs rw,size=16k\n";
        let alone = "813 790 0:95 /..2026/token /var/run/secrets/aws/token ro,relatime - tmpfs tmpfs rw,size=16k\n";
        let path = "/var/run/secrets/aws/token";
        assert!(!is_mounted_alone(volume, path));
        assert!(is_mounted_alone(&format!("{volume}{alone}"), path));
        assert!(!is_mounted_alone("", path));
    }
}
