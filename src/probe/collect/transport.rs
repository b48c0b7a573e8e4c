//! The probe's own connections, built layer by layer so that each layer's time and fault is seen.
//!
//! The AWS SDK sends its calls through this as its HTTP client. Its stock client folds lookup, connecting and TLS into
//! one word and one timeout, buffers answers without end, and with ring ignores proxies.

mod attempt;
mod broken;
mod dial;
mod exchange;
mod tunnel;

pub(crate) use exchange::{Answer, End};

use super::elapsed::milliseconds;
use super::roots;
use super::tls::Tls;
use crate::probe::evidence::{Dial, HttpFault, Layer, Step, StepStatus, TlsFault};
use crate::probe::subject::{Subject, Variables};
use crate::text::secrets::Secrets;
use attempt::Attempt;
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use broken::Broken;
use exchange::Sender;
use hyper::HeaderMap;
use hyper_util::client::proxy::matcher::Matcher;
use std::fmt;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use tokio::time::{Instant, timeout_at};

/// A longer answer is not read to its end.
pub(crate) const MAX_ANSWER_BYTES: usize = 256 * 1024;

/// Connections for one subject until a deadline, at most one kept open. Clones share everything.
#[derive(Clone)]
pub(crate) struct Transport(Arc<Shared>);

struct Shared {
    variables: Variables,
    root: PathBuf,
    proxies: Matcher,
    secrets: Secrets,
    /// An answer is awaited until then: SDKs wait for a minute and more.
    deadline: Instant,
    /// Lookup, connecting, proxy and TLS together. What is left afterwards is for another way to STS.
    connect_by: Instant,
    /// Made for the first https connection: reading a system's bundle takes more time than a handshake.
    tls: OnceLock<Result<Tls, TlsFault>>,
    log: Mutex<Log>,
    idle: Mutex<Option<Idle>>,
}

/// The connection that the last exchange left open.
struct Idle {
    origin: String,
    sender: Sender,
}

/// What happened since the log was taken last.
#[derive(Default)]
pub(crate) struct Log {
    pub steps: Vec<Step>,
    /// The last connection that was built, or tried.
    pub dial: Option<Dial>,
    /// The last answer, as far as it came.
    pub answer: Option<Answer>,
    /// How often a request was sent or tried.
    pub attempts: u32,
}

impl Transport {
    /// Through the proxies that the subject's variables name.
    pub(crate) fn new(subject: &Subject, secrets: &Secrets, deadline: Instant) -> Transport {
        let variables = &subject.variables;
        let value = |names: &[&str]| names.iter().find_map(|name| variables.filled(name)).unwrap_or("").to_owned();
        let proxies = Matcher::builder()
            .https(value(&["HTTPS_PROXY", "https_proxy"]))
            .http(value(&["HTTP_PROXY", "http_proxy"]))
            .all(value(&["ALL_PROXY", "all_proxy"]))
            .no(value(&["NO_PROXY", "no_proxy"]))
            .build();
        Self::through(proxies, subject, secrets, deadline)
    }

    /// Straight, whatever the variables say: for the node's own services.
    pub(crate) fn without_proxy(subject: &Subject, secrets: &Secrets, deadline: Instant) -> Transport {
        Self::through(Matcher::builder().build(), subject, secrets, deadline)
    }

    fn through(proxies: Matcher, subject: &Subject, secrets: &Secrets, deadline: Instant) -> Transport {
        let left = deadline.saturating_duration_since(Instant::now());
        Transport(Arc::new(Shared {
            deadline,
            connect_by: deadline - left / 5,
            variables: subject.variables.clone(),
            root: subject.root.clone(),
            proxies,
            secrets: secrets.clone(),
            tls: OnceLock::new(),
            log: Mutex::default(),
            idle: Mutex::default(),
        }))
    }

    /// The proxy that connections to `url` go through: its `host:port`.
    pub(crate) fn proxy_for(&self, url: &hyper::Uri) -> Option<String> {
        self.0.proxies.intercept(url).map(|proxy| dial::authority(proxy.uri()))
    }

    /// The secrets of the run that these connections are made in.
    pub(crate) fn secrets(&self) -> &Secrets {
        &self.0.secrets
    }

    /// What happened since the last call of this.
    pub(crate) fn take_log(&self) -> Log {
        std::mem::take(&mut *self.0.log())
    }

    /// Tries to connect to a server, through a proxy where the variables say so, and sends it nothing; the log tells
    /// how far that went.
    pub(crate) async fn reach(&self, host: &str, port: u16, deadline: Instant) {
        if let Ok(url) = format!("https://{host}:{port}").parse() {
            dial::reach(&self.0, &url, self.0.proxies.intercept(&url).as_ref(), deadline).await;
        }
    }

    /// The same without a proxy, whatever the variables say.
    pub(crate) async fn reach_directly(&self, host: &str, port: u16, deadline: Instant) {
        if let Ok(url) = format!("https://{host}:{port}").parse() {
            dial::reach(&self.0, &url, None, deadline).await;
        }
    }

    /// Sends one request and reads its answer to the end, within the deadline and the size limit.
    ///
    /// # Errors
    /// The connection's fault, which the log then holds in full.
    pub(crate) async fn send(&self, request: hyper::Request<SdkBody>) -> Result<hyper::Response<SdkBody>, Broken> {
        let shared = &self.0;
        keep_credentials(request.headers(), &shared.secrets);
        shared.log().attempts += 1;
        shared.log().answer = None;
        let origin = origin(request.uri());
        let mut sender = match shared.take_idle(&origin) {
            Some(sender) => sender,
            None => dial::dial(shared, request.uri()).await?,
        };
        let mut attempt = Attempt::at(shared, Layer::Http);
        let result = timeout_at(shared.deadline, exchange::exchange(shared, &mut sender, request)).await;
        attempt.end_with_the_call();
        let fault = match result {
            Ok(Ok(response)) => {
                *shared.idle.lock().unwrap_or_else(PoisonError::into_inner) = Some(Idle { origin, sender });
                return Ok(response);
            }
            Ok(Err(fault)) => fault,
            Err(_) => HttpFault::TimedOut { after_ms: milliseconds(attempt.began) },
        };
        shared.with_dial(|dial| dial.http = Some(fault.clone()));
        Err(Broken::worth_retrying(matches!(fault, HttpFault::Closed)))
    }
}

impl Shared {
    fn log(&self) -> MutexGuard<'_, Log> {
        self.log.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn with_dial(&self, change: impl FnOnce(&mut Dial)) {
        change(self.log().dial.get_or_insert_default());
    }

    fn step(&self, layer: Layer, began: Instant, status: StepStatus, detail: String) {
        self.log().steps.push(Step { name: layer.name(), status, duration_ms: milliseconds(began), detail });
    }

    fn take_idle(&self, origin: &str) -> Option<Sender> {
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).take()?;
        (idle.origin == origin && idle.sender.is_ready()).then_some(idle.sender)
    }

    fn tls(&self) -> Result<Tls, TlsFault> {
        self.tls.get_or_init(|| roots::load(&self.variables, &self.root).and_then(Tls::new)).clone()
    }
}

/// What a request shows that it may, an answer may echo.
fn keep_credentials(headers: &HeaderMap, secrets: &Secrets) {
    for name in ["x-amz-security-token", "x-aws-ec2-metadata-token", "authorization"] {
        let value = headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
        // Of a signed request only the signature is a secret; what was signed must stay legible.
        match value.split_once("Signature=") {
            Some((_, signature)) => secrets.keep(signature),
            None => value.split_whitespace().for_each(|word| secrets.keep(word)),
        }
    }
}

fn origin(url: &hyper::Uri) -> String {
    format!("{}://{}", url.scheme_str().unwrap_or_default(), dial::authority(url))
}

impl fmt::Debug for Transport {
    /// The SDK asks for this; what it holds is nobody's business.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Transport")
    }
}

impl HttpClient for Transport {
    fn http_connector(&self, _: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

impl HttpConnector for Transport {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let transport = self.clone();
        HttpConnectorFuture::new(async move {
            let request = request.try_into_http1x().map_err(|error| ConnectorError::user(error.into()))?;
            let response = transport.send(request).await.map_err(Broken::for_the_sdk)?;
            HttpResponse::try_from(response).map_err(|error| ConnectorError::other(error.into(), None))
        })
    }
}
