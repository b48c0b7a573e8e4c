//! One name server, and the questions that it owes answers to.

use super::message::{Answer, Kind, Query};
use crate::probe::collect::elapsed::milliseconds;
use crate::probe::evidence::{NameServer, ServerFault, TcpFault};
use std::io::{ErrorKind, Result};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpStream, UdpSocket};
use tokio::time::{Instant, timeout_at};

/// After this long the next server is asked as well. The C library waits longer (5 s unless `timeout` says otherwise);
/// musl asks all servers at once. Which server answers is the same.
pub(super) const PATIENCE: Duration = Duration::from_secs(1);

pub(super) struct Server {
    pub address: SocketAddr,
    pub socket: Option<UdpSocket>,
    pub record: NameServer,
    pub was_asked: bool,
}

/// One of the two queries for a name.
pub(super) struct Question {
    pub kind: Kind,
    pub query: Query,
    /// The first answer that says something of the name, and when it came.
    pub outcome: Option<(Answer, Instant)>,
    /// Since when each server owes an answer.
    pub owed: Vec<Option<Instant>>,
    pub faults: Vec<(usize, ServerFault)>,
}

impl Server {
    /// The network said so, of all that was sent to it.
    pub(super) fn cannot_be_reached(&mut self, index: usize, questions: &mut [Question], error: &std::io::Error) {
        let fault = match error.kind() {
            ErrorKind::ConnectionRefused => ServerFault::Closed,
            _ => ServerFault::NoRoute,
        };
        for question in questions.iter_mut().filter(|question| question.owed[index].is_some()) {
            self.note(index, question, Err(fault));
        }
    }

    /// The server's answer to a question, or what came instead.
    pub(super) fn note(
        &mut self,
        index: usize,
        question: &mut Question,
        answer: std::result::Result<Answer, ServerFault>,
    ) {
        let since = question.owed[index].take();
        let fault = match answer {
            Ok(Answer::Refused) => ServerFault::Refuses,
            // Over TCP nothing is cut off: such a server is as broken as one that fails.
            Ok(Answer::Failed | Answer::Truncated) => ServerFault::Fails,
            Err(fault) => fault,
            Ok(answer) => {
                self.record.answered += 1;
                let took = since.map(milliseconds).unwrap_or_default();
                self.record.slowest_ms = self.record.slowest_ms.max(took);
                question.outcome.get_or_insert((answer, Instant::now()));
                return;
            }
        };
        question.faults.push((index, fault));
        self.add(question.kind, fault);
    }

    pub(super) fn add(&mut self, kind: Kind, fault: ServerFault) {
        let faults = match kind {
            Kind::Ipv4 => &mut self.record.faults,
            Kind::Ipv6 => &mut self.record.ipv6_faults,
        };
        if !faults.contains(&fault) {
            faults.push(fault);
        }
    }
}

impl Question {
    pub(super) fn is_out_of_reach(&self, server: usize) -> bool {
        self.faults.iter().any(|(index, fault)| {
            *index == server && matches!(fault, ServerFault::Closed | ServerFault::NoRoute | ServerFault::NoTcp(_))
        })
    }

    pub(super) fn is_awaited(&self) -> bool {
        self.outcome.is_none() && self.owed.iter().any(Option::is_some)
    }
}

pub(super) async fn connect(server: SocketAddr) -> Result<UdpSocket> {
    let any: IpAddr = if server.is_ipv4() { Ipv4Addr::UNSPECIFIED.into() } else { Ipv6Addr::UNSPECIFIED.into() };
    let socket = UdpSocket::bind((any, 0)).await?;
    // Connected, so that a refusal by the network reaches us as an error, and nobody else's datagrams do.
    socket.connect(server).await?;
    Ok(socket)
}

/// Asks again over TCP, where an answer may be longer (RFC 7766).
pub(super) async fn over_tcp(
    server: SocketAddr,
    query: &Query,
    deadline: Instant,
) -> std::result::Result<Answer, TcpFault> {
    let began = Instant::now();
    let deadline = deadline.min(began + PATIENCE * 2);
    let exchange = async {
        let mut stream = TcpStream::connect(server).await?;
        let length = u16::try_from(query.bytes.len()).unwrap_or_default().to_be_bytes();
        stream.write_all(&[&length, query.bytes.as_slice()].concat()).await?;
        let mut answer = vec![0; stream.read_u16().await?.into()];
        stream.read_exact(&mut answer).await?;
        Ok(answer)
    };
    match timeout_at(deadline, exchange).await {
        Ok(Ok(answer)) => Ok(query.read(&answer).unwrap_or(Answer::Failed)),
        Ok(Err(error)) => Err(TcpFault::of(&error)),
        Err(_) => Err(TcpFault::TimedOut { after_ms: milliseconds(began) }),
    }
}
