//! Pods whose role comes from a profile of an AWS configuration file, as far as a ConfigMap holds that file.

use super::facts;
use super::finding::ObjectFinding;
use super::inventory::Inventory;
use super::result::Audit;
use crate::aws::issuer::STS_AUDIENCE;
use crate::causes::{ENV_NOT_INJECTED, Fix, PROFILE_PRECEDENCE};
use crate::documents::{ConfigMap, Container, Pod, Volume};
use crate::probe::evidence::{Mechanism, WebIdentity};
use crate::probe::sdks::choice;

/// The file that a container names or mounts where SDKs look for one.
#[derive(Clone, Copy)]
pub(super) struct PodProfile<'a> {
    pub container: &'a Container,
    /// What names it, as the subject of a sentence.
    pub setting: &'static str,
    pub path: &'a str,
    pub held: Held<'a>,
}

impl PodProfile<'_> {
    /// The mechanism whose variables the container has as well.
    pub(super) fn variables(&self) -> Option<Mechanism> {
        let has = |mechanism: &Mechanism| {
            mechanism.variables().is_some_and(|names| names.iter().all(|name| self.container.variable(name).is_some()))
        };
        [Mechanism::Irsa, Mechanism::PodIdentity].into_iter().find(has)
    }
}

/// Where the file is.
#[derive(Clone, Copy)]
pub(super) enum Held<'a> {
    /// In a ConfigMap whose profile gives the role, with a token of this audience.
    Role { map: &'a ConfigMap, identity: &'a WebIdentity, audience: &'a str },
    /// In a ConfigMap that is not among the documents.
    Unseen(&'a str),
    /// In the image, a Secret, or a volume that a program fills.
    Elsewhere,
}

const VARIABLES: [(&str, &str); 2] =
    [("AWS_CONFIG_FILE", "its AWS_CONFIG_FILE"), ("AWS_SHARED_CREDENTIALS_FILE", "its AWS_SHARED_CREDENTIALS_FILE")];

/// `None` if no container has such a file, or the one that it has gives no role.
pub(super) fn of<'a>(inventory: &Inventory<'a>, pod: &'a Pod) -> Option<PodProfile<'a>> {
    pod.containers().find_map(|container| {
        let named = VARIABLES.into_iter().filter_map(|(name, setting)| Some((setting, container.value(name)?)));
        let mounted = container.volume_mounts.iter().map(|mount| mount.mount_path.as_str());
        let usual = mounted.filter(|path| path.ends_with("/.aws") || path.ends_with("/.aws/config"));
        let all = named.chain(usual.map(|path| ("its mount", path)));
        all.filter_map(|(setting, path)| {
            Some(PodProfile { container, setting, path, held: held(inventory, pod, container, setting, path)? })
        })
        .next()
    })
}

fn held<'a>(
    inventory: &Inventory<'a>,
    pod: &'a Pod,
    container: &'a Container,
    setting: &str,
    path: &'a str,
) -> Option<Held<'a>> {
    let Some((name, key)) = in_config_map(inventory, pod, container, path) else {
        return setting.contains("AWS_").then_some(Held::Elsewhere);
    };
    let Some(map) = inventory.config_map(pod.namespace(), name) else { return Some(Held::Unseen(name)) };
    let file = map.files.get(key)?;
    let profiles = if setting.contains("CREDENTIALS") { &file.as_credentials } else { &file.as_config };
    let selected = container.value("AWS_PROFILE").or(container.value("AWS_DEFAULT_PROFILE")).unwrap_or("default");
    let identity = profiles.get(selected)?;
    let (volume, _) = mounted_at(pod, container, &identity.token_file).unzip();
    let audience = volume.and_then(|volume| volume.token()?.audience.as_deref()).unwrap_or(STS_AUDIENCE);
    Some(Held::Role { map, identity, audience })
}

/// The ConfigMap that holds a file, and its key.
fn in_config_map<'a>(
    inventory: &Inventory<'a>,
    pod: &'a Pod,
    container: &'a Container,
    path: &'a str,
) -> Option<(&'a str, &'a str)> {
    let (volume, inside) = mounted_at(pod, container, path)?;
    // A directory where SDKs look for a file of this name.
    let inside = if inside.is_empty() { "config" } else { inside };
    let mut keys = volume.config_maps().filter_map(|source| {
        let item = source.items.iter().find(|item| item.path == inside).map(|item| item.key.as_str());
        let key = if source.items.is_empty() { Some(inside) } else { item };
        Some((source.name.as_str(), key?))
    });
    let first = keys.next()?;
    let has = |(name, key): &(&str, &str)| {
        inventory.config_map(pod.namespace(), name).is_some_and(|map| map.files.contains_key(*key))
    };
    Some(if has(&first) { first } else { keys.find(has).unwrap_or(first) })
}

/// The volume that a path leads into, and the path within it.
pub(super) fn mounted_at<'a>(pod: &'a Pod, container: &'a Container, path: &'a str) -> Option<(&'a Volume, &'a str)> {
    let below = |mount: &'a str| {
        let rest = path.strip_prefix(mount.trim_end_matches('/'))?;
        (rest.is_empty() || rest.starts_with('/')).then(|| rest.trim_start_matches('/'))
    };
    let mounts = container.volume_mounts.iter().filter_map(|mount| Some((mount, below(&mount.mount_path)?)));
    let (mount, rest) = mounts.max_by_key(|(mount, _)| mount.mount_path.len())?;
    let inside = if rest.is_empty() { mount.sub_path.as_deref().unwrap_or_default() } else { rest };
    Some((pod.volume(&mount.name)?, inside))
}

/// What is known of the file: a fact, or that nothing is.
pub(super) fn note(inventory: &Inventory<'_>, pod: &Pod, object: &str, profile: &PodProfile<'_>, audit: &mut Audit) {
    let PodProfile { setting, path, held, .. } = profile;
    audit.facts.push(match held {
        Held::Role { map, identity, .. } => {
            let hops: String = identity.then.iter().map(|role| format!(", with which an SDK assumes {role}")).collect();
            format!("{object}: {} gives the role {}{hops}", place(map, identity), identity.role_arn)
        }
        Held::Unseen(name) => {
            audit.undecided += 1;
            format!("{object}: {setting}, {path}, is in ConfigMap {name}, which may give the role")
        }
        Held::Elsewhere => {
            let text = format!(
                "{setting}, {path}, may give the role, but is not in a ConfigMap, so no document shows it; the pod has no \
                 variables of IRSA or EKS Pod Identity"
            );
            let fix = Fix::new("Run the probe in the pod, where it reads the file.");
            let fix = fix.command(facts::of_pod(inventory, pod).names().debug(""));
            return audit.add(ObjectFinding::new(&ENV_NOT_INJECTED, object, text, fix).warning());
        }
    });
}

fn place(map: &ConfigMap, identity: &WebIdentity) -> String {
    format!("profile {:?} of ConfigMap {}/{}", identity.profile, map.namespace(), map.metadata.name)
}

/// A profile in a container that also has the variables of another mechanism: which of them an SDK uses.
pub(super) fn beside_variables(
    inventory: &Inventory<'_>,
    pod: &Pod,
    object: &str,
    profile: &PodProfile<'_>,
    audit: &mut Audit,
) {
    let (Held::Role { map, identity, .. }, Some(other)) = (profile.held, profile.variables()) else { return };
    let association = inventory.association_of(pod);
    let role = match other {
        Mechanism::Irsa => profile.container.value("AWS_ROLE_ARN"),
        _ => association.and_then(|one| one.target_role_arn.as_deref().or(one.role_arn.as_deref())),
    };
    let of_profile = identity.then.last().unwrap_or(&identity.role_arn);
    // Without both roles, nothing shows that they differ.
    let Some(role) = role.filter(|role| *role != of_profile) else { return };
    let (most, configured) = match other {
        Mechanism::Irsa => (other, [other, Mechanism::IrsaProfile]),
        _ => (Mechanism::IrsaProfile, [Mechanism::IrsaProfile, other]),
    };
    let order = choice::in_any_image(most, &configured, !identity.then.is_empty());
    let text = format!(
        "{} gives the role {of_profile}, and the variables of {} give {role}: {order}",
        place(map, identity),
        other.name()
    );
    let facts = facts::of_pod(inventory, pod);
    audit.add(ObjectFinding::with_facts(&PROFILE_PRECEDENCE, object, text, &facts).recreate_pod().warning());
}
