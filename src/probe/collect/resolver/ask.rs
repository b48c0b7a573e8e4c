//! Queries the name servers for one name at a time, and records what each of them did.

use super::message::{Answer, Kind, Query};
use super::server::{PATIENCE, Question, Server, connect, over_tcp};
use crate::probe::collect::elapsed::milliseconds;
use crate::probe::evidence::{DnsFault, NameServer, Resolver, ServerFault};
use std::future::poll_fn;
use std::io::{ErrorKind, Result};
use std::net::{IpAddr, SocketAddr};
use std::task::Poll;
use std::time::Duration;
use tokio::io::ReadBuf;
use tokio::time::{Instant, timeout_at};

/// More than any answer over UDP to a query without EDNS (RFC 1035, section 2.3.4: 512 bytes), and what servers send
/// nevertheless.
const DATAGRAM_BYTES: usize = 4096;

/// The name servers of one lookup.
pub(super) struct Servers<'r> {
    resolver: &'r Resolver,
    servers: Vec<Server>,
    /// The order of queries: servers that gave no answer are last.
    order: Vec<usize>,
    /// Queries for IPv6 addresses are not answered, so that waiting once is enough.
    ipv6_is_silent: bool,
}

impl Servers<'_> {
    pub(super) fn of(resolver: &Resolver) -> Servers<'_> {
        let server = |address: &SocketAddr| Server {
            address: *address,
            socket: None,
            record: NameServer {
                address: address.ip(),
                answered: 0,
                slowest_ms: 0,
                faults: vec![],
                ipv6_faults: vec![],
            },
            was_asked: false,
        };
        let servers: Vec<Server> = resolver.servers.iter().map(server).collect();
        Servers { resolver, order: (0..servers.len()).collect(), servers, ipv6_is_silent: false }
    }

    /// What the servers have done so far.
    pub(super) fn into_records(self) -> Vec<NameServer> {
        self.servers.into_iter().filter(|server| server.was_asked).map(|server| server.record).collect()
    }

    /// The addresses of `name` itself, or why there are none.
    pub(super) async fn ask(&mut self, name: &str, deadline: Instant) -> std::result::Result<Vec<IpAddr>, DnsFault> {
        let began = Instant::now();
        let mut questions = self.questions(name).ok_or(DnsFault::NotAName)?;
        let timeout = Duration::from_secs(self.resolver.timeout_seconds.into());
        let rounds = self.resolver.attempts.try_into().unwrap_or(1);
        let mut turns: Vec<usize> = self.order.repeat(rounds).into_iter().rev().collect();
        // glibc waits for each server in each round, so a server that is silent for this long is silent to glibc too.
        let given_up = began + timeout * u32::try_from(turns.len()).unwrap_or(1);
        let mut next_turn = began;
        while Instant::now() < deadline && !self.is_settled(&questions) {
            let awaited = questions.iter().any(Question::is_awaited);
            let now = Instant::now();
            if now >= next_turn || !awaited {
                match turns.pop() {
                    // Asking again would only use up what the network allows of such messages.
                    Some(server) if questions.iter().any(|question| question.is_out_of_reach(server)) => continue,
                    Some(server) => {
                        self.send(server, &mut questions, deadline).await;
                        let soon = Instant::now() + PATIENCE.min(timeout);
                        next_turn = if turns.is_empty() { given_up.max(soon) } else { soon };
                        continue;
                    }
                    None => break,
                }
            }
            let until = self.enough(&questions).into_iter().fold(deadline.min(next_turn), Instant::min);
            if let Ok((server, datagram)) = timeout_at(until, self.receive()).await {
                self.take(server, datagram, &mut questions, deadline).await;
            }
        }
        self.note_silence(&questions, began);
        self.result(&questions, began)
    }

    fn questions(&self, name: &str) -> Option<Vec<Question>> {
        let mut random = [0; 3];
        ring::rand::SecureRandom::fill(&ring::rand::SystemRandom::new(), &mut random).ok()?;
        let kinds = Kind::ALL.into_iter().filter(|kind| *kind == Kind::Ipv4 || !self.resolver.no_aaaa);
        kinds
            .map(|kind| {
                // The last bit tells the two apart, which share a socket as they do in the C library.
                let id = u16::from_le_bytes([random[0] & !1 | u8::from(kind == Kind::Ipv6), random[1]]);
                let query = Query::new(name, kind, id)?;
                let owed = vec![None; self.servers.len()];
                Some(Question { kind, query, outcome: None, owed, faults: Vec::new() })
            })
            .collect()
    }

    /// Sends one server every query that is still open.
    async fn send(&mut self, index: usize, questions: &mut [Question], deadline: Instant) {
        let server = &mut self.servers[index];
        server.was_asked = true;
        for place in 0..questions.len() {
            let question = &mut questions[place];
            if question.outcome.is_some() {
                continue;
            }
            if self.resolver.tcp_only {
                question.owed[index].get_or_insert_with(Instant::now);
                let whole = over_tcp(server.address, &question.query, deadline).await;
                server.note(index, question, whole.map_err(ServerFault::NoTcp));
                continue;
            }
            if server.socket.is_none() {
                server.socket = connect(server.address).await.ok();
            }
            let sent = match &server.socket {
                Some(socket) => socket.send(&question.query.bytes).await.map(drop),
                None => Err(ErrorKind::NetworkUnreachable.into()),
            };
            match sent {
                Ok(()) => drop(question.owed[index].get_or_insert_with(Instant::now)),
                // The error may be the answer to the question before.
                Err(error) => {
                    question.owed[index] = Some(Instant::now());
                    return server.cannot_be_reached(index, questions, &error);
                }
            }
        }
    }

    /// The next datagram, or error, from any server.
    async fn receive(&self) -> (usize, Result<Vec<u8>>) {
        let mut buffer = vec![0; DATAGRAM_BYTES];
        poll_fn(|context| {
            for (index, server) in self.servers.iter().enumerate() {
                let Some(socket) = &server.socket else { continue };
                let mut read = ReadBuf::new(&mut buffer);
                match socket.poll_recv(context, &mut read) {
                    Poll::Ready(Ok(())) => return Poll::Ready((index, Ok(read.filled().to_vec()))),
                    Poll::Ready(Err(error)) => return Poll::Ready((index, Err(error))),
                    Poll::Pending => {}
                }
            }
            Poll::Pending
        })
        .await
    }

    async fn take(&mut self, index: usize, datagram: Result<Vec<u8>>, questions: &mut [Question], deadline: Instant) {
        let server = &mut self.servers[index];
        let datagram = match datagram {
            Ok(datagram) => datagram,
            Err(error) => return server.cannot_be_reached(index, questions, &error),
        };
        // Anything else that comes to this port is no answer; the deadline bounds the waiting.
        let answer = questions.iter_mut().find_map(|question| Some((question.query.read(&datagram)?, question)));
        if let Some((answer, question)) = answer {
            let whole = match answer {
                Answer::Truncated => over_tcp(server.address, &question.query, deadline).await,
                answer => Ok(answer),
            };
            server.note(index, question, whole.map_err(ServerFault::NoTcp));
        }
    }

    fn is_settled(&self, questions: &[Question]) -> bool {
        let all = questions.iter().all(|question| question.outcome.is_some());
        all || self.enough(questions).is_some_and(|time| Instant::now() >= time)
    }

    /// The time after which one of the two answers is enough.
    fn enough(&self, questions: &[Question]) -> Option<Instant> {
        let patience = if self.ipv6_is_silent { Duration::ZERO } else { PATIENCE };
        let times = questions.iter().filter_map(|question| match (&question.outcome, question.kind) {
            (Some((Answer::Addresses(_), at)), _) | (Some((Answer::NoSuchName, at)), Kind::Ipv4) => {
                Some(*at + patience)
            }
            _ => None,
        });
        times.min()
    }

    /// Remembers who left queries unanswered. A server that had less than its time is not silent.
    fn note_silence(&mut self, questions: &[Question], began: Instant) {
        let whole = Instant::now() - began;
        let silent = |index: usize, question: &Question| {
            question.owed[index].is_some_and(|since| since.elapsed() >= PATIENCE.min(whole))
        };
        for (index, server) in self.servers.iter_mut().enumerate() {
            for question in questions.iter().filter(|question| silent(index, question)) {
                server.add(question.kind, ServerFault::Silent);
            }
            let of = |kind| questions.iter().any(|question| question.kind == kind && silent(index, question));
            self.ipv6_is_silent |= of(Kind::Ipv6) && !of(Kind::Ipv4);
            if of(Kind::Ipv4) || questions.iter().any(|question| question.is_out_of_reach(index)) {
                self.order.retain(|other| *other != index);
                self.order.push(index);
            }
        }
    }

    fn result(&self, questions: &[Question], began: Instant) -> std::result::Result<Vec<IpAddr>, DnsFault> {
        let outcomes = || questions.iter().filter_map(|question| question.outcome.as_ref());
        let addresses: Vec<IpAddr> = outcomes()
            .flat_map(|(answer, _)| match answer {
                Answer::Addresses(addresses) => addresses.as_slice(),
                _ => &[],
            })
            .copied()
            .collect();
        if !addresses.is_empty() {
            return Ok(addresses);
        }
        if outcomes().any(|(answer, _)| *answer == Answer::NoSuchName) {
            return Err(DnsFault::NoSuchName);
        }
        let open = questions.iter().find(|question| question.outcome.is_none());
        Err(open.map_or(DnsFault::NoAddress, |question| self.fault(question, began)))
    }

    /// Why there is no answer. The first server that responded decides, as in the C library.
    fn fault(&self, question: &Question, began: Instant) -> DnsFault {
        let mut faults = question.faults.clone();
        faults.sort_by_key(|(index, _)| *index);
        let spoke = faults.iter().find_map(|(index, fault)| {
            let server = self.servers[*index].address.ip();
            match *fault {
                ServerFault::Refuses => Some(DnsFault::Refused { server }),
                ServerFault::Fails => Some(DnsFault::ServerFailed { server }),
                ServerFault::NoTcp(tcp) => Some(DnsFault::CutOff { server, tcp }),
                _ => None,
            }
        });
        let has = |wanted| faults.iter().any(|(_, fault)| *fault == wanted);
        match spoke {
            Some(fault) => fault,
            None if self.resolver.is_missing => DnsFault::NoConfiguration,
            None if question.is_awaited() => DnsFault::TimedOut { after_ms: milliseconds(began) },
            None if has(ServerFault::Closed) => DnsFault::Closed,
            None if has(ServerFault::NoRoute) => DnsFault::NoRoute,
            None => DnsFault::TimedOut { after_ms: milliseconds(began) },
        }
    }
}
