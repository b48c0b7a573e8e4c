//! Pods: what the webhook did to them, and which identity their containers will use.

mod association;
mod container;
mod injection;

use super::annotation::role_annotation;
use super::finding::{ObjectFinding, PodOf};
use super::inventory::Inventory;
use super::result::{Audit, AuditedPod};
use super::workload::{Workload, correct, pod_object, recreate_after};
use super::{facts, own_token, profile, service_account, token_file, webhook, webhook_configuration};
use crate::aws::arn::RoleArn;
use crate::aws::issuer::STS_AUDIENCE;
use crate::aws::pod_identity::AUDIENCE;
use crate::aws::webhook::{AUDIENCE_ANNOTATION, POD_IDENTITY_VOLUME, Rule, SKIP_CONTAINERS, SKIP_LABEL, TOKEN_VOLUME};
use crate::causes::{
    ENV_NOT_INJECTED_BY_OPT_OUT, ENV_NOT_INJECTED_POD_PREDATES_ANNOTATION, Fix, MALFORMED_ARN, POD_IDENTITY_PRECEDENCE,
    POD_IDENTITY_WRONG_AUDIENCE, TOKEN_AUDIENCE_FOR_OTHER_USE, TOKEN_FILE_MISSING, WRONG_AUDIENCE,
};
use crate::documents::{Origin, Pod, ServiceAccount};

pub(super) fn audit<'a>(inventory: &Inventory<'a>, pod: &'a Pod, audit: &mut Audit) {
    let before = audit.findings.len();
    judge(inventory, pod, audit);
    for finding in &mut audit.findings[before..] {
        finding.pod = Some(PodOf { workload: Workload::of(pod), pod: pod.metadata.name.clone() });
    }
}

fn judge<'a>(inventory: &Inventory<'a>, pod: &'a Pod, audit: &mut Audit) {
    let account = inventory.account_of(pod);
    let object = pod_object(pod);
    let admitted = pod.origin == Origin::Admitted;
    let has_association = inventory.association_of(pod).is_some();
    let applied = match admitted {
        true => webhook::rules_applied(pod, inventory.manifest_of(pod), account, has_association),
        false => webhook::forecast(pod, account, has_association),
    };
    let mutated = webhook::is_mutated(pod);
    let has_identity = webhook::has_irsa(pod) || webhook::is_for_pod_identity(pod);
    let profile = profile::of(inventory, pod);
    match profile.filter(|_| admitted) {
        Some(profile) if has_identity => profile::beside_variables(inventory, pod, &object, &profile, audit),
        Some(profile) => profile::note(inventory, pod, &object, &profile, audit),
        None => {}
    }
    if admitted && !has_identity && profile.is_none() && !inventory.concerns_identity(pod) {
        audit.without_irsa.push(format!("{}/{}", pod.namespace(), pod.metadata.name));
        return;
    }
    let associated = inventory.association_of(pod).filter(|_| admitted && !webhook_configuration::is_broken(inventory));
    if service_account::is_missing(inventory, pod) {
        audit.add(injection::without_account(inventory, pod, &object));
    } else if webhook::opts_out(pod) {
        audit.add(opted_out(inventory, pod, &object, account));
    } else if admitted && webhook::is_for_pod_identity(pod) {
        let findings = [
            annotated_as_well(inventory, pod, &object, account),
            association::unsupported(inventory, pod, &object),
            association::deleted(inventory, pod, &object),
        ];
        findings.into_iter().flatten().for_each(|finding| audit.add(finding));
    } else if let Some(association) = associated {
        let finding = association::not_injected(inventory, pod, association, &object);
        finding.into_iter().for_each(|finding| audit.add(finding));
    } else if admitted
        && profile.is_none()
        && !webhook::has_irsa(pod)
        && !account.is_some_and(service_account::has_wrong_annotation)
        && !webhook_configuration::is_broken(inventory)
    {
        audit.add(injection::not_injected(inventory, pod, &object));
    }
    let tokens = [pod_identity_volume(pod, &object), own_token::for_other_use(pod, &object)];
    tokens.into_iter().flatten().for_each(|finding| audit.add(finding));
    if admitted && mutated {
        volume(inventory, pod, &object, audit);
        changed_since(pod, &object, account, audit);
    }
    malformed_arn(pod, &object, account, audit);
    for container in pod.containers() {
        container::audit(pod, container, &object, audit);
    }
    audit.pods.push(AuditedPod {
        object,
        workload: Workload::of(pod),
        service_account: pod.service_account().to_owned(),
        applied,
        token_file: has_identity.then(|| token_file::mode(pod)),
        waits: pod.waits.clone(),
    });
}

fn opted_out(inventory: &Inventory<'_>, pod: &Pod, object: &str, account: Option<&ServiceAccount>) -> ObjectFinding {
    let text =
        format!("the pod opts out of the webhook, by the label {SKIP_LABEL} or the annotation {SKIP_CONTAINERS}");
    let fix = Fix::new("If the pod needs the role, remove the label or annotation from its template.");
    let finding = ObjectFinding::new(&ENV_NOT_INJECTED_BY_OPT_OUT, object, text, fix).recreate_pod();
    // A service account without a role has nothing to inject.
    let has_none = account.is_some_and(|account| role_annotation(&account.metadata).is_none())
        && inventory.association_of(pod).is_none();
    match has_none || pod.origin != Origin::Admitted {
        true => finding.note(),
        false => finding.warning(),
    }
}

/// With an association, the webhook does not look at the annotation.
fn annotated_as_well(
    inventory: &Inventory<'_>,
    pod: &Pod,
    object: &str,
    account: Option<&ServiceAccount>,
) -> Option<ObjectFinding> {
    let role = role_annotation(&account?.metadata)?;
    let given = inventory.association_of(pod).and_then(|one| one.target_role_arn.as_ref().or(one.role_arn.as_ref()));
    let given = match given {
        Some(given) if given == role => ", which is the same".to_owned(),
        Some(given) => format!(", {given}"),
        None => String::new(),
    };
    let text = format!(
        "an EKS Pod Identity association takes precedence over the annotation {role}: the pod runs with the \
         association's role{given}, not through IRSA"
    );
    let fix = Fix::new(
        "Remove the annotation if Pod Identity is intended. Otherwise delete the association, then recreate the pod.",
    )
    .command(facts::of_pod(inventory, pod).names().describe_association());
    Some(ObjectFinding::new(&POD_IDENTITY_PRECEDENCE, object, text, fix).warning())
}

fn volume(inventory: &Inventory<'_>, pod: &Pod, object: &str, audit: &mut Audit) {
    let Some(volume) = pod.volume(TOKEN_VOLUME) else { return };
    let Some(token) = volume.token() else {
        let text =
            format!("the pod has its own volume {TOKEN_VOLUME} without a token; {}", Rule::VolumeReused.in_words());
        let fix = correct(pod, &format!("Rename the volume {TOKEN_VOLUME}"));
        return audit.add(ObjectFinding::new(&TOKEN_FILE_MISSING, object, text, fix).recreate_pod());
    };
    let is_client = |audience: &str| {
        let mut ids = inventory.documents.providers.iter().flat_map(|provider| &provider.client_ids);
        ids.any(|id| id == audience)
    };
    if token.audience.as_deref() == Some(AUDIENCE) && !is_client(AUDIENCE) {
        let text = format!(
            "the token in {TOKEN_VOLUME} is for EKS Pod Identity: its audience is {AUDIENCE}, and STS refuses it"
        );
        let first =
            format!("Remove the annotation {AUDIENCE_ANNOTATION} from the service account, or the pod's own volume");
        audit.add(
            ObjectFinding::new(&TOKEN_AUDIENCE_FOR_OTHER_USE, object, text, recreate_after(pod, &first)).recreate_pod(),
        );
    } else if let Some(audience) =
        token.audience.as_deref().filter(|audience| *audience != STS_AUDIENCE && !is_client(audience))
    {
        let text = format!(
            "the audience of the token is {audience}: STS accepts it only if {audience} is a client ID of the OIDC \
             provider"
        );
        let first =
            format!("Unless that is intended, remove the annotation {AUDIENCE_ANNOTATION} from the service account");
        audit.add(ObjectFinding::new(&WRONG_AUDIENCE, object, text, recreate_after(pod, &first)).note());
    }
}

/// The agent hands every token to EKS, which accepts one audience.
fn pod_identity_volume(pod: &Pod, object: &str) -> Option<ObjectFinding> {
    let audience = pod.volume(POD_IDENTITY_VOLUME)?.token()?.audience.as_deref().unwrap_or("the API server's");
    let text =
        format!("the audience of the token in {POD_IDENTITY_VOLUME} is {audience}, not {AUDIENCE}: EKS refuses it");
    let fix = correct(pod, &format!("Remove the volume {POD_IDENTITY_VOLUME}, so that EKS adds it,"));
    let finding = || ObjectFinding::new(&POD_IDENTITY_WRONG_AUDIENCE, object, text, fix).recreate_pod();
    (audience != AUDIENCE).then(finding)
}

/// Compares the annotation of today with the variable from the pod's creation.
fn changed_since(pod: &Pod, object: &str, account: Option<&ServiceAccount>, audit: &mut Audit) {
    let Some((account, role)) = account.and_then(|account| Some((account, role_annotation(&account.metadata)?))) else {
        return;
    };
    // Its role goes with its own token, not with the webhook's.
    if own_token::of(pod).is_some() {
        return;
    }
    let injected = pod.containers().filter(|container| container.value("AWS_WEB_IDENTITY_TOKEN_FILE").is_some());
    let other = injected.filter_map(|container| container.value("AWS_ROLE_ARN")).find(|value| *value != role);
    if let Some(value) = other {
        if service_account::is_annotated_before(account, pod) {
            let text = format!(
                "the pod has the role {value}, but the annotation of its service account is {role} and older than the \
                 pod: the pod sets its own"
            );
            let fix = correct(pod, "Unless that is intended, remove AWS_ROLE_ARN and AWS_WEB_IDENTITY_TOKEN_FILE");
            let cause = &ENV_NOT_INJECTED_POD_PREDATES_ANNOTATION;
            return audit.add(ObjectFinding::new(cause, object, text, fix).recreate_pod().warning());
        }
        let text = format!(
            "the pod has the role {value}, but the annotation of its service account is {role}: the annotation was \
             changed after the pod was created, or the pod sets its own"
        );
        let fix = recreate_after(pod, "Check that the annotation is correct");
        let cause = &ENV_NOT_INJECTED_POD_PREDATES_ANNOTATION;
        audit.add(ObjectFinding::new(cause, object, text, fix).recreate_pod());
    }
}

/// One finding for all containers, and none if the service account, which has the same value, is among the documents.
fn malformed_arn(pod: &Pod, object: &str, account: Option<&ServiceAccount>, audit: &mut Audit) {
    let annotation = account.and_then(|account| role_annotation(&account.metadata));
    let values = pod.containers().filter_map(|container| container.value("AWS_ROLE_ARN"));
    let faults =
        values.filter(|value| Some(*value) != annotation).filter_map(|arn| Some((arn, RoleArn::parse(arn).err()?)));
    for (arn, fault) in faults {
        let text = format!("AWS_ROLE_ARN is {arn:?}: it {fault}");
        let fix = Fix::new(
            "Correct the annotation of the service account, or the variable in the pod template, then recreate the pod.",
        );
        audit.add(ObjectFinding::new(&MALFORMED_ARN, object, text, fix).recreate_pod());
    }
}
