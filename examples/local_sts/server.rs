//! The server itself: takes connections, tells operations apart, answers or misbehaves, and keeps a log.

use super::answer::{Answer, StsError};
use super::caller_identity::{Sessions, request_id};
use super::connection::Connection;
use super::misbehaviour::Misbehaviour;
use super::request::Request;
use super::world::World;
use super::{assume_role, openid, pod_identity};
use rustls::ServerConfig;
use std::io::{Result, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation {
    AssumeRoleWithWebIdentity,
    GetCallerIdentity,
    /// A GET of the issuer's documents.
    OpenId,
    /// A request to the agent of EKS Pod Identity.
    PodIdentity,
    Unknown,
}

/// Which of the servers listens somewhere.
#[derive(Clone)]
enum Door {
    /// STS, and the issuer's documents; with TLS if there is a configuration for it.
    Sts(Option<Arc<ServerConfig>>),
    /// The agent of EKS Pod Identity.
    Agent,
}

/// One request as the server saw it, without what is secret in it.
#[derive(Clone, Debug)]
pub struct Exchange {
    pub operation: Operation,
    pub host: String,
    /// Came with an `Authorization` or `X-Amz-Security-Token` header.
    pub signed: bool,
    pub tls: bool,
    pub user_agent: String,
}

/// A misbehaviour that waits for its operation.
struct Plan {
    operation: Operation,
    misbehaviour: Misbehaviour,
    /// How often still; `None` is for ever.
    times: Option<u32>,
}

/// One STS with all that it knows. It can listen at several addresses.
#[derive(Clone)]
pub struct LocalSts(Arc<State>);

struct State {
    world: World,
    sessions: Sessions,
    plans: Mutex<Vec<Plan>>,
    exchanges: Mutex<Vec<Exchange>>,
    received: Mutex<Vec<String>>,
    /// What an echo holds beside.
    also: Mutex<Vec<String>>,
}

impl LocalSts {
    pub fn new(world: World) -> Self {
        let (sessions, plans, exchanges, received, also) = Default::default();
        Self(Arc::new(State { world, sessions, plans, exchanges, received, also }))
    }

    /// Listens at a free port of loopback, with TLS if there is a configuration for it.
    pub fn listen(&self, tls: Option<Arc<ServerConfig>>) -> Result<SocketAddr> {
        self.listen_at((Ipv4Addr::LOCALHOST, 0).into(), tls)
    }

    /// Listens for as long as the process lives.
    pub fn listen_at(&self, address: SocketAddr, tls: Option<Arc<ServerConfig>>) -> Result<SocketAddr> {
        self.open(address, Door::Sts(tls))
    }

    /// The same as the agent of EKS Pod Identity.
    pub fn listen_as_agent_at(&self, address: SocketAddr) -> Result<SocketAddr> {
        self.open(address, Door::Agent)
    }

    fn open(&self, address: SocketAddr, door: Door) -> Result<SocketAddr> {
        let listener = TcpListener::bind(address)?;
        let address = listener.local_addr()?;
        let sts = self.clone();
        thread::spawn(move || {
            for stream in listener.incoming() {
                let (sts, door) = (sts.clone(), door.clone());
                let Ok(stream) = stream else {
                    // Out of file descriptors: connections must end first.
                    thread::sleep(Duration::from_millis(10));
                    continue;
                };
                // A client that breaks off is its own affair, and a thread that cannot start is one client lost.
                let _ = thread::Builder::new().spawn(move || sts.serve(stream, &door));
            }
        });
        Ok(address)
    }

    /// From now on, always.
    pub fn misbehave(&self, operation: Operation, misbehaviour: Misbehaviour) {
        self.plan(Plan { operation, misbehaviour, times: None });
    }

    /// The next `times` calls; then all is well again.
    pub fn misbehave_times(&self, operation: Operation, misbehaviour: Misbehaviour, times: u32) {
        self.plan(Plan { operation, misbehaviour, times: Some(times) });
    }

    fn plan(&self, plan: Plan) {
        self.0.plans.lock().unwrap_or_else(PoisonError::into_inner).push(plan);
    }

    /// Every request so far.
    pub fn exchanges(&self) -> Vec<Exchange> {
        self.0.exchanges.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Everything that was handed out and that nobody may show: secret keys and session tokens.
    pub fn secrets(&self) -> Vec<String> {
        self.0.sessions.secrets()
    }

    /// Every secret that came and went since AssumeRoleWithWebIdentity was last asked for, and what else is echoed.
    pub fn received(&self) -> Vec<String> {
        let [received, also] =
            [&self.0.received, &self.0.also].map(|list| list.lock().unwrap_or_else(PoisonError::into_inner));
        [&received[..], &also[..]].concat()
    }

    /// Has echoes hold these as well: secrets of the pod that are not sent to STS.
    pub fn echo_also(&self, secrets: &[&str]) {
        let mut also = self.0.also.lock().unwrap_or_else(PoisonError::into_inner);
        also.extend(secrets.iter().map(|secret| (*secret).to_owned()));
    }

    fn note(&self, secrets: impl IntoIterator<Item = String>) {
        self.0.received.lock().unwrap_or_else(PoisonError::into_inner).extend(secrets);
    }

    /// How often an operation was asked for.
    pub fn calls(&self, operation: Operation) -> usize {
        self.exchanges().iter().filter(|exchange| exchange.operation == operation).count()
    }

    fn serve(&self, stream: TcpStream, door: &Door) -> Result<()> {
        let tls = match door {
            Door::Sts(tls) => tls.as_ref(),
            Door::Agent => None,
        };
        let mut connection = Connection::accept(stream, tls)?;
        let mut buffer = Vec::new();
        while let Some(request) = Request::read(&mut connection, &mut buffer)? {
            let operation = operation(&request, door);
            self.log(&request, operation, connection.is_tls());
            let answer = self.answer(&request, operation);
            let last = request.header("connection").is_some_and(|value| value.eq_ignore_ascii_case("close"));
            let now = self.0.world.now();
            let misbehaviour = self.next_misbehaviour(operation);
            if misbehaviour.as_ref().is_none_or(Misbehaviour::is_a_success) {
                self.note(issued(&answer));
            }
            match misbehaviour {
                None => {
                    let answer = answer.complete(now);
                    connection.write_all(&[answer.head().into_bytes(), answer.body].concat())?;
                }
                Some(misbehaviour) => match misbehaviour.send(answer, &self.received(), now, connection)? {
                    Some(usable) => connection = usable,
                    None => return Ok(()),
                },
            }
            if last {
                break;
            }
        }
        connection.close();
        Ok(())
    }

    fn answer(&self, request: &Request, operation: Operation) -> Answer {
        let State { world, sessions, received, .. } = &*self.0;
        if let Some(token) = request.field("WebIdentityToken") {
            received.lock().unwrap_or_else(PoisonError::into_inner).clear();
            self.note([token]);
        }
        if operation == Operation::PodIdentity {
            received.lock().unwrap_or_else(PoisonError::into_inner).clear();
            self.note(request.header("authorization").map(str::to_owned));
        }
        let signature = request.header("authorization").and_then(|value| value.rsplit_once("Signature="));
        self.note(signature.map(|(_, signature)| signature.to_owned()));
        let id = request_id();
        let result = match operation {
            Operation::OpenId => return openid::answer(world, request),
            Operation::PodIdentity => {
                let answer = pod_identity::answer(world, sessions, request);
                return answer.unwrap_or_else(|error| Answer::new(500, "text/plain", error.to_string()));
            }
            Operation::AssumeRoleWithWebIdentity => assume_role::assume(world, request).and_then(|grant| {
                let failure = |error: std::io::Error| StsError::new(500, "InternalFailure", error.to_string());
                sessions
                    .open(&grant.session, world.now())
                    .map(|credentials| grant.to_xml(&credentials))
                    .map_err(failure)
            }),
            Operation::GetCallerIdentity => sessions.caller_identity(request, world.now(), world.region.as_deref()),
            Operation::Unknown => {
                let action = request.field("Action").unwrap_or_default();
                Err(StsError::new(
                    400,
                    "InvalidAction",
                    format!("Could not find operation {action} for version 2011-06-15"),
                ))
            }
        };
        match result {
            Ok(xml) => Answer::success(&format!("{operation:?}"), &xml, &id),
            Err(refusal) => Answer::refusal(&refusal, &id),
        }
    }

    fn next_misbehaviour(&self, operation: Operation) -> Option<Misbehaviour> {
        let mut plans = self.0.plans.lock().unwrap_or_else(PoisonError::into_inner);
        let plan = plans.iter_mut().find(|plan| plan.operation == operation && plan.times != Some(0))?;
        plan.times = plan.times.map(|times| times - 1);
        Some(plan.misbehaviour.clone())
    }

    fn log(&self, request: &Request, operation: Operation, tls: bool) {
        let text = |name| request.header(name).unwrap_or_default().to_owned();
        let exchange = Exchange {
            operation,
            host: text("host"),
            signed: ["authorization", "x-amz-security-token"].iter().any(|name| request.header(name).is_some()),
            tls,
            user_agent: text("user-agent"),
        };
        self.0.exchanges.lock().unwrap_or_else(PoisonError::into_inner).push(exchange);
    }
}

/// The credentials in an answer.
fn issued(answer: &Answer) -> Vec<String> {
    if let Ok(json) = serde_json::from_slice::<serde_json::Value>(&answer.body) {
        let field = |name| json[name].as_str().map(str::to_owned);
        return ["AccessKeyId", "SecretAccessKey", "Token"].into_iter().filter_map(field).collect();
    }
    let xml = String::from_utf8_lossy(&answer.body);
    let element = |name: &str| {
        let (_, rest) = xml.split_once(&format!("<{name}>"))?;
        Some(rest.split_once('<')?.0.to_owned())
    };
    ["AccessKeyId", "SecretAccessKey", "SessionToken"].into_iter().filter_map(element).collect()
}

fn operation(request: &Request, door: &Door) -> Operation {
    match (request.method.as_str(), request.field("Action").as_deref()) {
        _ if matches!(door, Door::Agent) => Operation::PodIdentity,
        ("GET", _) => Operation::OpenId,
        (_, Some("AssumeRoleWithWebIdentity")) => Operation::AssumeRoleWithWebIdentity,
        (_, Some("GetCallerIdentity")) => Operation::GetCallerIdentity,
        _ => Operation::Unknown,
    }
}
