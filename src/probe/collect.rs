//! The only I/O: sees what there is to see and says so as [`Evidence`], which holds no secret.
#![allow(clippy::disallowed_methods, reason = "this is where the world is inspected")]

mod alternate_route;
mod default_chain;
mod elapsed;
mod elsewhere;
mod endpoint;
mod image;
mod imds;
pub(crate) mod inside;
mod issuer;
pub(crate) mod jwt;
mod mounts;
mod os_shim;
mod place;
mod pod_identity;
pub(crate) mod processes;
mod profiles;
pub(crate) mod resolver;
mod roots;
pub mod sdks;
mod signature;
pub(crate) mod sts;
mod tls;
mod token_file;
pub(crate) mod transport;

pub(crate) use roots::SYSTEM_BUNDLES;
pub use token_file::MAX_TOKEN_BYTES;

use crate::aws::arn::RoleArn;
use crate::probe::evidence::{
    CallFault, Clock, ClockSource, Endpoint, Evidence, Expectations, Imds, Mechanism, Operation, Place, Seen, Session,
    Step, StepStatus, Target, Token,
};
use crate::probe::subject::Subject;
use crate::text::secrets::Secrets;
use crate::text::timestamp::Timestamp;
use aws_config::SdkConfig;
use aws_credential_types::Credentials;
use clap::ValueEnum;
use profiles::Profiles;
use std::pin::{Pin, pin};
use std::time::Duration;
use tokio::time::{Instant, timeout_at};
use transport::{Log, Transport};

/// The name of the session where the user sets none; it is what CloudTrail shows of this call.
const SESSION_NAME: &str = "irsa-probe";

/// How long a run waits at least for the node's metadata, however fast STS is.
const IMDS_PATIENCE: Duration = Duration::from_millis(100);

/// How a run is made.
#[derive(Clone, Debug)]
pub struct Options {
    /// The whole run ends within this.
    pub run_timeout: Duration,
    pub expected: Expectations,
    pub issuer_check: IssuerCheck,
    /// Whether to ask the node's instance metadata.
    pub imds: bool,
}

/// When the issuer's published keys are fetched, as STS fetches them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum IssuerCheck {
    /// Where STS's answer leaves open whether it could get the keys.
    Auto,
    Always,
    Never,
}

/// A token's bytes. They cannot be printed, compared or copied.
pub struct RawToken(Vec<u8>);

impl RawToken {
    fn new(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }

    fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// As an SDK sends it, white space and all.
    fn text(&self) -> String {
        String::from_utf8_lossy(&self.0).into_owned()
    }
}

/// Runs every step once. `secrets` gets every secret that this takes in hand.
pub async fn run(subject: &Subject, options: &Options, now: Timestamp, secrets: &Secrets) -> Evidence {
    let deadline = Instant::now() + options.run_timeout;
    let scan = sdks::scan_beside(subject);
    let mut evidence = collect_chain(subject, options, now, secrets).await;
    if let (Some(target), Some(scan)) = (&mut evidence.target, scan) {
        target.sdks = match timeout_at(deadline, scan).await {
            Ok(Ok(scanned)) => scanned.into(),
            Ok(Err(_)) | Err(_) => Seen::not_checked("there was no time to look for SDKs"),
        };
    }
    // Last: which connections other SDKs make depends on which SDKs are there.
    Box::pin(elsewhere::collect(subject, &mut evidence, secrets, deadline)).await;
    evidence
}

/// Everything but the application's image.
async fn collect_chain(subject: &Subject, options: &Options, now: Timestamp, secrets: &Secrets) -> Evidence {
    let began = Instant::now();
    let deadline = began + options.run_timeout;
    let (mut evidence, token, role) = collect_local(subject, options, now, secrets);
    let profiles = Profiles::read(subject);
    evidence.profile = profiles.selected(subject, secrets).await;
    if evidence.expected.no_sts {
        let why = "STS was not asked (--no-sts)";
        not_asked(&mut evidence, why.to_owned());
        evidence.issuer = Seen::not_checked(why);
        evidence.active_credentials = Seen::not_checked(why);
        return evidence;
    }
    let transport = Transport::new(subject, secrets, deadline);
    let found = {
        // The largest futures are boxed where they are awaited, or every run would carry room for all of them.
        let imds = pin!(async {
            match options.imds {
                true => Some(Box::pin(imds::collect(subject, secrets)).await),
                false => None,
            }
        });
        let sts = pin!(async {
            if evidence.has_pod_identity() {
                Box::pin(pod_identity::ask(subject, &mut evidence, &profiles, token.as_ref(), secrets, deadline)).await;
                evidence.issuer = Seen::not_checked("EKS itself verifies the tokens of Pod Identity");
                Box::pin(default_chain::collect(subject, &mut evidence, &profiles, secrets, deadline)).await;
                return;
            }
            match (&token, &role, reason_not_to_call(&evidence)) {
                (Some(token), Some(role), None) => {
                    let sdk = Box::pin(endpoint::sdk_config(subject, &profiles, &transport)).await;
                    ask_sts(subject, &sdk, &mut evidence, &transport, token, role, deadline).await;
                }
                (_, _, reason) => {
                    not_asked(&mut evidence, reason.unwrap_or_else(|| "there is no token to send".to_owned()))
                }
            }
            ask_issuer(&mut evidence, &transport, token.as_ref(), options.issuer_check, deadline).await;
            Box::pin(default_chain::collect(subject, &mut evidence, &profiles, secrets, deadline)).await;
        });
        beside(sts, imds, began).await
    };
    if let Some(found) = found {
        evidence.imds = found;
    }
    evidence
}

/// Waits for both, but hardly longer for the node's metadata than for STS: it answers at once or not at all. Pinned by
/// the caller: moved in here, each would take its room three times over.
async fn beside(
    mut sts: Pin<&mut impl Future<Output = ()>>,
    mut imds: Pin<&mut impl Future<Output = Option<Seen<Imds, String>>>>,
    began: Instant,
) -> Option<Seen<Imds, String>> {
    tokio::select! {
        biased;
        () = &mut sts => match timeout_at(began + IMDS_PATIENCE, imds).await {
            Ok(found) => found,
            Err(_) => Some(Seen::Failed("instance metadata does not answer here".to_owned())),
        },
        found = &mut imds => {
            sts.await;
            found
        }
    }
}

/// What an earlier run saw, with the token file as it is now. Nothing is sent.
pub fn refresh_token(
    subject: &Subject,
    options: &Options,
    last: &Evidence,
    now: Timestamp,
    secrets: &Secrets,
) -> Evidence {
    let (local, ..) = collect_local(subject, options, now, secrets);
    let mut evidence = Evidence { now, token_file: local.token_file, token: local.token, ..last.clone() };
    if evidence.token.seen().is_some_and(|token| token.is_over(evidence.time_at_sts())) {
        let why = "the token has expired since the last run";
        evidence.session = Seen::not_checked(why);
        evidence.agent = Seen::not_checked(why);
    }
    evidence
}

/// Whether the token file can never be renewed. A run asks this only where something is wrong.
pub fn token_is_mounted_alone(subject: &Subject, mechanism: Option<Mechanism>) -> bool {
    let mechanism = mechanism.or(Mechanism::of(&subject.variables.shown())).unwrap_or(Mechanism::Irsa);
    let path = subject.variables.filled(mechanism.token_variable());
    mounts::collect(subject, path).is_ok_and(|mounts| mounts.hold_the_token_alone())
}

/// What can be seen without any network. Also gives what calls need, as far as it is there.
fn collect_local(
    subject: &Subject,
    options: &Options,
    now: Timestamp,
    secrets: &Secrets,
) -> (Evidence, Option<RawToken>, Option<RoleArn>) {
    subject.variables.keep_secrets(secrets);
    let environment = subject.variables.shown();
    let mechanism = options.expected.mechanism.or_else(|| Mechanism::of(&environment));
    let token_variable = mechanism.unwrap_or(Mechanism::Irsa).token_variable();
    let path = subject.variables.filled(token_variable);
    let read = path.map(|path| token_file::read(subject, path));
    let (token_file, raw) = match read {
        None => (Seen::not_checked(""), None),
        Some(Ok((file, raw))) => {
            secrets.keep_tokens(&raw.text());
            (Seen::Seen(file), Some(raw))
        }
        Some(Err(fault)) => (Seen::Failed(fault), None),
    };
    let token = match &raw {
        None => Seen::not_checked("the token file could not be read"),
        Some(raw) => jwt::decode(raw.bytes()).into(),
    };
    let role = environment.value("AWS_ROLE_ARN").and_then(|arn| RoleArn::parse(arn).ok());
    let has_role = role.is_some() || mechanism == Some(Mechanism::PodIdentity);
    let is_as_the_webhook_leaves_it = has_role && token.seen().is_some_and(|token: &Token| !token.is_over(now));
    let (mounts, api_token) = match is_as_the_webhook_leaves_it {
        true => (
            Seen::not_checked("a role and a token that has not expired were found"),
            Seen::not_checked("a role and a token that has not expired were found"),
        ),
        false => (mounts::collect(subject, path).into(), mounts::api_token(subject)),
    };
    let is_place_needed = !is_as_the_webhook_leaves_it || subject.target.is_some();
    let place = if is_place_needed { place::collect(subject) } else { Place::default() };
    let mut evidence = Evidence {
        now,
        expected: options.expected.clone(),
        identity: subject.identity.clone(),
        environment,
        mechanism,
        token_file,
        token,
        endpoint: Seen::not_checked(""),
        dial: Seen::not_checked(""),
        alternate_route: Seen::not_checked("STS was not asked"),
        elsewhere: Vec::new(),
        agent: Seen::not_checked("the agent of EKS Pod Identity was not asked"),
        session: Seen::not_checked(""),
        caller: Seen::not_checked(""),
        clock: Seen::not_checked("STS was not asked, so nothing told the time"),
        mounts,
        api_token,
        place,
        issuer: Seen::not_checked(""),
        profile: Seen::not_checked("there are no profile files"),
        active_credentials: Seen::not_checked("STS was not asked"),
        imds: Seen::not_checked("instance metadata was not asked for"),
        target: subject.target.clone().map(|target| Target { image: image::collect(subject), ..target }),
        steps: Vec::new(),
    };
    if path.is_none() {
        let why = evidence.why_no_value(token_variable);
        evidence.token_file = Seen::not_checked(why.clone());
        evidence.token = Seen::not_checked(why);
    }
    (evidence, raw, role)
}

/// A token is only sent where that can tell something: not what is known to be no token for STS.
fn reason_not_to_call(evidence: &Evidence) -> Option<String> {
    let environment = &evidence.environment;
    match environment.value("AWS_ROLE_ARN").map(RoleArn::parse) {
        None => return Some(evidence.why_no_value("AWS_ROLE_ARN")),
        Some(Err(fault)) => return Some(format!("AWS_ROLE_ARN {fault}")),
        Some(Ok(_)) => {}
    }
    match &evidence.token {
        Seen::NotChecked(why) => Some(why.clone()),
        Seen::Failed(_) => Some("the file holds no token".to_owned()),
        Seen::Seen(token) => token.is_for_another_use().then(|| "the token is not meant for STS".to_owned()),
    }
}

fn not_asked(evidence: &mut Evidence, reason: String) {
    for operation in [Operation::AssumeRoleWithWebIdentity, Operation::GetCallerIdentity] {
        evidence.steps.push(Step::skipped(operation.step(), reason.clone()));
    }
    evidence.endpoint = Seen::NotChecked(reason.clone());
    evidence.dial = Seen::NotChecked(reason.clone());
    evidence.session = Seen::NotChecked(reason.clone());
    evidence.caller = Seen::NotChecked(reason);
}

async fn ask_sts(
    subject: &Subject,
    sdk: &SdkConfig,
    evidence: &mut Evidence,
    transport: &Transport,
    token: &RawToken,
    role: &RoleArn,
    deadline: Instant,
) {
    let claims = evidence.token.seen();
    let located = endpoint::locate(sdk, &subject.variables, Some(role.partition), claims, transport).await;
    let endpoint = match located {
        Ok(endpoint) => endpoint,
        Err(fault) => {
            not_asked(evidence, "there is no endpoint that the token may be sent to".to_owned());
            evidence.endpoint = Seen::Failed(fault);
            return;
        }
    };
    let client = sts::Client::new(sdk, &endpoint.region, transport, deadline);
    evidence.endpoint = Seen::Seen(endpoint.clone());
    let role_arn = role.to_string();
    let session_name = subject.variables.filled("AWS_ROLE_SESSION_NAME").unwrap_or(SESSION_NAME);
    let assumed = client.assume(sts::Request { role_arn: &role_arn, session_name, token }).await;
    evidence.note(assumed.log, assumed.step, assumed.result.as_ref().err());
    match assumed.result {
        Ok((session, credentials)) => {
            evidence.session = Seen::Seen(session);
            identify(evidence, client, credentials).await;
        }
        Err(fault) => {
            evidence.session = Seen::Failed(fault);
            let no_credentials = "no credentials";
            evidence.steps.push(Step::skipped(Operation::GetCallerIdentity.step(), no_credentials.to_owned()));
            evidence.caller = Seen::not_checked(no_credentials);
        }
    }
    try_alternate_route(evidence, &endpoint, transport, deadline).await;
}

/// Asks STS whose credentials these are.
async fn identify(evidence: &mut Evidence, client: sts::Client, credentials: Credentials) {
    let asked = client.who_am_i(credentials).await;
    evidence.note(asked.log, asked.step, asked.result.as_ref().err());
    evidence.caller = asked.result.into();
}

async fn try_alternate_route(evidence: &mut Evidence, endpoint: &Endpoint, transport: &Transport, deadline: Instant) {
    evidence.alternate_route = Seen::not_checked("STS was reached");
    if let Seen::Failed(failed) = &evidence.dial {
        let (alternate_route, log) = alternate_route::collect(endpoint, failed, transport, deadline).await;
        evidence.alternate_route = alternate_route;
        evidence.steps.extend(log.steps);
    }
}

/// STS itself proves the issuer's keys by taking the token, so they are fetched only where it did not.
async fn ask_issuer(
    evidence: &mut Evidence,
    transport: &Transport,
    raw: Option<&RawToken>,
    when: IssuerCheck,
    deadline: Instant,
) {
    let (Some(token), Some(raw)) = (evidence.token.seen(), raw) else {
        evidence.issuer = Seen::not_checked(evidence.why_no_token().to_owned());
        return;
    };
    let Some(issuer) = token.issuer.as_deref() else {
        evidence.issuer = Seen::not_checked("the token names no issuer");
        return;
    };
    if let Some(why) = why_not_ask_issuer(&evidence.session, when) {
        evidence.issuer = Seen::not_checked(why);
        return;
    }
    let began = Instant::now();
    let found = issuer::collect(issuer, token, raw, transport, deadline).await;
    let (status, detail) = match &found {
        Ok(found) => {
            let thumbprint = found.thumbprint.as_ref().map(|print| format!(", top certificate SHA-1 {print}"));
            let detail = format!("{} keys, {}{}", found.key_ids.len(), found.signature, thumbprint.unwrap_or_default());
            (StepStatus::Ok, detail)
        }
        Err(fault) => (StepStatus::Failed, fault.to_string()),
    };
    evidence.steps.push(Step { name: "issuer", status, duration_ms: elapsed::milliseconds(began), detail });
    evidence.issuer = found.into();
}

fn why_not_ask_issuer(session: &Seen<Session, CallFault>, when: IssuerCheck) -> Option<&'static str> {
    match (when, session) {
        (IssuerCheck::Always, _) => None,
        (IssuerCheck::Never, _) => Some("the issuer was not asked for its keys (--issuer-check)"),
        (IssuerCheck::Auto, Seen::Seen(_)) => Some("STS accepted the token, so it has the issuer's keys"),
        (IssuerCheck::Auto, Seen::Failed(CallFault::Refused(refusal))) => {
            let is_in_doubt = ["InvalidIdentityToken", "IDPCommunicationError"].contains(&refusal.code.as_str());
            (!is_in_doubt).then_some("STS refused the call for a reason that is not the issuer's keys")
        }
        (IssuerCheck::Auto, _) => Some("STS did not judge the token"),
    }
}

/// Proxies may take the header away; STS's words stay.
fn time_told(fault: &CallFault) -> Option<Timestamp> {
    match fault {
        CallFault::Refused(refusal) => crate::aws::sts_time::time_in(&refusal.message),
        CallFault::NotSts(_) | CallFault::NoAnswer(_) => None,
    }
}

impl Evidence {
    fn note(&mut self, log: Log, step: Step, fault: Option<&CallFault>) {
        // A portal's or a proxy's clock is not STS's.
        let is_of_sts = !matches!(fault, Some(CallFault::NotSts(_)));
        let clock = log.answer.as_ref().filter(|_| is_of_sts).and_then(|answer| {
            let header = answer.date().map(|time| (time, ClockSource::DateHeader));
            let (time, source) = header.or_else(|| Some((fault.and_then(time_told)?, ClockSource::ErrorText)))?;
            Some(Clock { ahead_seconds: time.since(answer.received_at), source })
        });
        if let Some(clock) = clock {
            self.clock = Seen::Seen(clock);
        } else if self.clock.seen().is_none() {
            self.clock = Seen::Failed(match log.answer {
                None => "STS did not answer, so nothing told the time".to_owned(),
                Some(_) if is_of_sts => "the answer has no Date header".to_owned(),
                Some(_) => "the answer is not from STS".to_owned(),
            });
        }
        if let Some(dial) = log.dial {
            self.dial = if dial.failed_at().is_some() { Seen::Failed(dial) } else { Seen::Seen(dial) };
        }
        self.steps.extend(log.steps);
        self.steps.push(step);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::causes::testing::{answered, healthy};
    use hyper::header::{DATE, HeaderMap, HeaderValue};
    use transport::{Answer, End};

    #[test]
    fn the_time_is_the_date_headers_else_what_the_words_tell() {
        let expired = "Token expired: current date/time 1731098245 must be before the expiration date/time 1731095240";
        for (date, message, clock) in [
            (None, expired, Some((3_000, ClockSource::ErrorText))),
            (Some("Fri, 08 Nov 2024 20:20:45 GMT"), expired, Some((2_000, ClockSource::DateHeader))),
            (None, "Incorrect token audience", None),
        ] {
            let refused = answered(Operation::AssumeRoleWithWebIdentity, 400, "ExpiredTokenException", message);
            let headers = HeaderMap::from_iter(date.map(|date| (DATE, HeaderValue::from_static(date))));
            let received_at = Timestamp(1_731_095_245);
            let (body, secrets) = Default::default();
            let answer = Answer { status: 400, headers, body, end: End::Whole, received_at, secrets };
            let mut evidence = Evidence { clock: Seen::not_checked(""), ..healthy() };
            let step = Step::skipped("", String::new());
            evidence.note(Log { answer: Some(answer), ..Log::default() }, step, refused.session.failed());
            let seen = evidence.clock.seen().map(|clock| (clock.ahead_seconds, clock.source));
            assert_eq!(seen, clock, "{date:?} {message}");
        }
    }
}
