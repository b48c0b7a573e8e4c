//! Whose credentials an SDK in this container uses where more than web identity is configured: asks the SDK's own
//! default chain, and STS who they belong to.
//!
//! The chain gets no web identity token, no token of EKS Pod Identity and no way to the node's metadata: what it finds
//! comes before web identity, or replaces it. It runs no `credential_process`: that is someone else's program,
//! and the feature is not built in. Such a profile is recognised by its settings.

use super::profiles::Profiles;
use super::transport::Transport;
use super::{endpoint, sts};
use crate::probe::evidence::{ActiveCredentials, Evidence, Profile, Seen, Source, Step, StepStatus};
use crate::probe::subject::Subject;
use crate::text::secrets::Secrets;
use aws_credential_types::Credentials;
use aws_credential_types::credential_feature::AwsCredentialFeature;
use aws_credential_types::provider::ProvideCredentials;
use std::time::Duration;
use tokio::time::{Instant, timeout_at};

/// The minimum; otherwise half of the time left.
const TIMEOUT: Duration = Duration::from_secs(2);
const STEP: &str = "default-chain";
const POD_TOKEN: &str = "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE";
const CONTAINER: [&str; 2] = ["AWS_CONTAINER_CREDENTIALS_FULL_URI", "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"];

/// Runs the chain if it can find anything besides web identity.
pub(super) async fn collect(
    subject: &Subject,
    evidence: &mut Evidence,
    profiles: &Profiles,
    secrets: &Secrets,
    deadline: Instant,
) {
    if let Some(why) = reason_not_to_ask(evidence) {
        evidence.active_credentials = Seen::not_checked(why);
        return;
    }
    let began = Instant::now();
    let deadline = deadline.min(began + TIMEOUT.max(deadline.saturating_duration_since(began) / 2));
    let active_credentials = match timeout_at(deadline, ask(subject, evidence, profiles, secrets, deadline)).await {
        Ok(active_credentials) => active_credentials,
        Err(_) => Err("the chain did not end in time".to_owned()),
    };
    let (status, detail) = match &active_credentials {
        Ok(active_credentials) => {
            (StepStatus::Ok, format!("{} from {}", active_credentials.caller.arn, active_credentials.source.in_words()))
        }
        Err(why) => (StepStatus::Failed, why.clone()),
    };
    let duration_ms = super::elapsed::milliseconds(began);
    evidence.steps.push(Step { name: STEP, status, duration_ms, detail });
    evidence.active_credentials = active_credentials.into();
}

fn reason_not_to_ask(evidence: &Evidence) -> Option<&'static str> {
    let environment = &evidence.environment;
    let filled = |name: &&str| environment.variable(name).is_filled();
    let keys = ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"].iter().all(filled);
    // The profile that is judged is not what comes before it.
    let profile = !evidence.has_profile_identity() && evidence.profile.seen().is_some_and(Profile::gives_credentials);
    let container = CONTAINER.iter().any(filled);
    // Behind web identity, the container's credentials are never inspected. Those of EKS Pod Identity are not for the
    // chain: an SDK may send that token to a proxy.
    let web_identity = ["AWS_ROLE_ARN", "AWS_WEB_IDENTITY_TOKEN_FILE"].iter().all(filled) || filled(&POD_TOKEN);
    if evidence.expected.no_sts {
        Some("STS was not asked (--no-sts)")
    } else if !keys && !profile && (!container || web_identity) {
        Some("no complete credentials that come before web identity are configured")
    } else if !keys && evidence.profile.seen().is_some_and(|profile| profile.has("role_arn")) {
        Some("the profile assumes another role, which is not for the probe to do")
    } else {
        None
    }
}

async fn ask(
    subject: &Subject,
    evidence: &Evidence,
    profiles: &Profiles,
    secrets: &Secrets,
    deadline: Instant,
) -> Result<ActiveCredentials, String> {
    let mut subject = Subject {
        variables: subject.variables.clone(),
        identity: subject.identity.clone(),
        root: subject.root.clone(),
        target: None,
    };
    let web_identity =
        ["AWS_WEB_IDENTITY_TOKEN_FILE", POD_TOKEN].iter().any(|name| subject.variables.filled(name).is_some());
    subject.variables.remove("AWS_WEB_IDENTITY_TOKEN_FILE");
    subject.variables.set("AWS_EC2_METADATA_DISABLED", "true");
    for name in CONTAINER.into_iter().filter(|_| web_identity) {
        subject.variables.remove(name);
    }
    let transport = Transport::new(&subject, secrets, deadline);
    let sdk = endpoint::loader(&subject, profiles, &transport).load().await;
    let provider = sdk.credentials_provider().ok_or("the SDK has no chain")?;
    // Not the error's text: it may quote a file or an answer.
    let credentials = provider.provide_credentials().await.map_err(|_| "the chain finds no credentials".to_owned())?;
    let (id, key) = (credentials.access_key_id(), credentials.secret_access_key());
    [Some(id), Some(key), credentials.session_token()].into_iter().flatten().for_each(|value| secrets.keep(value));
    let source = source(&credentials);
    if !sts::can_sign_with(&credentials) {
        return Err(format!("{} hold characters that no request can carry", source.in_words()));
    }
    let region = evidence.endpoint.seen().map(|endpoint| endpoint.region.clone());
    let region = region.or_else(|| sdk.region().map(|region| region.as_ref().to_owned()));
    let region = region.filter(|region| region.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-'));
    let client = sts::Client::new(&sdk, region.as_deref().unwrap_or("us-east-1"), &transport, deadline);
    let call = client.who_am_i(credentials).await;
    match call.result {
        Ok(caller) => Ok(ActiveCredentials { source, caller }),
        Err(fault) => Err(format!("credentials from {}, but GetCallerIdentity: {fault}", source.in_words())),
    }
}

/// The link of the chain, as the SDK marks its credentials for the `User-Agent` header.
fn source(credentials: &Credentials) -> Source {
    use AwsCredentialFeature::*;
    let features = credentials.get_property::<Vec<AwsCredentialFeature>>();
    let sources = features.into_iter().flatten().map(|feature| match feature {
        CredentialsEnvVars => Source::StaticKeys,
        CredentialsProfile | CredentialsProfileSourceProfile | CredentialsProfileNamedProvider => Source::Profile,
        CredentialsProfileStsWebIdToken | CredentialsProfileProcess | CredentialsProfileSso => Source::Profile,
        CredentialsEnvVarsStsWebIdToken => Source::WebIdentity,
        CredentialsHttp => Source::Container,
        CredentialsImds => Source::InstanceMetadata,
        _ => Source::Unknown,
    });
    sources.into_iter().find(|source| *source != Source::Unknown).unwrap_or(Source::Unknown)
}
