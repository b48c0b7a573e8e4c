//! The two calls: AssumeRoleWithWebIdentity with the token, GetCallerIdentity with what it gave.

mod answer;
#[cfg(any(test, fuzzing))]
pub(crate) mod replay;

use super::RawToken;
use super::transport::{Log, Transport};
use crate::probe::evidence::{CallFault, Caller, NoAnswer, Operation, Session, Step, StepStatus};
use crate::text::secrets::Secrets;
use crate::text::timestamp::Timestamp;
use answer::fault;
pub(super) use answer::kind;
use aws_config::SdkConfig;
use aws_config::retry::RetryConfig;
use aws_credential_types::provider::error::CredentialsError;
use aws_credential_types::provider::{ProvideCredentials, future};
use aws_sdk_sts::config::{Builder, Credentials, StalledStreamProtectionConfig};
use aws_sdk_sts::operation::assume_role_with_web_identity::AssumeRoleWithWebIdentityOutput;
use aws_sdk_sts::operation::get_caller_identity::GetCallerIdentityOutput;
use aws_smithy_runtime_api::client::interceptors::context::InterceptorContext;
use aws_smithy_runtime_api::client::retries::classifiers::{ClassifyRetry, RetryAction};
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use tokio::time::Instant;

/// Few: a fleet of probes must not make a throttled STS worse, and the run's budget is short.
const MAX_ATTEMPTS: u32 = 3;
/// IAM user guide, "IAM and STS quotas": an ARN has at most 2,048.
const MAX_ARN_CHARS: usize = 2_048;

/// The caller's own words for the calls.
pub(crate) struct Request<'a> {
    pub role_arn: &'a str,
    pub session_name: &'a str,
    pub token: &'a RawToken,
}

/// A client for STS through `transport`, signed for `region`, at the SDK's own endpoint for it or at the override.
pub(crate) struct Client {
    sdk: aws_sdk_sts::Client,
    credentials: Given,
    transport: Transport,
    deadline: Instant,
}

/// Credentials that are there once somebody has given them. So one client makes both calls: a second would take some
/// 180,000 instructions, 3 % of a run.
#[derive(Clone, Debug, Default)]
struct Given(Arc<OnceLock<Credentials>>);

impl ProvideCredentials for Given {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        let given = self.0.get().cloned();
        future::ProvideCredentials::ready(given.ok_or_else(|| CredentialsError::not_loaded("nobody has given any")))
    }
}

/// What a call gave, and what its connection went through.
pub(crate) struct Call<T> {
    pub result: Result<T, CallFault>,
    pub log: Log,
    pub step: Step,
}

impl Client {
    pub(crate) fn new(sdk: &SdkConfig, region: &str, transport: &Transport, deadline: Instant) -> Client {
        let attempts = sdk.retry_config().map_or(MAX_ATTEMPTS, RetryConfig::max_attempts).clamp(1, MAX_ATTEMPTS);
        let retry = RetryConfig::standard()
            .with_max_attempts(attempts)
            .with_initial_backoff(Duration::from_millis(200))
            .with_max_backoff(Duration::from_secs(1));
        let credentials = Given::default();
        let config = Builder::from(sdk)
            .region(aws_config::Region::new(region.to_owned()))
            .retry_config(retry)
            .retry_classifier(VerificationKeyClassifier)
            .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
            .credentials_provider(credentials.clone());
        let config = match super::endpoint::without_password(sdk) {
            Some(url) => config.endpoint_url(url),
            None => config,
        };
        let sdk = aws_sdk_sts::Client::from_conf(config.build());
        Client { sdk, credentials, transport: transport.clone(), deadline }
    }

    /// Sends the token, unsigned. The credentials go nowhere but into [`Client::who_am_i`].
    pub(crate) async fn assume(&self, request: Request<'_>) -> Call<(Session, Credentials)> {
        let operation = Operation::AssumeRoleWithWebIdentity;
        let began = Instant::now();
        let sent = self
            .sdk
            .assume_role_with_web_identity()
            .role_arn(request.role_arn)
            .role_session_name(request.session_name)
            .web_identity_token(request.token.text())
            .send();
        let result = tokio::time::timeout_at(self.deadline, sent).await;
        let log = self.transport.take_log();
        let result = match result {
            Ok(Ok(output)) => {
                let secrets = self.transport.secrets();
                session(output, log.attempts, secrets).map_err(|missing| answer::incomplete(operation, &log, missing))
            }
            Ok(Err(error)) => Err(fault(operation, &log, &error, self.is_over())),
            Err(_) => Err(no_answer(operation, &log, true)),
        };
        self.call(operation, began, result, log)
    }

    /// Asks who the credentials belong to.
    pub(crate) async fn who_am_i(self, credentials: Credentials) -> Call<Caller> {
        let operation = Operation::GetCallerIdentity;
        self.credentials.0.get_or_init(|| credentials);
        let began = Instant::now();
        let result = tokio::time::timeout_at(self.deadline, self.sdk.get_caller_identity().send()).await;
        let log = self.transport.take_log();
        let result = match result {
            Ok(Ok(output)) => {
                caller(output, self.transport.secrets()).map_err(|missing| answer::incomplete(operation, &log, missing))
            }
            Ok(Err(error)) => Err(fault(operation, &log, &error, self.is_over())),
            Err(_) => Err(no_answer(operation, &log, true)),
        };
        self.call(operation, began, result, log)
    }

    fn is_over(&self) -> bool {
        self.deadline <= Instant::now() + Duration::from_millis(20)
    }

    fn call<T>(&self, operation: Operation, began: Instant, result: Result<T, CallFault>, log: Log) -> Call<T> {
        let tries = if log.attempts > 1 { format!(", {} attempts", log.attempts) } else { String::new() };
        let (status, detail) = match &result {
            Ok(_) => (StepStatus::Ok, format!("answered{tries}")),
            Err(fault) => (StepStatus::Failed, format!("{fault}{tries}")),
        };
        let duration_ms = super::elapsed::milliseconds(began);
        Call { result, log, step: Step { name: operation.step(), status, duration_ms, detail } }
    }
}

/// The SDK panics where the key id or session token cannot stand in a header.
pub(crate) fn can_sign_with(credentials: &Credentials) -> bool {
    let fits = |text: &str| text.bytes().all(|byte| byte.is_ascii_graphic());
    fits(credentials.access_key_id()) && fits(credentials.session_token().unwrap_or_default())
}

fn no_answer(operation: Operation, log: &Log, out_of_time: bool) -> CallFault {
    CallFault::NoAnswer(NoAnswer { operation, attempts: log.attempts, out_of_time })
}

/// Takes only whole answers: cut-off XML comes out of the SDK as credentials with an empty secret.
fn session(
    output: AssumeRoleWithWebIdentityOutput,
    attempts: u32,
    secrets: &Secrets,
) -> Result<(Session, Credentials), &'static str> {
    let credentials = output.credentials.ok_or("credentials")?;
    let expiration = Timestamp(credentials.expiration.secs());
    let filled = |value: String, name| if value.is_empty() { Err(name) } else { Ok(value) };
    let key_id = filled(credentials.access_key_id, "access key id")?;
    let secret = filled(credentials.secret_access_key, "secret access key")?;
    let session_token = filled(credentials.session_token, "session token")?;
    [&key_id, &secret, &session_token].into_iter().for_each(|value| secrets.keep(value));
    if expiration.0 <= 0 {
        return Err("expiration");
    }
    output.assumed_role_user.ok_or("assumed role")?;
    let session = Session { expires_at: expiration, attempts };
    let credentials = Credentials::new(key_id, secret, Some(session_token), None, "irsa-probe");
    if can_sign_with(&credentials) { Ok((session, credentials)) } else { Err("usable access key id or session token") }
}

fn caller(output: GetCallerIdentityOutput, secrets: &Secrets) -> Result<Caller, &'static str> {
    let shown = |value: Option<String>, name| {
        let value = value.filter(|value| !value.is_empty()).ok_or(name);
        value.map(|value| secrets.foreign(&value, MAX_ARN_CHARS))
    };
    Ok(Caller {
        arn: shown(output.arn, "ARN")?,
        account: shown(output.account, "account")?,
        user_id: shown(output.user_id, "user id")?,
    })
}

/// STS may have failed to fetch the issuer's keys in time, which passes; the SDK retries only the modelled
/// `IDPCommunicationError` (AWS re:Post, "InvalidIdentityToken": outage, latency, too many requests).
#[derive(Debug)]
struct VerificationKeyClassifier;

impl ClassifyRetry for VerificationKeyClassifier {
    fn classify_retry(&self, context: &InterceptorContext) -> RetryAction {
        let refusal = context.response().filter(|response| !response.status().is_success());
        let body = refusal.and_then(|response| response.body().bytes()).unwrap_or_default();
        let text = b"retrieve verification key";
        match body.windows(text.len()).any(|window| window == text) {
            true => RetryAction::transient_error(),
            false => RetryAction::NoActionIndicated,
        }
    }

    fn name(&self) -> &'static str {
        "verification key"
    }
}
