//! A second network behind a veth pair: there are the name servers, proxies and STS that a pod reaches through its
//! default route, and packet filters on the way to them. Needs root.

use crate::needs;
use crate::private_network::{alone, ip};
use nix::sched::{CloneFlags, setns, unshare};
use std::fs::File;
use std::io::Write;
use std::os::fd::AsRawFd;
use std::process::{Command, Stdio};

/// The pod's own addresses.
pub const POD: &str = "10.1.0.2";
pub const POD6: &str = "fd00:1::2";

/// The other end of the pod's link. The test itself runs in the pod's network.
pub struct Internet {
    pod: File,
    there: File,
}

/// Runs `test` in a pod's network whose default routes lead to another network, which has `addresses`.
pub fn internet(addresses: &[&str], test: impl FnOnce(&Internet) + Send) {
    if !needs::program("nft", "nftables") {
        return;
    }
    alone(&[], || {
        let there = network();
        unshare(CloneFlags::CLONE_NEWNET).expect("a network for the pod");
        let internet = Internet { pod: network(), there };
        ip("link set lo up");
        let there = internet.there.as_raw_fd();
        ip(&format!("link add eth0 type veth peer name pod0 netns /proc/{}/fd/{there}", std::process::id()));
        internet.there(|| {
            ip("link set pod0 up");
            ip("addr add 10.1.0.1/24 dev pod0");
            ip("addr add fd00:1::1/64 dev pod0 nodad");
            for address in addresses {
                let (length, more) = if address.contains(':') { (128, " nodad") } else { (32, "") };
                ip(&format!("addr add {address}/{length} dev pod0{more}"));
            }
            nft("add table inet faults");
            nft("add chain inet faults arriving { type filter hook input priority 0; }");
        });
        ip("link set eth0 up");
        ip(&format!("addr add {POD}/24 dev eth0"));
        ip(&format!("addr add {POD6}/64 dev eth0 nodad"));
        ip("route add default via 10.1.0.1");
        ip("-6 route add default via fd00:1::1");
        test(&internet);
    });
}

impl Internet {
    /// Runs `work` in the other network: sockets that it opens are there for good.
    pub fn there<T>(&self, work: impl FnOnce() -> T) -> T {
        setns(&self.there, CloneFlags::CLONE_NEWNET).expect("the other network");
        let result = work();
        setns(&self.pod, CloneFlags::CLONE_NEWNET).expect("the pod's network");
        result
    }

    /// What happens to packets from the pod, in the words of nft: `ip daddr 203.0.113.1 tcp dport 443 drop`.
    pub fn filter(&self, rule: &str) {
        self.there(|| nft(&format!("add rule inet faults arriving {rule}")));
    }
}

/// The network of this thread.
fn network() -> File {
    File::open("/proc/thread-self/ns/net").expect("a network")
}

fn nft(command: &str) {
    let mut nft = Command::new("nft").args(["-f", "-"]).stdin(Stdio::piped()).spawn().expect("nft runs");
    nft.stdin.take().expect("its input").write_all(command.as_bytes()).expect("written");
    assert!(nft.wait().expect("nft ends").success(), "nft {command}");
}
