//! The only I/O: inspects the subject and its network, and returns [`Evidence`], which holds no secret.
#![allow(clippy::disallowed_methods, reason = "this is where the world is inspected")]

mod alternate_route;
mod configured;
mod default_chain;
mod elapsed;
mod endpoint;
mod image;
mod imds;
mod issuer;
mod mounts;
mod other_connections;
mod pod;
mod pod_identity;
pub(crate) mod processes;
pub(super) mod profiles;
pub(crate) mod resolver;
mod roots;
pub mod sdks;
mod session;
mod signature;
pub(crate) mod sts;
mod tls;
mod token_file;
pub(crate) mod transport;

pub use configured::token_is_mounted_alone;
pub(crate) use roots::SYSTEM_BUNDLES;
pub use token_file::{MAX_TOKEN_BYTES, RawToken};

use crate::aws::arn::RoleArn;
use crate::probe::evidence::{
    Evidence, Expectations, Imds, Mechanism, PodContext, Profile, SdkScan, Seen, Target, Token,
};
use crate::probe::sdks::choice;
use crate::probe::subject::Subject;
use crate::probe::{jwt, rootfs};
use crate::text::secrets::Secrets;
use crate::text::timestamp::Timestamp;
use clap::ValueEnum;
use configured::{Configured, token_path};
use profiles::Profiles;
use std::pin::{Pin, pin};
use std::time::Duration;
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout_at};
use transport::Transport;

/// A run waits at least this long for the node's metadata, even if STS answers sooner.
const IMDS_PATIENCE: Duration = Duration::from_millis(100);

/// Options of a run.
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
    /// Only if STS's answer does not show whether STS could fetch the keys.
    Auto,
    Always,
    Never,
}

/// Runs every step once, and registers each secret that it reads with `secrets`.
pub async fn run(subject: &Subject, options: &Options, now: Timestamp, secrets: &Secrets) -> Evidence {
    let began = Instant::now();
    let deadline = began + options.run_timeout;
    let mut scan = sdks::scan_beside(subject);
    let profiles = Profiles::read(subject);
    let profile = profiles.selected(subject, secrets).await;
    let environment = subject.variables.shown();
    let mut target = subject.target.clone();
    if Mechanism::complete(&environment, profile.seen()).len() > 1 {
        // Which one to judge depends on the SDKs. The calls need time as well.
        scanned(&mut target, scan.take(), began + options.run_timeout / 2).await;
    }
    let judged_profile = profile.seen().filter(|_| !options.expected.by_options);
    let choice = || choice::mechanism(&environment, judged_profile, target.as_ref());
    let mechanism = options.expected.mechanism.or_else(choice);
    let (closed_profiles, boto_faults) = (profiles.closed().to_vec(), profiles.boto_faults().to_vec());
    let configured = Configured { mechanism, profile, closed_profiles, boto_faults };
    let mut evidence = collect_chain(subject, options, &profiles, configured, now, secrets).await;
    match scan {
        Some(_) => scanned(&mut evidence.target, scan, deadline).await,
        None => evidence.target.iter_mut().zip(target).for_each(|(seen, target)| seen.sdks = target.sdks),
    }
    // Last, because the connections to try depend on the SDKs that were found.
    Box::pin(other_connections::collect(subject, &mut evidence, secrets, deadline)).await;
    evidence
}

/// Waits for the search for SDKs in the target's image.
async fn scanned(target: &mut Option<Target>, scan: Option<JoinHandle<Result<SdkScan, String>>>, until: Instant) {
    if let (Some(target), Some(scan)) = (target, scan) {
        target.sdks = match timeout_at(until, scan).await {
            Ok(Ok(scanned)) => scanned.into(),
            Ok(Err(_)) | Err(_) => Seen::not_checked("there was no time to look for SDKs"),
        };
    }
}

/// Every step except the scan of the application's image.
async fn collect_chain(
    subject: &Subject,
    options: &Options,
    profiles: &Profiles,
    configured: Configured,
    now: Timestamp,
    secrets: &Secrets,
) -> Evidence {
    let began = Instant::now();
    let deadline = began + options.run_timeout;
    let (mut evidence, token, role) = collect_local(subject, options, configured, now, secrets);
    if evidence.expected.no_sts {
        let why = "STS was not asked (--no-sts)";
        session::not_asked(&mut evidence, why.to_owned());
        evidence.issuer = Seen::not_checked(why);
        evidence.active_credentials = Seen::not_checked(why);
        return evidence;
    }
    let transport = Transport::new(subject, secrets, deadline);
    let found = {
        // The largest futures are boxed where they are awaited. Otherwise each run would reserve memory for all of
        // them.
        let imds = pin!(async {
            match options.imds {
                true => Some(Box::pin(imds::collect(subject, secrets)).await),
                false => None,
            }
        });
        let sts = pin!(async {
            if evidence.has_pod_identity() {
                Box::pin(pod_identity::ask(subject, &mut evidence, profiles, token.as_ref(), secrets, deadline)).await;
                evidence.issuer = Seen::not_checked("EKS itself verifies the tokens of Pod Identity");
                Box::pin(default_chain::collect(subject, &mut evidence, profiles, secrets, deadline)).await;
                return;
            }
            match (&token, &role, session::reason_not_to_call(&evidence)) {
                (Some(token), Some(role), None) => {
                    let sdk = Box::pin(endpoint::sdk_config(subject, profiles, &transport)).await;
                    session::ask(subject, &sdk, &mut evidence, &transport, token, role, deadline).await;
                }
                (_, _, reason) => {
                    session::not_asked(&mut evidence, reason.unwrap_or_else(|| "there is no token to send".to_owned()))
                }
            }
            issuer::ask(&mut evidence, &transport, token.as_ref(), options.issuer_check, deadline).await;
            Box::pin(default_chain::collect(subject, &mut evidence, profiles, secrets, deadline)).await;
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
    let configured = Configured {
        mechanism: last.mechanism,
        profile: last.profile.clone(),
        closed_profiles: last.closed_profiles.clone(),
        boto_faults: last.boto_faults.clone(),
    };
    let (local, ..) = collect_local(subject, options, configured, now, secrets);
    let mut evidence = Evidence { now, token_file: local.token_file, token: local.token, ..last.clone() };
    if evidence.token.seen().is_some_and(|token| token.is_over(evidence.time_at_sts())) {
        let why = "the token has expired since the last run";
        evidence.session = Seen::not_checked(why);
        evidence.agent = Seen::not_checked(why);
    }
    evidence
}

/// What can be seen without any network. Also gives what calls need, as far as it is there.
fn collect_local(
    subject: &Subject,
    options: &Options,
    Configured { mechanism, profile, closed_profiles, boto_faults }: Configured,
    now: Timestamp,
    secrets: &Secrets,
) -> (Evidence, Option<RawToken>, Option<RoleArn>) {
    subject.variables.keep_secrets(secrets);
    let environment = subject.variables.shown();
    let path = token_path(subject, mechanism, profile.seen());
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
    let role = match mechanism {
        Some(Mechanism::IrsaProfile) => profile.seen().and_then(Profile::web_identity).map(|one| one.role_arn.as_str()),
        _ => environment.value("AWS_ROLE_ARN"),
    };
    let role = role.and_then(|arn| RoleArn::parse(arn).ok());
    let has_role = role.is_some() || mechanism == Some(Mechanism::PodIdentity);
    let is_as_the_webhook_leaves_it = has_role && token.seen().is_some_and(|token: &Token| !token.is_over(now));
    let (mounts, api_token) = match is_as_the_webhook_leaves_it {
        true => (
            Seen::not_checked("a role and a token that has not expired were found"),
            Seen::not_checked("a role and a token that has not expired were found"),
        ),
        false => (mounts::collect(subject, path).into(), mounts::api_token(subject)),
    };
    let is_pod_context_needed = !is_as_the_webhook_leaves_it || subject.target.is_some();
    let pod_context = if is_pod_context_needed { pod::collect(subject) } else { PodContext::default() };
    let is_configured = path.is_some();
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
        other_connections: Vec::new(),
        agent: Seen::not_checked("the agent of EKS Pod Identity was not asked"),
        session: Seen::not_checked(""),
        caller: Seen::not_checked(""),
        clock: Seen::not_checked("STS was not asked, so nothing told the time"),
        mounts,
        api_token,
        pod_context,
        issuer: Seen::not_checked(""),
        profile,
        closed_profiles,
        boto_faults,
        active_credentials: Seen::not_checked("STS was not asked"),
        imds: Seen::not_checked("instance metadata was not asked for"),
        target: subject.target.clone().map(|target| Target { image: image::collect(subject), ..target }),
        steps: Vec::new(),
    };
    if !is_configured {
        let why = match mechanism {
            Some(Mechanism::IrsaProfile) => evidence.why_no_role(),
            _ => evidence.why_no_value(mechanism.unwrap_or(Mechanism::Irsa).token_variable()),
        };
        evidence.token_file = Seen::not_checked(why.clone());
        evidence.token = Seen::not_checked(why);
    }
    (evidence, raw, role)
}
