//! Which rules of the EKS Pod Identity Webhook applied to a pod.

use super::annotation::role_annotation;
use super::own_token;
use crate::aws::arn::RoleArn;
use crate::aws::issuer::STS_AUDIENCE;
use crate::aws::webhook::{
    DEFAULT_LIFETIME, EXPIRATION_ANNOTATION, MIN_LIFETIME, POD_IDENTITY_VOLUME, ROLE_ANNOTATION, Rule, SKIP_CONTAINERS,
    SKIP_LABEL, TOKEN_PATH, TOKEN_VOLUME, WINDOWS_TOKEN_PATH,
};
use crate::documents::{Container, Pod, ServiceAccount};
use std::borrow::Cow;

const REGIONS: [&str; 2] = ["AWS_REGION", "AWS_DEFAULT_REGION"];
const STS_ENDPOINTS: &str = "AWS_STS_REGIONAL_ENDPOINTS";

/// A rule that applied.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Applied {
    pub rule: Rule,
    /// `None` if the rule is about the whole pod.
    pub container: Option<String>,
    /// The rule and the values that it applied to, in a clause.
    pub why: Cow<'static, str>,
}

impl From<Rule> for Applied {
    fn from(rule: Rule) -> Applied {
        Applied { rule, container: None, why: rule.in_words().into() }
    }
}

impl Applied {
    fn with(rule: Rule, values: impl std::fmt::Display) -> Applied {
        Applied { why: format!("{}: {values}", rule.in_words()).into(), ..Applied::from(rule) }
    }

    fn to(self, container: &Container) -> Applied {
        Applied { container: Some(container.name.clone()), ..self }
    }
}

/// What the webhook did to a pod in the cluster. `manifest` is the pod before admission, if it is among the documents.
pub(super) fn rules_applied(
    pod: &Pod,
    manifest: Option<&Pod>,
    account: Option<&ServiceAccount>,
    has_association: bool,
) -> Vec<Applied> {
    if pod.metadata.labels.contains_key(SKIP_LABEL) {
        return vec![Rule::SkipLabel.into()];
    }
    if is_for_pod_identity(pod) {
        return vec![Rule::PodIdentity.into()];
    }
    if !is_mutated(pod) {
        return vec![Applied::with(Rule::Unchanged, unchanged(account, has_association))];
    }
    let skipped = skipped_containers(pod);
    let mut all = volume_rules(pod, manifest, account);
    for container in pod.containers() {
        let before = manifest.map(|pod| pod.containers().find(|other| other.name == container.name));
        let rules = container_rules(pod, container, before.flatten(), &skipped);
        all.extend(rules.into_iter().map(|rule| rule.to(container)));
    }
    all
}

/// What the webhook will do to a pod that does not exist yet, as far as the pod decides it.
pub(super) fn forecast(pod: &Pod, account: Option<&ServiceAccount>, has_association: bool) -> Vec<Applied> {
    if pod.metadata.labels.contains_key(SKIP_LABEL) {
        return vec![Rule::SkipLabel.into()];
    }
    if has_association {
        return vec![Rule::PodIdentity.into()];
    }
    if account.and_then(|account| role_annotation(&account.metadata)).is_none() {
        return Vec::new();
    }
    let skipped = skipped_containers(pod);
    let has_own_volume = pod.volume(TOKEN_VOLUME).is_some_and(|volume| volume.token().is_none());
    let mut all: Vec<Applied> = has_own_volume.then(|| Rule::VolumeReused.into()).into_iter().collect();
    for container in pod.containers() {
        let own =
            ["AWS_ROLE_ARN", "AWS_WEB_IDENTITY_TOKEN_FILE"].into_iter().find(|name| container.variable(name).is_some());
        let rule = match own {
            _ if skipped.contains(&container.name) => Rule::SkippedContainer.into(),
            Some(own) => Applied::with(Rule::OwnIdentity, own),
            None => Rule::Injected.into(),
        };
        all.push(rule.to(container));
    }
    all
}

/// Whether the webhook mutated the pod for IRSA.
pub(super) fn is_mutated(pod: &Pod) -> bool {
    pod.volume(TOKEN_VOLUME).is_some() || pod.containers().any(|container| container.mounts(TOKEN_VOLUME))
}

/// Whether the pod has what IRSA needs: from the webhook, or from its own manifest.
pub(super) fn has_irsa(pod: &Pod) -> bool {
    is_mutated(pod) || own_token::of(pod).is_some()
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
    pod.metadata.labels.contains_key(SKIP_LABEL)
        || !skipped.is_empty() && pod.containers().all(|container| skipped.contains(&container.name))
}

fn skipped_containers(pod: &Pod) -> Vec<String> {
    let list = pod.metadata.annotations.get(SKIP_CONTAINERS);
    list.into_iter().flat_map(|list| list.split(',')).map(|name| name.trim().to_owned()).collect()
}

fn unchanged(account: Option<&ServiceAccount>, has_association: bool) -> &'static str {
    if has_association {
        return "its service account has a Pod Identity association";
    }
    match account.map(|account| account.metadata.annotations.get(ROLE_ANNOTATION)) {
        None => "its service account or the webhook's configuration shows why",
        Some(None) => "its service account has no role annotation",
        Some(Some("")) => "the role annotation of its service account is empty",
        Some(Some(_)) => "its service account has the role annotation",
    }
}

fn volume_rules(pod: &Pod, manifest: Option<&Pod>, account: Option<&ServiceAccount>) -> Vec<Applied> {
    let Some(volume) = pod.volume(TOKEN_VOLUME) else { return Vec::new() };
    let Some(token) = volume.token().filter(|_| manifest.is_none_or(|pod| pod.volume(TOKEN_VOLUME).is_none())) else {
        return vec![Rule::VolumeReused.into()];
    };
    let audience = token.audience.as_deref().filter(|audience| *audience != STS_AUDIENCE);
    let audience = audience.map(|audience| Applied::with(Rule::Audience, audience));
    let seconds = token.expiration_seconds.unwrap_or(DEFAULT_LIFETIME);
    audience.into_iter().chain(lifetime_rule(pod, account, seconds)).collect()
}

/// Why the lifetime of the token is so many seconds.
fn lifetime_rule(pod: &Pod, account: Option<&ServiceAccount>, seconds: i64) -> Option<Applied> {
    let of_pod = pod.metadata.annotations.get(EXPIRATION_ANNOTATION);
    let of_account = account.and_then(|account| account.metadata.annotations.get(EXPIRATION_ANNOTATION));
    let (rule, whose) = match of_pod {
        Some(_) => (Rule::PodExpiration, "pod"),
        None => (Rule::AccountExpiration, "service account"),
    };
    Some(match of_pod.or(of_account).map(|text| (text, text.parse::<i64>())) {
        Some((text, Err(_))) => {
            let values = format!("the annotation of the {whose} is {text:?}, the token lifetime is {seconds} s");
            Applied::with(Rule::ExpirationIgnored, values)
        }
        Some((_, Ok(requested))) if requested < MIN_LIFETIME => {
            Applied::with(Rule::ExpirationRaised, format!("the annotation of the {whose} is {requested}"))
        }
        Some((_, Ok(requested))) if requested == seconds => Applied::with(rule, format!("{seconds} s")),
        _ if seconds == MIN_LIFETIME => Applied::with(Rule::ExpirationRaised, "an annotation requests 600 s or less"),
        _ if seconds != DEFAULT_LIFETIME => Applied::with(Rule::AccountExpiration, format!("{seconds} s")),
        _ => return None,
    })
}

fn container_rules(pod: &Pod, container: &Container, before: Option<&Container>, skipped: &[String]) -> Vec<Applied> {
    let (role, file) = (container.variable("AWS_ROLE_ARN"), container.variable("AWS_WEB_IDENTITY_TOKEN_FILE"));
    let path = container.value("AWS_WEB_IDENTITY_TOKEN_FILE");
    let own_identity = match before {
        Some(before) => before.variable("AWS_ROLE_ARN").or(before.variable("AWS_WEB_IDENTITY_TOKEN_FILE")).is_some(),
        None => {
            role.is_some() != file.is_some()
                || path.is_some_and(|path| path != TOKEN_PATH && path != WINDOWS_TOKEN_PATH)
        }
    };
    let regions = REGIONS.map(|name| container.variable(name).is_some());
    let sts = container.variable(STS_ENDPOINTS);
    if !container.mounts(TOKEN_VOLUME) {
        return vec![match own_identity && regions.contains(&true) && sts.is_some() {
            _ if skipped.contains(&container.name) => Rule::SkippedContainer.into(),
            true => Rule::OwnVariables.into(),
            false => Rule::NotInspected.into(),
        }];
    }
    let mut all = Vec::new();
    if own_identity {
        let own = if role.is_some() { "AWS_ROLE_ARN" } else { "AWS_WEB_IDENTITY_TOKEN_FILE" };
        all.push(Applied::with(Rule::OwnIdentity, own));
    } else if role.is_some() && file.is_some() {
        let arn = container.value("AWS_ROLE_ARN").unwrap_or_default();
        all.push(match RoleArn::parse(arn) {
            Ok(_) => Rule::Injected.into(),
            Err(_) => Applied::with(Rule::ArnVerbatim, format!("{arn:?} is not a role ARN")),
        });
    }
    if path == Some(WINDOWS_TOKEN_PATH) || pod.is_windows() {
        all.push(Rule::WindowsPath.into());
    }
    let had_region = before.is_some_and(|before| REGIONS.iter().any(|name| before.variable(name).is_some()));
    if had_region || before.is_none() && regions[0] != regions[1] {
        all.push(Rule::OwnRegion.into());
    }
    let had_sts = before.is_some_and(|before| before.variable(STS_ENDPOINTS).is_some());
    let value = container.value(STS_ENDPOINTS);
    if had_sts || before.is_none() && value.is_some_and(|value| value != "regional") {
        all.push(Rule::OwnStsEndpoints.into());
    } else if sts.is_none() && regions.contains(&true) && !had_region {
        all.push(Rule::NoStsEndpoints.into());
    }
    all
}
