//! Which rules of the EKS Pod Identity Webhook applied to a pod.
//!
//! Source: pods sent through the webhook v0.6.17 on a Kubernetes v1.36 cluster (`tests/webhook`), and its source.

use super::annotation::{PREFIX, role_annotation};
use crate::documents::{Container, Origin, POD_IDENTITY_VOLUME, Pod, ServiceAccount};
use std::borrow::Cow;

pub use crate::documents::TOKEN_VOLUME as VOLUME;

/// Where the webhook mounts the volume; on Windows with a drive and backslashes.
const PATH: &str = "/var/run/secrets/eks.amazonaws.com/serviceaccount/token";
const WINDOWS_PATH: &str = r"C:\var\run\secrets\eks.amazonaws.com\serviceaccount\token";
const DEFAULT_SECONDS: i64 = 86_400;
const MIN_SECONDS: i64 = 600;

/// A rule of the webhook.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rule {
    /// Variables and mount were added.
    Injected,
    /// Nothing was changed.
    Unchanged,
    SkipLabel,
    SkippedContainer,
    /// The container sets one of the two variables itself: the webhook adds the mount and neither variable.
    OwnIdentity,
    /// The container sets all variables itself: the webhook adds nothing.
    OwnVariables,
    /// The container sets a region itself: the webhook adds none.
    OwnRegion,
    OwnStsEndpoints,
    NoStsEndpoints,
    VolumeReused,
    PodExpiration,
    AccountExpiration,
    /// An expiration that is not a number is ignored.
    ExpirationIgnored,
    /// An expiration below ten minutes is raised to ten minutes.
    ExpirationRaised,
    Audience,
    /// The annotation is copied without validation.
    ArnVerbatim,
    WindowsPath,
    PodIdentity,
    /// The container was added after the webhook ran.
    NotInspected,
}

impl Rule {
    pub fn code(self) -> &'static str {
        match self {
            Rule::Injected => "injected",
            Rule::Unchanged => "unchanged",
            Rule::SkipLabel => "skip-label",
            Rule::SkippedContainer => "skip-containers",
            Rule::OwnIdentity => "own-identity-variable",
            Rule::OwnVariables => "own-variables",
            Rule::OwnRegion => "own-region",
            Rule::OwnStsEndpoints => "own-sts-regional-endpoints",
            Rule::NoStsEndpoints => "no-sts-regional-endpoints",
            Rule::VolumeReused => "volume-reused",
            Rule::PodExpiration => "pod-token-expiration",
            Rule::AccountExpiration => "service-account-token-expiration",
            Rule::ExpirationIgnored => "token-expiration-ignored",
            Rule::ExpirationRaised => "token-expiration-raised",
            Rule::Audience => "audience",
            Rule::ArnVerbatim => "role-arn-verbatim",
            Rule::WindowsPath => "windows-path",
            Rule::PodIdentity => "pod-identity-association",
            Rule::NotInspected => "not-inspected",
        }
    }
}

/// A rule that applied.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Applied {
    pub rule: Rule,
    /// `None` if the rule is about the whole pod.
    pub container: Option<String>,
    /// What the webhook did and why, in a clause.
    pub why: Cow<'static, str>,
}

fn applied(rule: Rule, why: impl Into<Cow<'static, str>>) -> Applied {
    Applied { rule, container: None, why: why.into() }
}

/// What the webhook did to a pod in the cluster. `manifest` is the pod before admission, if it is among the documents.
pub(super) fn rules_applied(pod: &Pod, manifest: Option<&Pod>, account: Option<&ServiceAccount>) -> Vec<Applied> {
    let skip_label = format!("{PREFIX}skip-pod-identity-webhook");
    if pod.metadata.labels.contains_key(&skip_label) {
        return vec![applied(
            Rule::SkipLabel,
            format!("the pod has the label {skip_label}, so the webhook skipped it"),
        )];
    }
    if is_for_pod_identity(pod) {
        let why = "the service account has an EKS Pod Identity association, which takes precedence over its annotation";
        return vec![applied(Rule::PodIdentity, why)];
    }
    if !is_mutated(pod) {
        return vec![applied(Rule::Unchanged, unchanged(account))];
    }
    let skipped = skipped_containers(pod);
    let mut all = volume_rules(pod, manifest, account);
    for container in pod.containers() {
        let before = manifest.map(|pod| pod.containers().find(|other| other.name == container.name));
        for one in container_rules(pod, container, before.flatten(), &skipped) {
            all.push(Applied { container: Some(container.name.clone()), ..one });
        }
    }
    all
}

/// Whether the webhook mutated the pod for IRSA.
pub(super) fn is_mutated(pod: &Pod) -> bool {
    pod.volume(VOLUME).is_some() || pod.containers().any(|container| container.mounts(VOLUME))
}

pub(super) fn is_for_pod_identity(pod: &Pod) -> bool {
    pod.volume(POD_IDENTITY_VOLUME).is_some()
        || pod.containers().any(|container| {
            let address = container.value("AWS_CONTAINER_CREDENTIALS_FULL_URI").unwrap_or_default();
            address.starts_with("http://169.254.170.23/") || address.starts_with("http://[fd00:ec2::23]/")
        })
}

/// Whether a label or annotation of the pod makes the webhook skip all of it.
pub(super) fn opts_out(pod: &Pod) -> bool {
    let skipped = skipped_containers(pod);
    pod.metadata.labels.contains_key(&format!("{PREFIX}skip-pod-identity-webhook"))
        || !skipped.is_empty() && pod.containers().all(|container| skipped.contains(&container.name))
}

fn skipped_containers(pod: &Pod) -> Vec<String> {
    let list = pod.metadata.annotations.get(&format!("{PREFIX}skip-containers"));
    list.into_iter().flat_map(|list| list.split(',')).map(|name| name.trim().to_owned()).collect()
}

fn unchanged(account: Option<&ServiceAccount>) -> &'static str {
    match account.map(|account| account.metadata.annotations.get(&format!("{PREFIX}role-arn"))) {
        None => "the webhook did not mutate the pod; its service account or the webhook's configuration shows why",
        Some(None) => "the service account has no role annotation, so the webhook did not mutate the pod",
        Some(Some("")) => "the annotation of the service account is empty, so the webhook did not mutate the pod",
        Some(Some(_)) => "the webhook did not mutate the pod although the service account has the annotation",
    }
}

fn volume_rules(pod: &Pod, manifest: Option<&Pod>, account: Option<&ServiceAccount>) -> Vec<Applied> {
    let mut all = Vec::new();
    let Some(volume) = pod.volume(VOLUME) else { return all };
    let Some(token) = volume.token().filter(|_| manifest.is_none_or(|pod| pod.volume(VOLUME).is_none())) else {
        let why = format!("the pod has its own volume {VOLUME}, which the webhook reused unchecked");
        return vec![applied(Rule::VolumeReused, why)];
    };
    if let Some(audience) = token.audience.as_deref().filter(|audience| *audience != "sts.amazonaws.com") {
        let why = format!(
            "the audience is {audience}, from the service account's annotation {PREFIX}audience or the webhook's flags"
        );
        all.push(applied(Rule::Audience, why));
    }
    let key = format!("{PREFIX}token-expiration");
    let seconds = token.expiration_seconds.unwrap_or(DEFAULT_SECONDS);
    let of_pod = pod.metadata.annotations.get(&key);
    let of_account = account.and_then(|account| account.metadata.annotations.get(&key));
    let (rule, whose) = match of_pod {
        Some(_) => (Rule::PodExpiration, "pod's"),
        None => (Rule::AccountExpiration, "service account's"),
    };
    match of_pod.or(of_account).map(|text| (text, text.parse::<i64>())) {
        Some((text, Err(_))) => all.push(applied(
            Rule::ExpirationIgnored,
            format!("the {whose} annotation {key} is {text:?}, which is not a number: the lifetime is the default, {seconds} s"),
        )),
        Some((_, Ok(asked))) if asked < MIN_SECONDS => all.push(applied(
            Rule::ExpirationRaised,
            format!(
                "the {whose} annotation requests {asked} s, the minimum is {MIN_SECONDS} s: the token lifetime is {seconds} s"
            ),
        )),
        Some((_, Ok(asked))) if asked == seconds => {
            all.push(applied(rule, format!("the {whose} annotation sets the token lifetime to {seconds} s")));
        }
        _ if seconds == MIN_SECONDS => all.push(applied(
            Rule::ExpirationRaised,
            format!("the token lifetime is {seconds} s, the minimum: an annotation requests that or less"),
        )),
        _ if seconds != DEFAULT_SECONDS => all.push(applied(
            Rule::AccountExpiration,
            format!("the service account's annotation or the webhook's flags set the token lifetime to {seconds} s"),
        )),
        _ => {}
    }
    all
}

fn container_rules(pod: &Pod, container: &Container, before: Option<&Container>, skipped: &[String]) -> Vec<Applied> {
    let (role, file) = (container.variable("AWS_ROLE_ARN"), container.variable("AWS_WEB_IDENTITY_TOKEN_FILE"));
    let path = container.value("AWS_WEB_IDENTITY_TOKEN_FILE");
    let own_identity = match before {
        Some(before) => before.variable("AWS_ROLE_ARN").or(before.variable("AWS_WEB_IDENTITY_TOKEN_FILE")).is_some(),
        None => role.is_some() != file.is_some() || path.is_some_and(|path| path != PATH && path != WINDOWS_PATH),
    };
    let regions = ["AWS_REGION", "AWS_DEFAULT_REGION"].map(|name| container.variable(name).is_some());
    let sts = container.variable("AWS_STS_REGIONAL_ENDPOINTS");
    if !container.mounts(VOLUME) {
        return vec![if skipped.contains(&container.name) {
            applied(Rule::SkippedContainer, format!("the pod's annotation {PREFIX}skip-containers excludes it"))
        } else if own_identity && regions.contains(&true) && sts.is_some() {
            applied(
                Rule::OwnVariables,
                "it sets its identity, a region and AWS_STS_REGIONAL_ENDPOINTS itself: the webhook added nothing",
            )
        } else {
            applied(
                Rule::NotInspected,
                "it has neither the variables nor the mount: it was added after the webhook ran",
            )
        }];
    }
    let mut all = Vec::new();
    if own_identity {
        let own = if role.is_some() { "AWS_ROLE_ARN" } else { "AWS_WEB_IDENTITY_TOKEN_FILE" };
        all.push(applied(
            Rule::OwnIdentity,
            format!("it sets {own} itself, so the webhook added neither variable, only the mount"),
        ));
    } else if role.is_some() && file.is_some() {
        let arn = container.value("AWS_ROLE_ARN").unwrap_or_default();
        all.push(match crate::aws::arn::RoleArn::parse(arn) {
            Ok(_) => {
                applied(Rule::Injected, "the webhook added AWS_ROLE_ARN, AWS_WEB_IDENTITY_TOKEN_FILE and the mount")
            }
            Err(_) => applied(
                Rule::ArnVerbatim,
                format!("the webhook copied the annotation, {arn:?}, which is not a role ARN"),
            ),
        });
    }
    if path == Some(WINDOWS_PATH) || pod.is_windows() {
        all.push(applied(Rule::WindowsPath, "it runs on Windows: the path has a drive and backslashes"));
    }
    let had_region = before
        .is_some_and(|before| ["AWS_REGION", "AWS_DEFAULT_REGION"].iter().any(|name| before.variable(name).is_some()));
    if had_region || before.is_none() && regions[0] != regions[1] {
        all.push(applied(
            Rule::OwnRegion,
            "it sets a region itself, so the webhook added neither AWS_REGION nor AWS_DEFAULT_REGION",
        ));
    }
    let had_sts = before.is_some_and(|before| before.variable("AWS_STS_REGIONAL_ENDPOINTS").is_some());
    let value = container.value("AWS_STS_REGIONAL_ENDPOINTS");
    if had_sts || before.is_none() && value.is_some_and(|value| value != "regional") {
        all.push(applied(Rule::OwnStsEndpoints, "the webhook kept its AWS_STS_REGIONAL_ENDPOINTS"));
    } else if sts.is_none() && regions.contains(&true) && !had_region {
        let why = "the service account's annotation or the webhook's flags turn AWS_STS_REGIONAL_ENDPOINTS off";
        all.push(applied(Rule::NoStsEndpoints, why));
    }
    all
}

/// What the webhook will do to a pod that does not exist yet, as far as the pod decides it.
pub(super) fn forecast(pod: &Pod, account: Option<&ServiceAccount>) -> Vec<Applied> {
    debug_assert!(pod.origin != Origin::Admitted);
    if pod.metadata.labels.contains_key(&format!("{PREFIX}skip-pod-identity-webhook")) {
        return vec![applied(Rule::SkipLabel, "the pod has the label that makes the webhook skip it")];
    }
    if account.and_then(|account| role_annotation(&account.metadata)).is_none() {
        return Vec::new();
    }
    let skipped = skipped_containers(pod);
    let mut all = Vec::new();
    if pod.volume(VOLUME).is_some_and(|volume| volume.token().is_none()) {
        all.push(applied(
            Rule::VolumeReused,
            format!("the pod has its own volume {VOLUME}, which the webhook will reuse unchecked"),
        ));
    }
    for container in pod.containers() {
        let own =
            ["AWS_ROLE_ARN", "AWS_WEB_IDENTITY_TOKEN_FILE"].into_iter().find(|name| container.variable(name).is_some());
        let one = match own {
            _ if skipped.contains(&container.name) => {
                applied(Rule::SkippedContainer, "the pod's annotation excludes it: the webhook will add nothing")
            }
            Some(own) => {
                applied(Rule::OwnIdentity, format!("it sets {own} itself, so the webhook will add neither variable"))
            }
            None => {
                applied(Rule::Injected, "the webhook will add AWS_ROLE_ARN, AWS_WEB_IDENTITY_TOKEN_FILE and the mount")
            }
        };
        all.push(Applied { container: Some(container.name.clone()), ..one });
    }
    all
}
