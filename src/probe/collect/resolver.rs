//! Asks the name servers themselves, where the C library's resolver only says that it failed.
//!
//! `getaddrinfo(3)` folds a server that refuses, one that fails and one that is not there into "temporary failure",
//! and tries every search domain before it gives up.

use super::inside;
use crate::probe::evidence::{DnsFault, Resolver};
use simple_dns::{CLASS, Name, Packet, PacketFlag, Question, RCODE, TYPE, header_buffer};
use std::io::Read;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::Path;
use std::time::Duration;
use tokio::net::UdpSocket;
use tokio::time::{Instant, timeout_at};

/// How long all name servers together have.
const TIMEOUT: Duration = Duration::from_secs(1);
/// As many as the C library asks (`MAXNS` of `resolv.h`).
const MAX_SERVERS: usize = 3;
const PORT: u16 = 53;
const MAX_FILE_BYTES: u64 = 64 * 1024;
/// Without EDNS an answer over UDP has at most 512 bytes (RFC 1035, section 2.3.4). Only its header is read.
const ANSWER_BYTES: usize = 512;

/// Reads what the resolver goes by. `None` if there is no such file, when it asks a server on this host.
pub fn read(root: &Path) -> Option<Resolver> {
    let mut text = Vec::new();
    inside::open_regular(root, Path::new("/etc/resolv.conf")).ok()?.take(MAX_FILE_BYTES).read_to_end(&mut text).ok()?;
    let (config, _errors) = resolv_conf::Config::parse_with_errors(&text);
    Some(Resolver {
        servers: config.nameservers.iter().take(MAX_SERVERS).map(IpAddr::from).collect(),
        search: config.get_last_search_or_domain().cloned().collect(),
        ndots: config.ndots,
    })
}

/// What every lookup goes by, whoever is judged: the C library looks into no other root.
pub fn of_this_process() -> Option<Resolver> {
    read(Path::new("/"))
}

impl Resolver {
    /// Why `host` has no address, by what the name servers answer; `otherwise` if they tell nothing more.
    pub(super) async fn explain(&self, host: &str, otherwise: DnsFault) -> DnsFault {
        verdict(&ask(&self.addresses(), host).await, otherwise)
    }

    /// The search domain under which `host` is found before it is looked up as it stands: a wildcard there takes the
    /// name over.
    pub(super) async fn search_domain_that_answers(&self, host: &str) -> Option<String> {
        let dots = host.matches('.').count();
        if u32::try_from(dots).is_ok_and(|dots| dots >= self.ndots) {
            return None;
        }
        for domain in &self.search {
            let answers = ask(&self.addresses(), &format!("{host}.{domain}")).await;
            if answers.iter().any(|(_, answer)| matches!(answer, Answer::Found)) {
                return Some(domain.clone());
            }
        }
        None
    }

    fn addresses(&self) -> Vec<SocketAddr> {
        self.servers.iter().map(|server| SocketAddr::new(*server, PORT)).collect()
    }
}

/// What one name server did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Answer {
    Found,
    NoSuchName,
    NoAddress,
    Refused,
    ServerFailed,
    NoServer,
    Silence,
}

/// Asks all servers at once, each for an address of `name` as it stands, without search domains.
async fn ask(servers: &[SocketAddr], name: &str) -> Vec<(IpAddr, Answer)> {
    let deadline = Instant::now() + TIMEOUT;
    let Some(query) = query(name) else {
        return Vec::new();
    };
    let mut asked = Vec::new();
    for server in servers {
        asked.push((server.ip(), send(*server, &query).await));
    }
    let mut answers = Vec::new();
    for (server, socket) in asked {
        let answer = match socket {
            Some(socket) => receive(&socket, &query, deadline).await,
            None => Answer::NoServer,
        };
        answers.push((server, answer));
    }
    answers
}

fn query(name: &str) -> Option<Vec<u8>> {
    let id = std::process::id().to_le_bytes();
    let mut packet = Packet::new_query(u16::from_le_bytes([id[0], id[1]]));
    packet.set_flags(PacketFlag::RECURSION_DESIRED);
    packet.questions.push(Question::new(Name::new(name).ok()?, TYPE::A.into(), CLASS::IN.into(), false));
    packet.build_bytes_vec().ok()
}

async fn send(server: SocketAddr, query: &[u8]) -> Option<UdpSocket> {
    let any: IpAddr = if server.is_ipv4() { Ipv4Addr::UNSPECIFIED.into() } else { Ipv6Addr::UNSPECIFIED.into() };
    let socket = UdpSocket::bind((any, 0)).await.ok()?;
    // Connected, so that a refusal by the network reaches us as an error.
    socket.connect(server).await.ok()?;
    socket.send(query).await.ok()?;
    Some(socket)
}

async fn receive(socket: &UdpSocket, query: &[u8], deadline: Instant) -> Answer {
    let mut buffer = [0; ANSWER_BYTES];
    loop {
        let length = match timeout_at(deadline, socket.recv(&mut buffer)).await {
            Ok(Ok(length)) => length,
            Ok(Err(_)) => return Answer::NoServer,
            Err(_) => return Answer::Silence,
        };
        let packet = &buffer[..length];
        // Anything else that comes to this port is no answer; the deadline bounds the waiting.
        if packet.get(..2) == query.get(..2) && header_buffer::has_flags(packet, PacketFlag::RESPONSE) == Ok(true) {
            return answer(packet);
        }
    }
}

fn answer(packet: &[u8]) -> Answer {
    match header_buffer::rcode(packet) {
        Ok(RCODE::NoError) if header_buffer::answers(packet).is_ok_and(|count| count > 0) => Answer::Found,
        Ok(RCODE::NoError) => Answer::NoAddress,
        Ok(RCODE::NameError) => Answer::NoSuchName,
        Ok(RCODE::Refused) => Answer::Refused,
        _ => Answer::ServerFailed,
    }
}

/// The first server that answered decides, as it does for the C library; a name that one of them knows is not missing.
fn verdict(answers: &[(IpAddr, Answer)], otherwise: DnsFault) -> DnsFault {
    let spoke = answers.iter().find(|(_, answer)| !matches!(answer, Answer::NoServer | Answer::Silence));
    match spoke {
        Some((_, Answer::NoSuchName)) => DnsFault::NoSuchName,
        Some((_, Answer::NoAddress)) => DnsFault::NoAddress,
        Some((server, Answer::Refused)) => DnsFault::Refused { server: *server },
        Some((server, Answer::ServerFailed)) => DnsFault::ServerFailed { server: *server },
        Some(_) => otherwise,
        None if !answers.is_empty() && answers.iter().all(|(_, answer)| *answer == Answer::NoServer) => {
            DnsFault::NoServer
        }
        None => match otherwise {
            DnsFault::Failed(_) if !answers.is_empty() => {
                DnsFault::TimedOut { after_ms: TIMEOUT.as_millis().try_into().unwrap_or(u64::MAX) }
            }
            otherwise => otherwise,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A name server on loopback that answers every question with `rcode` and claims `answers` records.
    async fn server(rcode: u8, answers: u8) -> SocketAddr {
        let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let address = socket.local_addr().unwrap();
        tokio::spawn(async move {
            let mut buffer = [0; 512];
            while let Ok((length, from)) = socket.recv_from(&mut buffer).await {
                buffer[2] |= 0x80;
                buffer[3] = rcode;
                buffer[7] = answers;
                let _ = socket.send_to(&buffer[..length], from).await;
            }
        });
        address
    }

    fn closed_port() -> SocketAddr {
        std::net::UdpSocket::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
    }

    #[tokio::test]
    async fn what_name_servers_do_is_told_apart() {
        let local = IpAddr::from([127, 0, 0, 1]);
        let said = || DnsFault::Failed("Temporary failure in name resolution".into());
        let refuses = server(5, 0).await;
        for (servers, fault) in [
            (vec![server(3, 0).await], DnsFault::NoSuchName),
            (vec![server(0, 0).await], DnsFault::NoAddress),
            (vec![refuses], DnsFault::Refused { server: local }),
            (vec![server(2, 0).await], DnsFault::ServerFailed { server: local }),
            (vec![closed_port(), closed_port()], DnsFault::NoServer),
            (vec![closed_port(), refuses], DnsFault::Refused { server: local }),
            (vec![server(0, 1).await], said()),
            (vec![], said()),
        ] {
            assert_eq!(verdict(&ask(&servers, "sts.eu-west-1.amazonaws.com").await, said()), fault);
        }
    }

    #[tokio::test]
    async fn a_silent_server_is_waited_for_no_longer_than_a_second() {
        tokio::time::pause();
        let silent = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let servers = [silent.local_addr().unwrap()];
        let said = DnsFault::Failed("Temporary failure in name resolution".into());
        let began = Instant::now();
        assert_eq!(verdict(&ask(&servers, "sts").await, said), DnsFault::TimedOut { after_ms: 1000 });
        assert!(began.elapsed() < TIMEOUT * 2);
    }

    #[test]
    fn resolv_conf_is_read_as_the_kubelet_writes_it() {
        let root = tempfile::tempdir().unwrap();
        assert_eq!(read(root.path()), None);
        std::fs::create_dir(root.path().join("etc")).unwrap();
        let text = "search a.svc.cluster.local svc.cluster.local\nnameserver 10.100.0.10\noptions ndots:5\n";
        std::fs::write(root.path().join("etc/resolv.conf"), text).unwrap();
        let expected = Resolver {
            servers: vec![IpAddr::from([10, 100, 0, 10])],
            search: vec!["a.svc.cluster.local".into(), "svc.cluster.local".into()],
            ndots: 5,
        };
        assert_eq!(read(root.path()), Some(expected));
    }
}
