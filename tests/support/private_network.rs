//! A network, an `/etc/resolv.conf` and an `/etc/hosts` of one's own. Needs root.

use crate::needs;
use nix::mount::{MsFlags, mount};
use nix::sched::{CloneFlags, unshare};
use nix::sys::socket::{AddressFamily, Backlog, SockFlag, SockType, SockaddrIn, bind, connect, listen, socket};
use std::net::SocketAddrV4;
use std::os::fd::{AsRawFd, OwnedFd};
use std::path::Path;
use std::process::Command;

/// Runs `test` on a thread that shares neither network nor mounts with anything else: there is only loopback, with
/// `addresses`.
pub fn alone(addresses: &[&str], test: impl FnOnce() + Send) {
    if !needs::root() || !needs::program("ip", "iproute2") {
        return;
    }
    std::thread::scope(|scope| {
        let own = scope.spawn(|| {
            let unshared = unshare(CloneFlags::CLONE_NEWNET | CloneFlags::CLONE_NEWNS);
            if !needs::have(unshared.is_ok(), &format!("a network of its own: {unshared:?}")) {
                return;
            }
            mount::<str, _, str, str>(None, "/", None, MsFlags::MS_REC | MsFlags::MS_PRIVATE, None).expect("private");
            ip("link set lo up");
            for address in addresses {
                ip(&format!("addr add {address}/32 dev lo"));
            }
            test();
        });
        if let Err(panic) = own.join() {
            std::panic::resume_unwind(panic);
        }
    });
}

pub fn ip(arguments: &str) {
    let status = Command::new("ip").args(arguments.split(' ')).status().expect("ip runs");
    assert!(status.success(), "ip {arguments}");
}

/// Puts `text` in the place of `/etc/resolv.conf`.
pub fn resolv_conf(directory: &Path, text: &str) {
    replace(directory, "resolv.conf", text);
}

/// Puts `text` in the place of `/etc/hosts`.
pub fn hosts(directory: &Path, text: &str) {
    replace(directory, "hosts", text);
}

fn replace(directory: &Path, name: &str, text: &str) {
    let file = directory.join(name);
    std::fs::write(&file, text).expect("written");
    mount::<_, _, str, str>(Some(&file), &Path::new("/etc").join(name), None, MsFlags::MS_BIND, None).expect("mounted");
}

/// Puts an empty directory in the place of each that holds a system's CA bundle.
pub fn hide_bundles() {
    ["/etc/ssl", "/etc/pki"].map(Path::new).into_iter().filter(|path| path.is_dir()).for_each(hide);
}

/// Puts an empty directory in the place of this one.
pub fn hide(directory: &Path) {
    mount::<str, _, str, str>(Some("tmpfs"), directory, Some("tmpfs"), MsFlags::empty(), None).expect("mounted");
}

/// Port 443 of an address that answers nobody: its listener's queue is full, so that the kernel drops what comes.
pub fn swallow(address: [u8; 4]) -> Vec<OwnedFd> {
    let at = SockaddrIn::from(SocketAddrV4::new(address.into(), 443));
    let open = |flags| socket(AddressFamily::Inet, SockType::Stream, flags, None).expect("a socket");
    let listener = open(SockFlag::empty());
    bind(listener.as_raw_fd(), &at).expect("port 443");
    listen(&listener, Backlog::new(0).expect("a backlog")).expect("listens");
    let fill = || {
        let client = open(SockFlag::SOCK_NONBLOCK);
        let _ = connect(client.as_raw_fd(), &at);
        client
    };
    let mut kept: Vec<OwnedFd> = (0..8).map(|_| fill()).collect();
    kept.push(listener);
    kept
}
