//! Where in the cluster the probe runs: its pod, its namespace and its container.

use super::{resolver, rootfs};
use crate::probe::evidence::{Container, PodContext};
use crate::probe::subject::{Subject, Variables, proc};
use std::io::Read;
use std::path::Path;

const NAMESPACE: &str = "/var/run/secrets/kubernetes.io/serviceaccount/namespace";
/// How the kubelet begins /etc/hosts in a pod with the host name of its node (`nodeHostsFileContent` in Kubernetes'
/// `pkg/kubelet/kubelet_pods.go`).
const OF_THE_NODE: &str = "# Kubernetes-managed hosts file (host network).";
/// Mounts that a container runtime adds to every container, also to an ephemeral one.
const OF_THE_RUNTIME: [&str; 8] =
    ["/", "/etc/hosts", "/etc/hostname", "/etc/resolv.conf", "/run/.containerenv", "/run/secrets", "/dev", "/sys"];
const MAX_BYTES: u64 = 256;

/// The pod and the namespace are those of the probe, which the subject shares; the container is the subject's.
pub(super) fn collect(subject: &Subject) -> PodContext {
    let mounts = proc::mounts(&proc::read(subject.identity.pid, "mountinfo").unwrap_or_default());
    let container = proc::container(&mounts).map(|name| Container {
        name,
        has_volumes: mounts.iter().any(is_of_the_pod),
        has_limits: subject.root == Path::new("/") && has_limits(),
    });
    let is_in_a_pod = container.is_some() || std::env::var_os("KUBERNETES_SERVICE_HOST").is_some();
    if !is_in_a_pod {
        return PodContext::default();
    }
    let is_named_as_the_node = text("/etc/hosts").is_some_and(|hosts| hosts.starts_with(OF_THE_NODE));
    let by_search_list = || proc::namespace(&resolver::configuration(Path::new("/"), &Variables::default()).search);
    PodContext {
        pod: std::env::var("HOSTNAME").ok().filter(|name| !name.is_empty() && !is_named_as_the_node),
        namespace: text(NAMESPACE).map(|name| name.trim().to_owned()).or_else(by_search_list),
        container,
    }
}

fn is_of_the_pod(mount: &proc::Mount) -> bool {
    let point = String::from_utf8_lossy(&mount.point);
    let below = ["/dev/", "/proc", "/sys/"];
    !OF_THE_RUNTIME.contains(&&*point) && !below.iter().any(|start| point.starts_with(start))
}

/// Whether the probe's own container has limits, in cgroup v2 or v1.
fn has_limits() -> bool {
    let value = |path: &str| text(&format!("/sys/fs/cgroup/{path}"));
    let is_set =
        |value: String| !value.starts_with("max") && value.trim().parse().is_ok_and(|bytes: u64| bytes < 1 << 60);
    value("memory.max").is_some_and(is_set)
        || value("memory/memory.limit_in_bytes").is_some_and(is_set)
        || value("cpu.max").is_some_and(|quota| !quota.starts_with("max"))
}

/// The start of a short file of the probe's own container.
fn text(path: &str) -> Option<String> {
    let file = rootfs::open_regular(Path::new("/"), Path::new(path)).ok()?;
    let mut bytes = Vec::new();
    file.take(MAX_BYTES).read_to_end(&mut bytes).ok()?;
    Some(String::from_utf8_lossy(&bytes).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn volumes_of_the_pod_differ_from_what_every_container_has() {
        let mount =
            |point: &str| proc::Mount { source: b"/".to_vec(), point: point.into(), file_system: "tmpfs".into() };
        for point in [
            "/",
            "/proc",
            "/proc/acpi",
            "/sys",
            "/sys/fs/cgroup",
            "/dev",
            "/dev/shm",
            "/dev/termination-log",
            "/etc/hosts",
            "/etc/hostname",
            "/etc/resolv.conf",
            "/run/secrets",
        ] {
            assert!(!is_of_the_pod(&mount(point)), "{point}");
        }
        for point in ["/data", "/run/secrets/kubernetes.io/serviceaccount", "/etc/config", "/system"] {
            assert!(is_of_the_pod(&mount(point)), "{point}");
        }
    }
}
