//! An answer read without a connection, as a call would read it.

use super::{answer, session};
use crate::probe::collect::RawToken;
use crate::probe::collect::transport::{Answer, End, Log};
use crate::probe::evidence::{CallFault, Operation, Session};
use crate::text::secrets::Secrets;
use crate::text::timestamp::Timestamp;
use aws_sdk_sts::config::{BehaviorVersion, Config, Region, retry::RetryConfig};
use aws_smithy_runtime_api::client::http::{HttpConnector, HttpConnectorFuture, SharedHttpConnector, http_client_fn};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_types::body::SdkBody;

#[derive(Debug, Clone)]
struct Canned {
    status: u16,
    body: Vec<u8>,
}

impl HttpConnector for Canned {
    fn call(&self, _: HttpRequest) -> HttpConnectorFuture {
        HttpConnectorFuture::ready(match self.status.try_into() {
            Ok(status) => Ok(HttpResponse::new(status, SdkBody::from(self.body.clone()))),
            Err(error) => Err(ConnectorError::other(Box::new(error), None)),
        })
    }
}

/// What AssumeRoleWithWebIdentity makes of this answer.
pub(crate) async fn assume(status: u16, body: &[u8]) -> Result<Session, CallFault> {
    let canned = Canned { status, body: body.to_vec() };
    let connector = SharedHttpConnector::new(canned);
    let config = Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("eu-west-1"))
        .retry_config(RetryConfig::disabled())
        .http_client(http_client_fn(move |_, _| connector.clone()))
        .build();
    let (token, secrets) = (RawToken::new(b"a.b.c".to_vec()), Secrets::default());
    let call = aws_sdk_sts::Client::from_conf(config).assume_role_with_web_identity();
    let sent = call.role_arn("r").role_session_name("s").web_identity_token(token.text()).send().await;
    let answer = Answer {
        status,
        headers: Default::default(),
        body: body.to_vec().into(),
        end: End::Whole,
        received_at: Timestamp(0),
        secrets: secrets.clone(),
    };
    let log = Log { steps: Vec::new(), dial: None, answer: Some(answer), attempts: 1 };
    let operation = Operation::AssumeRoleWithWebIdentity;
    match sent {
        Ok(output) => session(output, 1, &secrets)
            .map(|(session, _)| session)
            .map_err(|missing| answer::incomplete(operation, &log, missing)),
        Err(error) => Err(answer::fault(operation, &log, &error, false)),
    }
}
