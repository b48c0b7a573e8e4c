//! A small name server that answers what a test says, as late as it says.

use simple_dns::rdata::{A, AAAA, RData};
use simple_dns::{CLASS, Packet, PacketFlag, QTYPE, RCODE, ResourceRecord, TYPE};
use std::io::{Read, Write};
use std::net::{IpAddr, SocketAddr, TcpListener, UdpSocket};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

/// What the name server does with a question.
#[derive(Clone, Copy, Debug)]
pub enum Says {
    /// This address, and no address of the other family.
    Address(IpAddr),
    Code(RCODE),
    Nothing,
    /// An answer that is cut off, so that the client asks again over TCP.
    Truncated,
}

pub struct Query {
    /// Without the dot at the end.
    pub name: String,
    pub ipv6: bool,
    pub tcp: bool,
}

type Answer = dyn Fn(&Query) -> Says + Send + Sync;

#[derive(Clone)]
pub struct NameServer {
    answer: Arc<Answer>,
    delay: Duration,
}

impl NameServer {
    pub fn new(answer: impl Fn(&Query) -> Says + Send + Sync + 'static) -> Self {
        Self { answer: Arc::new(answer), delay: Duration::ZERO }
    }

    /// Each answer over UDP comes this late.
    pub fn late(self, delay: Duration) -> Self {
        Self { delay, ..self }
    }

    /// Answers on UDP port 53 for as long as the process lives.
    pub fn listen(&self, address: impl Into<IpAddr>) {
        let socket = UdpSocket::bind(SocketAddr::new(address.into(), 53)).expect("port 53");
        let server = self.clone();
        thread::spawn(move || {
            let mut buffer = [0; 1500];
            while let Ok((length, from)) = socket.recv_from(&mut buffer) {
                let Some(reply) = server.reply(&buffer[..length], false) else { continue };
                if server.delay.is_zero() {
                    let _ = socket.send_to(&reply, from);
                    continue;
                }
                let (socket, delay) = (socket.try_clone().expect("a socket"), server.delay);
                thread::spawn(move || {
                    thread::sleep(delay);
                    let _ = socket.send_to(&reply, from);
                });
            }
        });
    }

    /// Answers on TCP port 53 too, one question a connection.
    pub fn listen_on_tcp(&self, address: impl Into<IpAddr>) {
        let listener = TcpListener::bind(SocketAddr::new(address.into(), 53)).expect("port 53");
        let server = self.clone();
        thread::spawn(move || {
            for mut stream in listener.incoming().flatten() {
                let mut length = [0; 2];
                let Ok(()) = stream.read_exact(&mut length) else { continue };
                let mut query = vec![0; u16::from_be_bytes(length).into()];
                let Ok(()) = stream.read_exact(&mut query) else { continue };
                let Some(reply) = server.reply(&query, true) else { continue };
                let length = u16::try_from(reply.len()).expect("a short reply").to_be_bytes();
                let _ = stream.write_all(&[&length, reply.as_slice()].concat());
            }
        });
    }

    fn reply(&self, query: &[u8], tcp: bool) -> Option<Vec<u8>> {
        let packet = Packet::parse(query).ok()?;
        let question = packet.questions.first()?;
        let name = question.qname.to_string().trim_end_matches('.').to_owned();
        let ipv6 = question.qtype == QTYPE::TYPE(TYPE::AAAA);
        let mut reply = Packet::new_reply(packet.id());
        reply.set_flags(PacketFlag::RECURSION_AVAILABLE | PacketFlag::RECURSION_DESIRED);
        reply.questions.push(question.clone());
        let data = match (self.answer)(&Query { name, ipv6, tcp }) {
            Says::Nothing => return None,
            Says::Code(code) => {
                *reply.rcode_mut() = code;
                None
            }
            Says::Truncated => {
                reply.set_flags(PacketFlag::TRUNCATION);
                None
            }
            Says::Address(IpAddr::V4(address)) if !ipv6 => Some(RData::A(A { address: address.into() })),
            Says::Address(IpAddr::V6(address)) if ipv6 => Some(RData::AAAA(AAAA { address: address.into() })),
            Says::Address(_) => None,
        };
        let record = data.map(|data| ResourceRecord::new(question.qname.clone(), CLASS::IN, 10, data));
        reply.answers.extend(record);
        reply.build_bytes_vec().ok()
    }
}
