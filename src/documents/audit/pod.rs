//! One pod: what the webhook made of it, and which identity its containers will find.

use super::account::{PREFIX, role_annotation};
use super::webhook::{self, VOLUME};
use super::workload::{Workload, correct, recreate, recreate_after};
use super::{Audit, Case, Finding, OfPod, PodStory, token_file};
use crate::aws::arn::RoleArn;
use crate::aws::partition::Partition;
use crate::causes::{Fix, shell_word};
use crate::documents::{Container, Origin, Pod, ServiceAccount};

pub(super) fn audit(case: &Case<'_>, pod: &Pod, audit: &mut Audit) {
    let before = audit.findings.len();
    judge(case, pod, audit);
    for finding in &mut audit.findings[before..] {
        finding.of = Some(OfPod { workload: Workload::of(pod), pod: pod.metadata.name.clone() });
    }
}

fn judge(case: &Case<'_>, pod: &Pod, audit: &mut Audit) {
    let account = case.account_of(pod);
    let about = about(pod);
    let admitted = pod.origin == Origin::Admitted;
    let applied = match admitted {
        true => webhook::story(pod, case.before(pod), account),
        false => webhook::forecast(pod, account),
    };
    let mutated = webhook::is_mutated(pod);
    let identity = mutated || webhook::is_for_pod_identity(pod);
    if admitted && !identity && !concerns_irsa(case, pod, account) {
        audit.without_irsa.push(format!("{}/{}", pod.namespace(), pod.metadata.name));
        return;
    }
    if super::account::is_missing(case, pod) {
        audit.add(without_account(case, pod, &about));
    } else if webhook::opts_out(pod) {
        audit.add(opted_out(pod, &about, account));
    } else if admitted && webhook::is_for_pod_identity(pod) {
        audit.add(pod_identity(&about, account));
    } else if admitted
        && !mutated
        && !account.is_some_and(super::account::is_to_blame)
        && !super::configuration::is_broken(case)
    {
        audit.add(not_injected(case, pod, &about, account));
    }
    if admitted && mutated {
        volume(pod, &about, audit);
        changed_since(pod, &about, account, audit);
    }
    malformed_arn(pod, &about, account, audit);
    for container in pod.containers() {
        self::container(pod, container, &about, admitted, audit);
    }
    audit.pods.push(PodStory {
        about,
        workload: Workload::of(pod),
        service_account: pod.service_account().to_owned(),
        applied,
        token_file: mutated.then(|| token_file::mode(pod)),
    });
}

pub(super) fn about(pod: &Pod) -> String {
    let (namespace, name) = (pod.namespace(), &pod.metadata.name);
    match &pod.origin {
        Origin::Admitted => format!("pod {namespace}/{name}"),
        Origin::Manifest => format!("manifest of pod {namespace}/{name}"),
        Origin::Template(kind) => format!("{kind} {namespace}/{name}"),
    }
}

/// Whether the webhook left a pod alone that has to do with IRSA and did not ask for that.
pub(super) fn was_missed(case: &Case<'_>, pod: &Pod) -> bool {
    pod.origin == Origin::Admitted
        && !webhook::is_mutated(pod)
        && !webhook::is_for_pod_identity(pod)
        && !webhook::opts_out(pod)
        && concerns_irsa(case, pod, case.account_of(pod))
}

/// Where one pod is given, it is the one that is asked about; among many, those count that something ties to IRSA.
fn concerns_irsa(case: &Case<'_>, pod: &Pod, account: Option<&ServiceAccount>) -> bool {
    case.admitted == 1
        || account.is_some_and(|account| super::account::means_irsa(&account.metadata))
        || super::account::means_irsa(&pod.metadata)
        || pod.containers().any(|container| container.variable("AWS_ROLE_ARN").is_some())
}

fn without_account(case: &Case<'_>, pod: &Pod, about: &str) -> Finding {
    let (namespace, name) = (pod.namespace(), pod.service_account());
    let beside = case.annotated_beside(pod).map(|other| format!("in that namespace {other} has a role"));
    let other = beside.or(annotated_elsewhere(case, pod)).map(|other| format!("; {other}")).unwrap_or_default();
    let cause = format!(
        "the service account {namespace}/{name} does not exist{other}: Kubernetes makes no new pod and renews no token \
         for it"
    );
    let fix = Fix::new("make it and annotate it with the role's ARN, or set serviceAccountName to one that there is")
        .command(format!("kubectl create serviceaccount {} -n {}", shell_word(name), shell_word(namespace)));
    Finding::new("service-account-mismatch", about, cause, fix)
}

fn opted_out(pod: &Pod, about: &str, account: Option<&ServiceAccount>) -> Finding {
    let cause = format!(
        "the pod itself keeps the webhook away, by the label {PREFIX}skip-pod-identity-webhook or the annotation {PREFIX}skip-containers"
    );
    let fix = Fix::new("if the pod is to have the role, take the label or annotation out of its template");
    let finding = Finding::new("env-not-injected-by-opt-out", about, cause, fix).frozen();
    // Without a role there is nothing that it misses.
    match account.is_some_and(|account| role_annotation(&account.metadata).is_none()) || pod.origin != Origin::Admitted
    {
        true => finding.note(),
        false => finding.warning(),
    }
}

fn pod_identity(about: &str, account: Option<&ServiceAccount>) -> Finding {
    let role = account.and_then(|account| role_annotation(&account.metadata));
    let fix = Fix::new("nothing, if Pod Identity is what you want; else delete the association, then recreate the pod");
    match role {
        Some(role) => {
            let cause = format!(
                "an EKS Pod Identity association wins over the annotation {role}: the pod runs with the association's role, not through IRSA"
            );
            Finding::new("pod-identity-precedence", about, cause, fix).warning()
        }
        None => Finding::new("pod-identity-precedence", about, "the pod uses EKS Pod Identity, not IRSA", fix).note(),
    }
}

/// The pod was left as it was. Which of the reasons it was, the other documents may tell.
fn not_injected(case: &Case<'_>, pod: &Pod, about: &str, account: Option<&ServiceAccount>) -> Finding {
    let anew = recreate(pod, None);
    let after = |first: &str| recreate_after(pod, first);
    let name = format!("service account {}/{}", pod.namespace(), pod.service_account());
    if let Some((key, value, what)) = super::account::misplaced_on_pod(&pod.metadata) {
        let cause = format!("the {what} {key:?} is on the pod; the webhook reads it from {name} only");
        let annotate = RoleArn::parse(value)
            .map(|_| super::account::annotate_command(pod.namespace(), pod.service_account(), value));
        let fix = match annotate {
            Ok(command) => {
                let mut fix = recreate(pod, Some("annotate the service account"));
                fix.commands.insert(0, command);
                fix
            }
            Err(_) => after("annotate the service account with the role's ARN"),
        };
        return Finding::new("env-not-injected-annotation-missing-or-misplaced", about, cause, fix).frozen();
    }
    if account.and_then(|account| role_annotation(&account.metadata)).is_none() {
        let has = if account.is_some() { "which has no role" } else { "which is not among these documents" };
        let mismatch =
            |cause: String, fix: &str| Finding::new("service-account-mismatch", about, cause, after(fix)).frozen();
        if let Some(other) = case.annotated_beside(pod) {
            return mismatch(
                format!("the pod uses {name}, {has}; in the same namespace {other} has one"),
                &format!("set serviceAccountName: {other} in the pod's template, if that is meant"),
            );
        }
        if let Some(other) = annotated_elsewhere(case, pod) {
            return mismatch(
                format!("the pod uses {name}, {has}; {other}"),
                "bring pod and service account into one namespace, and name that one in the role's trust policy",
            );
        }
    }
    let Some(account) = account else {
        return Finding::new(
            "env-not-injected",
            about,
            format!("the webhook put nothing into the pod; {name} or the webhook's configuration tells why"),
            after("find out why with the commands below"),
        )
        .frozen();
    };
    let Some(role) = role_annotation(&account.metadata) else {
        return Finding::new(
            "env-not-injected-annotation-missing-or-misplaced",
            about,
            format!(
                "the webhook put nothing into the pod, because {name} has no annotation {PREFIX}role-arn with a value"
            ),
            after("annotate the service account with the role's ARN"),
        )
        .frozen();
    };
    // Whoever knows no better knows that the annotation is no older than what it is on.
    let annotated = annotated_at(account).max(account.metadata.creation_timestamp.as_deref());
    if let (Some(annotated), Some(created)) = (annotated, pod.metadata.creation_timestamp.as_deref())
        && annotated > created
    {
        let cause = format!(
            "the pod was created at {created}, before the annotation of {name} was set ({annotated} or later); the \
             webhook never changes existing pods"
        );
        return Finding::new("env-not-injected-pod-predates-annotation", about, cause, anew).frozen();
    }
    if let Some(why) = super::configuration::keeps_away(case, pod) {
        let fix = after("repair the webhook");
        return Finding::new(
            "env-not-injected-webhook-missing",
            about,
            format!("the webhook put nothing into the pod: {why}"),
            fix,
        )
        .frozen();
    }
    let list = match case.documents.webhooks.is_none() && case.documents.empty_lists > 0 {
        true => "; if the empty list is that of the mutating webhooks, the webhook is not installed now",
        false => "",
    };
    let cause = format!(
        "the webhook put nothing into the pod although {name} has the annotation {role}: it came after the pod, or the \
         webhook was not there or not ready when the pod was made{list}"
    );
    Finding::new("env-not-injected", about, cause, anew).frozen()
}

/// A service account of the pod's name that names a role, in another namespace than the pod's.
fn annotated_elsewhere(case: &Case<'_>, pod: &Pod) -> Option<String> {
    let namespace = case.annotated_elsewhere(pod)?;
    Some(format!("the one of that name with a role is in the namespace {namespace}, and counts there only"))
}

/// When the annotation was set, if `--show-managed-fields` was asked for. RFC 3339 in UTC compares as text.
pub(super) fn annotated_at(account: &ServiceAccount) -> Option<&str> {
    let name = format!("{PREFIX}role-arn");
    let set = account.metadata.managed_fields.iter().filter(|entry| entry.sets_annotation(&name));
    set.filter_map(|entry| entry.time.as_deref()).max()
}

fn volume(pod: &Pod, about: &str, audit: &mut Audit) {
    let Some(volume) = pod.volume(VOLUME) else { return };
    let Some(token) = volume.token() else {
        let cause = format!(
            "the pod brought a volume {VOLUME} of its own which holds no token, and the webhook took it as it is"
        );
        let fix = correct(pod, &format!("rename the volume {VOLUME}"));
        return audit.add(Finding::new("token-file-missing", about, cause, fix).frozen());
    };
    if token.audience.as_deref().is_some_and(|audience| audience != "sts.amazonaws.com") {
        let audience = token.audience.as_deref().unwrap_or_default();
        let cause = format!(
            "the token is made for the audience {audience}: STS takes it only if the IAM provider lists {audience} as a client ID"
        );
        let first = format!("unless that is meant, remove the annotation {PREFIX}audience from the service account");
        let fix = recreate_after(pod, &first);
        audit.add(Finding::new("wrong-audience", about, cause, fix).note());
    }
}

/// The annotation as it is now against the variable as it was when the pod was made.
fn changed_since(pod: &Pod, about: &str, account: Option<&ServiceAccount>, audit: &mut Audit) {
    let Some(role) = account.and_then(|account| role_annotation(&account.metadata)) else { return };
    let injected = pod.containers().filter(|container| container.value("AWS_WEB_IDENTITY_TOKEN_FILE").is_some());
    let other = injected.filter_map(|container| container.value("AWS_ROLE_ARN")).find(|value| *value != role);
    if let Some(value) = other {
        let cause = format!(
            "the pod has the role {value}, its service account's annotation names {role}: the annotation was changed after the pod was made, or the pod sets its own"
        );
        let fix = recreate_after(pod, "make sure that the annotation is right");
        audit.add(Finding::new("env-not-injected-pod-predates-annotation", about, cause, fix).frozen());
    }
}

/// VariableState once, however many containers got it; and not here if the service account is there to be told of.
fn malformed_arn(pod: &Pod, about: &str, account: Option<&ServiceAccount>, audit: &mut Audit) {
    let annotation = account.and_then(|account| role_annotation(&account.metadata));
    let values = pod.containers().filter_map(|container| container.value("AWS_ROLE_ARN"));
    let faults =
        values.filter(|value| Some(*value) != annotation).filter_map(|arn| Some((arn, RoleArn::parse(arn).err()?)));
    for (arn, fault) in faults {
        let fix = Fix::new(
            "correct the service account's annotation, or the variable in the pod's template, then recreate the pod",
        );
        audit.add(Finding::new("malformed-arn", about, format!("AWS_ROLE_ARN is {arn:?}: it {fault}"), fix).frozen());
    }
}

fn container(pod: &Pod, container: &Container, about: &str, admitted: bool, audit: &mut Audit) {
    let about = format!("{about}, container {}", container.name);
    let correct = |what: &str| correct(pod, what);
    let (role, file) = (container.variable("AWS_ROLE_ARN"), container.variable("AWS_WEB_IDENTITY_TOKEN_FILE"));
    if let Some(one) = role.xor(file) {
        let other = if role.is_some() { "AWS_WEB_IDENTITY_TOKEN_FILE" } else { "AWS_ROLE_ARN" };
        let fix = correct(&format!("remove {}", one.name));
        let finding = |cause: &str| {
            Finding::new("env-partially-set", &about, format!("it sets {} itself, {cause}", one.name), fix)
        };
        audit.add(match admitted || webhook::is_mutated(pod) {
            true => finding(&format!("so the webhook added neither variable, and {other} is missing")).frozen(),
            false => finding("so the webhook will add neither variable"),
        });
    }
    let parsed = container.value("AWS_ROLE_ARN").map(RoleArn::parse);
    if role.is_some() && container.variable("AWS_ACCESS_KEY_ID").is_some() {
        let cause = "AWS_ACCESS_KEY_ID is set beside AWS_ROLE_ARN: the AWS SDKs take the keys, and IRSA is never used";
        let fix = correct("remove AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN");
        audit.add(Finding::new("static-keys-override", &about, cause, fix).frozen());
    }
    if role.is_some() && !container.env_from.is_empty() {
        let cause = "envFrom brings variables that this pod does not show: AWS_* ones among them would be mixed with the webhook's";
        let fix = Fix::new("look for AWS_* keys in what envFrom names");
        audit.add(Finding::new("static-keys-override", &about, cause, fix).note());
    }
    if container.volume_mounts.iter().any(|mount| mount.name == VOLUME && mount.sub_path.is_some()) {
        let cause =
            "the token is mounted by subPath, so the kubelet's renewals never reach it: it expires within a day";
        let fix = correct("mount the whole volume, without subPath,");
        audit.add(Finding::new("token-not-refreshed", &about, cause, fix).frozen());
    }
    if let Some(Ok(role)) = parsed {
        region(container, &role, &about, audit);
    }
}

/// China, GovCloud and the other partitions have no global STS endpoint that knows them.
fn region(container: &Container, role: &RoleArn, about: &str, audit: &mut Audit) {
    const NAMES: [&str; 2] = ["AWS_REGION", "AWS_DEFAULT_REGION"];
    let set = NAMES.into_iter().find_map(|name| Some((name, container.value(name)?)));
    // A value that comes from elsewhere is not known, but it is not missing.
    let elsewhere = !container.env_from.is_empty() || NAMES.iter().any(|name| container.variable(name).is_some());
    let partition = role.partition;
    let fix = |region: &str| {
        Fix::new(format!("set AWS_REGION to a region of {}, such as {region}, then recreate the pod", partition.id()))
    };
    match set {
        Some((name, region)) if Partition::of_region(region).is_some_and(|of| of != partition) => {
            let cause =
                format!("{name} is {region}, of another partition than the role {role}: STS there does not know it");
            audit.add(Finding::new("wrong-partition-endpoint", about, cause, fix(partition.default_region())).frozen());
        }
        None if partition != Partition::Aws && container.mounts(VOLUME) && !elsewhere => {
            let cause = format!("no region is set, and the global STS endpoint does not know {role}");
            audit.add(Finding::new("region-missing", about, cause, fix(partition.default_region())).frozen());
        }
        _ => {}
    }
}
