//! Queries and answers as they go over the wire (RFC 1035, section 4; RFC 3596).

use simple_dns::rdata::RData;
use simple_dns::{CLASS, Name, Packet, PacketFlag, Question, RCODE, TYPE};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Which addresses are asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Ipv4,
    Ipv6,
}

impl Kind {
    pub(super) const ALL: [Kind; 2] = [Kind::Ipv4, Kind::Ipv6];

    fn record(self) -> TYPE {
        match self {
            Kind::Ipv4 => TYPE::A,
            Kind::Ipv6 => TYPE::AAAA,
        }
    }
}

/// A question in the form in which it is sent.
pub(super) struct Query {
    pub bytes: Vec<u8>,
    id: u16,
    kind: Kind,
}

/// What a name server answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Answer {
    Addresses(Vec<IpAddr>),
    NoSuchName,
    /// The name exists without such an address.
    NoAddress,
    Truncated,
    Refused,
    Failed,
}

impl Query {
    /// `None` if `name` is no name that can be asked for.
    pub(super) fn new(name: &str, kind: Kind, id: u16) -> Option<Query> {
        let mut packet = Packet::new_query(id);
        packet.set_flags(PacketFlag::RECURSION_DESIRED);
        packet.questions.push(Question::new(Name::new(name).ok()?, kind.record().into(), CLASS::IN.into(), false));
        Some(Query { bytes: packet.build_bytes_vec().ok()?, id, kind })
    }

    /// `None` if `bytes` are no answer to this query: somebody else's, or a forgery.
    pub(super) fn read(&self, bytes: &[u8]) -> Option<Answer> {
        let packet = Packet::parse(bytes).ok()?;
        let ours = packet.has_flags(PacketFlag::RESPONSE) && packet.id() == self.id;
        // A server that refuses may leave the question out.
        let asked = packet.questions.first().is_none_or(|question| question.qtype == self.kind.record().into());
        if !ours || !asked {
            return None;
        }
        Some(match packet.rcode() {
            RCODE::NoError if packet.has_flags(PacketFlag::TRUNCATION) => Answer::Truncated,
            RCODE::NoError => {
                let addresses: Vec<IpAddr> =
                    packet.answers.iter().filter_map(|record| self.address(&record.rdata)).collect();
                if addresses.is_empty() { Answer::NoAddress } else { Answer::Addresses(addresses) }
            }
            RCODE::NameError => Answer::NoSuchName,
            RCODE::Refused => Answer::Refused,
            _ => Answer::Failed,
        })
    }

    fn address(&self, data: &RData) -> Option<IpAddr> {
        match (self.kind, data) {
            (Kind::Ipv4, RData::A(record)) => Some(Ipv4Addr::from(record.address).into()),
            (Kind::Ipv6, RData::AAAA(record)) => Some(Ipv6Addr::from(record.address).into()),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use simple_dns::ResourceRecord;
    use simple_dns::rdata::{A, CNAME};

    const HOST: &str = "sts.eu-west-1.amazonaws.com";

    fn reply(id: u16, change: impl FnOnce(&mut Packet)) -> Vec<u8> {
        let mut reply = Packet::new_reply(id);
        reply.questions.push(Question::new(Name::new_unchecked(HOST), TYPE::A.into(), CLASS::IN.into(), false));
        change(&mut reply);
        reply.build_bytes_vec().unwrap()
    }

    #[test]
    fn an_answer_is_read_by_its_code_and_records() {
        let query = Query::new(HOST, Kind::Ipv4, 7).unwrap();
        let record = |data| ResourceRecord::new(Name::new_unchecked(HOST), CLASS::IN, 10, data);
        let code = |code| reply(7, |packet| *packet.rcode_mut() = code);
        for (bytes, answer) in [
            (code(RCODE::NameError), Some(Answer::NoSuchName)),
            (code(RCODE::Refused), Some(Answer::Refused)),
            (code(RCODE::ServerFailure), Some(Answer::Failed)),
            (code(RCODE::NotImplemented), Some(Answer::Failed)),
            (code(RCODE::NoError), Some(Answer::NoAddress)),
            (reply(7, |packet| packet.set_flags(PacketFlag::TRUNCATION)), Some(Answer::Truncated)),
            (
                reply(7, |packet| {
                    packet.answers.push(record(RData::CNAME(CNAME(Name::new_unchecked("other.example")))));
                    packet.answers.push(record(RData::A(A { address: 0x0a00_0105 })));
                }),
                Some(Answer::Addresses(vec![[10, 0, 1, 5].into()])),
            ),
            (reply(8, |_| ()), None),
            (query.bytes.clone(), None),
            (b"no packet".to_vec(), None),
        ] {
            assert_eq!(query.read(&bytes), answer);
        }
        let ipv6 = Query::new(HOST, Kind::Ipv6, 7).unwrap();
        assert_eq!(ipv6.read(&code(RCODE::NoError)), None, "the answer to the other question");
        assert!(Query::new(&"a".repeat(64), Kind::Ipv4, 7).is_none());
    }
}
