//! A network and an `/etc/resolv.conf` of one's own, with a name server that says what it is told. Needs root.

use crate::needs;
use nix::mount::{MsFlags, mount};
use nix::sched::{CloneFlags, unshare};
use nix::sys::socket::{AddressFamily, Backlog, SockFlag, SockType, SockaddrIn, bind, connect, listen, socket};
use simple_dns::rdata::{A, RData};
use simple_dns::{CLASS, Packet, PacketFlag, QTYPE, RCODE, ResourceRecord, TYPE};
use std::net::{Ipv4Addr, SocketAddrV4, UdpSocket};
use std::os::fd::{AsRawFd, OwnedFd};
use std::path::Path;
use std::process::Command;

/// What the name server does with a question.
#[derive(Clone, Copy, Debug)]
pub enum Says {
    Address([u8; 4]),
    Code(RCODE),
    Nothing,
}

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

fn ip(arguments: &str) {
    let status = Command::new("ip").args(arguments.split(' ')).status().expect("ip runs");
    assert!(status.success(), "ip {arguments}");
}

/// Puts `text` in the place of `/etc/resolv.conf`.
pub fn resolv_conf(directory: &Path, text: &str) {
    let file = directory.join("resolv.conf");
    std::fs::write(&file, text).expect("written");
    mount::<_, _, str, str>(Some(&file), "/etc/resolv.conf", None, MsFlags::MS_BIND, None).expect("mounted");
}

/// Puts an empty directory in the place of each that holds a system's CA bundle.
pub fn hide_bundles() {
    for directory in ["/etc/ssl", "/etc/pki"].map(Path::new).into_iter().filter(|path| path.is_dir()) {
        mount::<str, _, str, str>(Some("tmpfs"), directory, Some("tmpfs"), MsFlags::empty(), None).expect("mounted");
    }
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

/// A name server at 127.0.0.1 for as long as the process lives.
pub fn name_server(answer: impl Fn(&str) -> Says + Send + 'static) {
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 53)).expect("port 53");
    std::thread::spawn(move || {
        let mut buffer = [0; 1500];
        while let Ok((length, from)) = socket.recv_from(&mut buffer) {
            if let Some(reply) = reply(&buffer[..length], &answer) {
                let _ = socket.send_to(&reply, from);
            }
        }
    });
}

fn reply(query: &[u8], answer: &impl Fn(&str) -> Says) -> Option<Vec<u8>> {
    let query = Packet::parse(query).ok()?;
    let question = query.questions.first()?;
    let mut reply = Packet::new_reply(query.id());
    reply.set_flags(PacketFlag::RECURSION_AVAILABLE | PacketFlag::RECURSION_DESIRED);
    reply.questions.push(question.clone());
    match answer(&question.qname.to_string()) {
        Says::Nothing => return None,
        Says::Code(code) => *reply.rcode_mut() = code,
        // There are no IPv6 addresses.
        Says::Address(_) if question.qtype != QTYPE::TYPE(TYPE::A) => {}
        Says::Address(address) => {
            let data = RData::A(A { address: u32::from_be_bytes(address) });
            reply.answers.push(ResourceRecord::new(question.qname.clone(), CLASS::IN, 10, data));
        }
    }
    reply.build_bytes_vec().ok()
}
