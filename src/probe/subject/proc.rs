//! Reads `/proc/PID` (`proc(5)`). Each file is read separately, because each may be refused or may vanish.

use super::Variables;
use crate::probe::evidence::Identity;
use crate::text::printable::is_unprintable;
use crate::text::redact;
use nix::errno::Errno;
use std::ffi::OsString;
use std::io::Read;
use std::os::unix::ffi::OsStringExt;

/// Every file under `/proc/PID` that is read here is smaller, unless somebody made a huge environment.
const MAX_BYTES: u64 = 4 << 20;

/// `/proc/PID/NAME`, as far as [`MAX_BYTES`].
pub(crate) fn read(pid: u32, name: &str) -> Result<Vec<u8>, Errno> {
    let errno = |error: std::io::Error| Errno::from_raw(error.raw_os_error().unwrap_or_default());
    let file = std::fs::File::open(format!("/proc/{pid}/{name}")).map_err(errno)?;
    let mut content = Vec::new();
    file.take(MAX_BYTES).read_to_end(&mut content).map_err(errno)?;
    Ok(content)
}

/// Whether the error means that the process ended while it was inspected.
fn is_gone(error: Errno) -> bool {
    matches!(error, Errno::ENOENT | Errno::ESRCH)
}

/// The ids of a `status` file. `None` if it is not one.
pub(crate) fn identity(status: &str) -> Option<Identity> {
    let field = |name: &str| status.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
    // Real, effective, saved, file system: the second.
    let id = |name| field(name)?.split_whitespace().nth(1)?.parse().ok();
    Some(Identity {
        pid: field("Pid")?.trim().parse().ok()?,
        uid: id("Uid")?,
        gid: id("Gid")?,
        groups: field("Groups")?.split_whitespace().filter_map(|group| group.parse().ok()).collect(),
        capabilities: super::effective_capabilities(status),
    })
}

pub(crate) fn parent(status: &str) -> Option<u32> {
    status.lines().find_map(|line| line.strip_prefix("PPid:"))?.trim().parse().ok()
}

/// The variables that a process was started with. `None` if it has ended, or wrote its title over them.
pub(crate) fn variables(pid: u32) -> Result<Option<Variables>, Errno> {
    let environ = match read(pid, "environ") {
        Err(error) if is_gone(error) => return Ok(None),
        environ => environ?,
    };
    // A zombie and a kernel thread have neither variables nor arguments; a process without variables has arguments.
    let has_ended = environ.is_empty() && read(pid, "cmdline").is_ok_and(|words| words.is_empty());
    let is_overwritten = !environ.is_empty() && environ.iter().all(|byte| *byte == 0);
    Ok((!has_ended && !is_overwritten).then(|| parsed(&environ)))
}

fn parsed(environ: &[u8]) -> Variables {
    let pairs = environ.split(|byte| *byte == 0).filter_map(|pair| {
        let equals = pair.iter().position(|byte| *byte == b'=')?;
        let text = |bytes: &[u8]| OsString::from_vec(bytes.to_vec());
        Some((text(&pair[..equals]), text(&pair[equals + 1..])))
    });
    pairs.collect()
}

/// What a script or program for a runtime ends in.
const SCRIPTS: [&str; 12] = [".py", ".js", ".mjs", ".cjs", ".ts", ".rb", ".php", ".pl", ".jar", ".war", ".dll", ".sh"];

/// A command line for people: the program, and the file that it runs if it is a runtime. No other argument is shown:
/// any may be a password. A process may have written a title over its arguments, which then stands in the first.
pub(crate) fn command(cmdline: &[u8]) -> String {
    let mut words = cmdline.split(|byte| *byte == 0).take(64).map(String::from_utf8_lossy);
    let name = |word: &str| {
        let word = word.split_whitespace().next().unwrap_or_default();
        let name = word.rsplit('/').next().unwrap_or_default();
        name.chars().filter(|c| !is_unprintable(*c)).take(60).collect::<String>()
    };
    let program = name(&words.next().unwrap_or_default());
    let script = words.find(|word| !word.starts_with('-') && !word.contains(['=', '@', ' ', '?']));
    let script = script.filter(|word| is_runtime(&program) && SCRIPTS.iter().any(|end| word.ends_with(end)));
    redact::scrub(&script.map_or(program.clone(), |script| format!("{program} {}", name(&script))))
}

fn is_runtime(program: &str) -> bool {
    let runtimes = ["python", "pypy", "node", "bun", "deno", "ruby", "php", "perl", "java", "dotnet", "sh", "bash"];
    runtimes
        .iter()
        .any(|runtime| program.strip_prefix(runtime).is_some_and(|rest| !rest.starts_with(char::is_alphabetic)))
}

/// One line of `mountinfo`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Mount {
    /// Which part of the file system is mounted.
    pub source: Vec<u8>,
    /// Where, as the process sees it.
    pub point: Vec<u8>,
    pub file_system: String,
}

pub(crate) fn mounts(mountinfo: &[u8]) -> Vec<Mount> {
    mountinfo.split(|byte| *byte == b'\n').filter_map(mount).collect()
}

/// `36 35 98:0 /source /point rw,noatime master:1 - ext3 /dev/root rw`
fn mount(line: &[u8]) -> Option<Mount> {
    let mut fields = line.split(|byte| *byte == b' ');
    let source = unescaped(fields.nth(3)?);
    let point = unescaped(fields.next()?);
    fields.find(|field| *field == b"-")?;
    Some(Mount { source, point, file_system: String::from_utf8_lossy(fields.next()?).into_owned() })
}

/// `\040` stands for a space, and so on.
fn unescaped(field: &[u8]) -> Vec<u8> {
    let mut plain = Vec::with_capacity(field.len());
    let mut rest = field;
    while let Some((first, behind)) = rest.split_first() {
        let octal = |digits: &[u8]| u8::from_str_radix(std::str::from_utf8(digits).ok()?, 8).ok();
        match behind.get(..3).and_then(octal).filter(|_| *first == b'\\') {
            Some(byte) => {
                plain.push(byte);
                rest = &behind[3..];
            }
            None => {
                plain.push(*first);
                rest = behind;
            }
        }
    }
    plain
}

impl Mount {
    /// Reading such a mount could wait for another machine, or never end.
    pub(crate) fn is_not_to_be_entered(&self) -> bool {
        let remote = ["nfs", "cifs", "smb", "ceph", "fuse", "gluster", "lustre", "9p", "afs", "autofs"];
        let made_by_the_kernel = ["proc", "sysfs", "cgroup", "devpts", "mqueue", "debugfs", "tracefs", "bpf"];
        remote.iter().chain(&made_by_the_kernel).any(|name| self.file_system.starts_with(name))
    }

    /// Where the pod identity webhook mounts the tokens of IRSA and of EKS Pod Identity.
    pub(crate) fn is_for_tokens(&self) -> bool {
        let point = String::from_utf8_lossy(&self.point);
        ["eks.amazonaws.com/", "pods.eks.amazonaws.com/"].iter().any(|host| point.contains(&format!("/secrets/{host}")))
    }
}

/// The container's name: the kubelet mounts `/var/lib/kubelet/pods/UID/containers/NAME/ID` as its termination log.
pub(crate) fn container(mounts: &[Mount]) -> Option<String> {
    let sources = mounts.iter().filter_map(|mount| std::str::from_utf8(&mount.source).ok());
    let mut names = sources.filter_map(|source| {
        let (before, rest) = source.split_once("/containers/")?;
        let name = rest.split('/').next()?;
        (before.contains("/pods/") && !name.is_empty()).then(|| name.to_owned())
    });
    names.next()
}

/// The pod's namespace, out of the search list that Kubernetes writes: `payments.svc.cluster.local svc.cluster.local`.
pub(crate) fn namespace(search: &[String]) -> Option<String> {
    let (namespace, rest) = search.first()?.split_once('.')?;
    rest.starts_with("svc.").then(|| namespace.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_file_is_read() {
        let status = "Name:\tapp\nPid:\t7\nPPid:\t1\nUid:\t0\t1000\t0\t1000\nGid:\t5\t6\t7\t8\nGroups:\t10 1337 \nCapEff:\t0000000000080002\n";
        let expected =
            Identity { pid: 7, uid: 1000, gid: 6, groups: vec![10, 1337], capabilities: Some(1 << 19 | 1 << 1) };
        assert_eq!(identity(status), Some(expected));
        assert_eq!(parent(status), Some(1));
        assert_eq!(identity("Name:\tapp\n"), None);
    }

    #[test]
    fn a_command_is_named_without_what_may_be_a_secret() {
        for (cmdline, named) in [
            (b"/usr/bin/java\0-Xmx1g\0-Dpassword=x\0-jar\0app.jar\0".as_slice(), "java app.jar"),
            (b"node\0--inspect\0/app/server.js\0", "node server.js"),
            (b"sh\0-c\0curl http://me:pw@host\0", "sh"),
            (b"app\0hunter2\0", "app"),
            (b"/bin/my app: hunter2\0", "my"),
            (b"python3.12\0hunter2\0", "python3.12"),
            (b"python3.12\0/app/main.py\0hunter2\0", "python3.12 main.py"),
            (b"shadow\0a.py\0", "shadow"),
            (b"a\x1b[31mb\0", "a[31mb"),
            (b"", ""),
        ] {
            assert_eq!(command(cmdline), named);
        }
    }

    #[test]
    fn mounts_show_the_token_the_container_and_what_not_to_enter() {
        let text = b"1 0 0:1 / / rw - overlay overlay rw\n\
            2 1 0:2 / /proc rw - proc proc rw\n\
            3 1 0:3 / /data\\040of\\040mine rw shared:1 - nfs4 host:/x rw\n\
            4 1 0:4 / /run/secrets/eks.amazonaws.com/serviceaccount ro - tmpfs tmpfs rw\n\
            5 1 8:1 /var/lib/kubelet/pods/5f79de79/containers/app/0a1b /dev/termination-log rw - xfs /dev/sda1 rw\n\
            garbage\n";
        let mounts = mounts(text);
        assert_eq!(mounts.len(), 5);
        let points = |wanted: fn(&Mount) -> bool| {
            let wanted = mounts.iter().filter(|mount| wanted(mount));
            wanted.map(|mount| String::from_utf8_lossy(&mount.point).into_owned()).collect::<Vec<_>>()
        };
        assert_eq!(points(Mount::is_not_to_be_entered), ["/proc", "/data of mine"]);
        assert_eq!(points(Mount::is_for_tokens), ["/run/secrets/eks.amazonaws.com/serviceaccount"]);
        assert_eq!(container(&mounts).as_deref(), Some("app"));
        assert_eq!(container(&mounts[..4]), None);
    }

    #[test]
    fn the_search_list_shows_the_namespace() {
        let search = |domains: [&str; 2]| domains.map(str::to_owned);
        assert_eq!(
            namespace(&search(["payments.svc.cluster.local", "svc.cluster.local"])).as_deref(),
            Some("payments")
        );
        assert_eq!(namespace(&search(["example.com", "payments.svc.cluster.local"])), None);
        assert_eq!(namespace(&[]), None);
    }
}
