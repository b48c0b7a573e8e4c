//! One container of a pod: its variables, its mount and its region.

use crate::aws::arn::RoleArn;
use crate::aws::partition::Partition;
use crate::aws::webhook::TOKEN_VOLUME;
use crate::causes::{
    ENV_PARTIALLY_SET, Fix, REGION_MISSING, STATIC_KEYS_OVERRIDE, TOKEN_NOT_REFRESHED, WRONG_PARTITION_ENDPOINT,
};
use crate::documents::audit::finding::ObjectFinding;
use crate::documents::audit::result::Audit;
use crate::documents::audit::webhook::is_mutated;
use crate::documents::audit::workload::correct;
use crate::documents::{Container, Origin, Pod};

pub(super) fn audit(pod: &Pod, container: &Container, pod_object: &str, audit: &mut Audit) {
    let object = format!("{pod_object}, container {}", container.name);
    let correct = |what: &str| correct(pod, what);
    let (role, file) = (container.variable("AWS_ROLE_ARN"), container.variable("AWS_WEB_IDENTITY_TOKEN_FILE"));
    if let Some(one) = role.xor(file) {
        let other = if role.is_some() { "AWS_WEB_IDENTITY_TOKEN_FILE" } else { "AWS_ROLE_ARN" };
        let fix = correct(&format!("Remove {}", one.name));
        let finding = |consequence: &str| {
            let text = format!("the container sets {} itself, so the webhook {consequence}", one.name);
            ObjectFinding::new(&ENV_PARTIALLY_SET, &object, text, fix)
        };
        audit.add(match pod.origin == Origin::Admitted || is_mutated(pod) {
            true => finding(&format!("added neither variable, and {other} is missing")).recreate_pod(),
            false => finding("will add neither variable"),
        });
    }
    static_keys(pod, container, &object).into_iter().for_each(|finding| audit.add(finding));
    if role.is_some() && !container.env_from.is_empty() {
        let text = "envFrom sets variables that the pod does not show: AWS_* variables among them would mix with the \
                    webhook's";
        let fix = Fix::new("Check the ConfigMaps and Secrets of envFrom for AWS_* keys.");
        audit.add(ObjectFinding::new(&STATIC_KEYS_OVERRIDE, &object, text, fix).note());
    }
    if container.volume_mounts.iter().any(|mount| mount.name == TOKEN_VOLUME && mount.sub_path.is_some()) {
        let text = "the token is mounted with subPath and never refreshed: it expires within a day";
        let fix = correct("Mount the whole volume, without subPath,");
        audit.add(ObjectFinding::new(&TOKEN_NOT_REFRESHED, &object, text, fix).recreate_pod());
    }
    if let Some(Ok(role)) = container.value("AWS_ROLE_ARN").map(RoleArn::parse) {
        region(container, &role, &object, audit);
    }
}

/// Keys come before both mechanisms in the chain of an SDK.
fn static_keys(pod: &Pod, container: &Container, object: &str) -> Option<ObjectFinding> {
    let key = container.variable("AWS_ACCESS_KEY_ID")?;
    let mechanisms = [("AWS_ROLE_ARN", "IRSA"), ("AWS_CONTAINER_CREDENTIALS_FULL_URI", "EKS Pod Identity")];
    let (variable, mechanism) = mechanisms.into_iter().find(|(name, _)| container.variable(name).is_some())?;
    if let Some(from) = key.optional_key() {
        let text = format!(
            "AWS_ACCESS_KEY_ID is set only if {from} exists: AWS SDKs would then use the keys and never {mechanism}"
        );
        let fix = Fix::new(format!("Check that {from} does not exist."));
        return Some(ObjectFinding::new(&STATIC_KEYS_OVERRIDE, object, text, fix).note());
    }
    let fix = correct(pod, "Remove AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN");
    if key.is_empty() {
        let text = format!("AWS_ACCESS_KEY_ID is empty: some AWS SDKs fail on that instead of using {mechanism}");
        return Some(ObjectFinding::new(&STATIC_KEYS_OVERRIDE, object, text, fix).recreate_pod().warning());
    }
    let text = format!("AWS_ACCESS_KEY_ID is set as well as {variable}: AWS SDKs use the keys and never {mechanism}");
    Some(ObjectFinding::new(&STATIC_KEYS_OVERRIDE, object, text, fix).recreate_pod())
}

/// The global STS endpoint serves only the partition `aws`.
fn region(container: &Container, role: &RoleArn, object: &str, audit: &mut Audit) {
    const NAMES: [&str; 2] = ["AWS_REGION", "AWS_DEFAULT_REGION"];
    let set = NAMES.into_iter().find_map(|name| Some((name, container.value(name)?)));
    // A value from elsewhere is unknown, but not missing.
    let is_set_elsewhere =
        !container.env_from.is_empty() || NAMES.iter().any(|name| container.variable(name).is_some());
    let partition = role.partition;
    let fix = Fix::new(format!(
        "Set AWS_REGION to a region of {}, such as {}, then recreate the pod.",
        partition.id(),
        partition.default_region()
    ));
    match set {
        Some((name, region)) if Partition::of_region(region).is_some_and(|of| of != partition) => {
            let text = format!("{name} is {region}, which is in another partition than the role {role}");
            audit.add(ObjectFinding::new(&WRONG_PARTITION_ENDPOINT, object, text, fix).recreate_pod());
        }
        None if partition != Partition::Aws && container.mounts(TOKEN_VOLUME) && !is_set_elsewhere => {
            let text = format!("no region is set, and the global STS endpoint does not know {role}");
            audit.add(ObjectFinding::new(&REGION_MISSING, object, text, fix).recreate_pod());
        }
        _ => {}
    }
}
