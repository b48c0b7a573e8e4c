//! EKS Pod Identity: asks the node's agent for credentials as an SDK does, then STS whose they are.
//!
//! The token goes to the agent's own two addresses and nowhere else, and never through a proxy.

use super::elapsed::milliseconds;
use super::profiles::Profiles;
use super::session::{identify, try_alternate_route};
use super::sts::{can_sign_with, kind};
use super::transport::{Answer, End, Transport};
use super::{RawToken, endpoint, sts};
use crate::aws::pod_identity::check_agent_url;
use crate::probe::evidence::{
    AgentError, AgentFault, Evidence, Layer, Operation, Seen, Session, Step, StepStatus, UnexpectedKind,
};
use crate::probe::subject::Subject;
use crate::text::secrets::Secrets;
use crate::text::timestamp::Timestamp;
use aws_credential_types::Credentials;
use aws_smithy_types::DateTime;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::date_time::Format;
use hyper::Request;
use hyper::header::{ACCEPT, AUTHORIZATION, HeaderValue};
use serde_json::Value;
use std::time::Duration;
use tokio::time::Instant;

/// The agent itself tries eks-auth three times, a second each. A client that hangs up earlier gets no reason.
const TIMEOUT: Duration = Duration::from_secs(5);
/// The agent's texts are short.
const MAX_MESSAGE_CHARS: usize = 1_000;
/// The step's name in reports.
const STEP: &str = "pod-identity-agent";

/// Asks the agent, and STS about what it gave.
pub(super) async fn ask(
    subject: &Subject,
    evidence: &mut Evidence,
    profiles: &Profiles,
    token: Option<&RawToken>,
    secrets: &Secrets,
    deadline: Instant,
) {
    let session = match request(subject, evidence, token) {
        Ok(request) => ask_agent(subject, evidence, request, secrets, deadline).await,
        Err(why) => {
            evidence.steps.push(Step::skipped(STEP, why.clone()));
            evidence.agent = Seen::NotChecked(why);
            None
        }
    };
    match session {
        Some(credentials) => ask_sts(subject, evidence, profiles, credentials, secrets, deadline).await,
        None => {
            let why = "the agent gave no credentials".to_owned();
            evidence.steps.push(Step::skipped(Operation::GetCallerIdentity.step(), why.clone()));
            evidence.session = Seen::NotChecked(why.clone());
            not_asked(evidence, &why);
        }
    }
}

fn not_asked(evidence: &mut Evidence, why: &str) {
    evidence.endpoint = Seen::not_checked(why);
    evidence.dial = Seen::not_checked(why);
    evidence.caller = Seen::not_checked(why);
}

/// The request as an SDK makes it: the bare token, without `Bearer`.
fn request(subject: &Subject, evidence: &Evidence, token: Option<&RawToken>) -> Result<Request<SdkBody>, String> {
    const URI: &str = "AWS_CONTAINER_CREDENTIALS_FULL_URI";
    let url = subject.variables.filled(URI).ok_or_else(|| evidence.why_no_value(URI))?;
    check_agent_url(url).map_err(|_| format!("{URI} is not the URL of the agent"))?;
    let token = token.filter(|_| evidence.token.seen().is_some()).ok_or_else(|| evidence.why_no_token().to_owned())?;
    let token = HeaderValue::from_bytes(token.bytes());
    let mut token = token.map_err(|_| "the token file holds characters that no header can carry".to_owned())?;
    token.set_sensitive(true);
    let request = Request::get(url).header(ACCEPT, "application/json").header(AUTHORIZATION, token);
    request.body(SdkBody::empty()).map_err(|_| format!("{URI} is not a URL"))
}

async fn ask_agent(
    subject: &Subject,
    evidence: &mut Evidence,
    request: Request<SdkBody>,
    secrets: &Secrets,
    deadline: Instant,
) -> Option<Credentials> {
    let began = Instant::now();
    let transport = Transport::without_proxy(subject, secrets, deadline.min(began + TIMEOUT));
    // The log tells how it ended.
    drop(transport.send(request).await);
    let log = transport.take_log();
    // There is no name to look up.
    evidence.steps.extend(log.steps.into_iter().filter(|step| step.name != Layer::Dns.name()));
    let result = match &log.answer {
        Some(answer) => read(answer),
        None => Err(AgentFault::NoAnswer(Box::new(log.dial.unwrap_or_default()))),
    };
    let (status, detail) = match &result {
        Ok(_) => (StepStatus::Ok, "answered".to_owned()),
        Err(fault) => (StepStatus::Failed, fault.to_string()),
    };
    evidence.steps.push(Step { name: STEP, status, duration_ms: milliseconds(began), detail });
    match result {
        Ok((session, credentials)) => {
            evidence.agent = Seen::Seen(());
            evidence.session = Seen::Seen(session);
            Some(credentials)
        }
        Err(fault) => {
            evidence.agent = Seen::Failed(fault);
            None
        }
    }
}

fn read(answer: &Answer) -> Result<(Session, Credentials), AgentFault> {
    let unexpected = |kind| AgentFault::NotTheAgent { status: answer.status, kind };
    // Searching an answer for secrets costs a fifth of a run, so only what is shown is searched.
    // A header is searched whenever it is read.
    let is_text = || answer.header("content-type").is_some_and(|kind| kind.starts_with("text/plain"));
    let text = || answer.secrets.foreign(&String::from_utf8_lossy(&answer.body), MAX_MESSAGE_CHARS);
    match answer.status {
        200 if answer.end == End::Whole => {
            credentials(answer).map_err(|missing| unexpected(missing.unwrap_or_else(|| kind(answer))))
        }
        400.. if answer.end == End::Whole && !answer.body.trim_ascii().is_empty() && is_text() => {
            Err(AgentFault::Refused(AgentError::read(answer.status, &text())))
        }
        _ => Err(unexpected(kind(answer))),
    }
}

/// Only whole answers: an error is what is missing, or `None` for what is not a JSON object at all.
fn credentials(answer: &Answer) -> Result<(Session, Credentials), Option<UnexpectedKind>> {
    let document = serde_json::from_slice::<Value>(&answer.body).ok().filter(Value::is_object).ok_or(None)?;
    let field = |name: &'static str| {
        let value = document.get(name).and_then(Value::as_str).filter(|value| !value.is_empty());
        value.map(str::to_owned).ok_or(Some(UnexpectedKind::Incomplete { missing: name }))
    };
    let (key_id, key, token) = (field("AccessKeyId")?, field("SecretAccessKey")?, field("Token")?);
    [&key_id, &key, &token].into_iter().for_each(|value| answer.secrets.keep(value));
    let expiration = DateTime::from_str(&field("Expiration")?, Format::DateTime);
    let expiration = expiration.map_err(|_| Some(UnexpectedKind::Unreadable { what: "Expiration" }))?;
    let credentials = Credentials::new(key_id, key, Some(token), None, "irsa-probe");
    if !can_sign_with(&credentials) {
        return Err(Some(UnexpectedKind::Unreadable { what: "AccessKeyId or Token" }));
    }
    Ok((Session { expires_at: Timestamp(expiration.secs()), attempts: 1 }, credentials))
}

async fn ask_sts(
    subject: &Subject,
    evidence: &mut Evidence,
    profiles: &Profiles,
    credentials: Credentials,
    secrets: &Secrets,
    deadline: Instant,
) {
    let transport = Transport::new(subject, secrets, deadline);
    let sdk = Box::pin(endpoint::sdk_config(subject, profiles, &transport)).await;
    match endpoint::locate(&sdk, &subject.variables, None, evidence.token.seen(), &transport).await {
        Ok(endpoint) => {
            let client = sts::Client::new(&sdk, &endpoint.region, &transport, deadline);
            evidence.endpoint = Seen::Seen(endpoint.clone());
            identify(evidence, client, credentials).await;
            try_alternate_route(evidence, &endpoint, &transport, deadline).await;
        }
        Err(fault) => {
            let why = "there is no endpoint to ask";
            evidence.steps.push(Step::skipped(Operation::GetCallerIdentity.step(), why.to_owned()));
            not_asked(evidence, why);
            evidence.endpoint = Seen::Failed(fault);
        }
    }
}
