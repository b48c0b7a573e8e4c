//! Why a pod does not have the variables of its service account's Pod Identity association.

use crate::causes::{
    ASSOCIATION_MISSING, Candidate, Cause, ENV_NOT_INJECTED, POD_IDENTITY_INJECTION_MISSED,
    POD_IDENTITY_UNSUPPORTED_COMPUTE, POD_PREDATES_ASSOCIATION,
};
use crate::documents::audit::facts;
use crate::documents::audit::finding::ObjectFinding;
use crate::documents::audit::inventory::Inventory;
use crate::documents::audit::webhook::has_irsa;
use crate::documents::audit::workload::recreate;
use crate::documents::{Association, Pod};
use crate::text::timestamp::Timestamp;

/// A pod on Fargate has this label (EKS user guide, "Define which Pods use AWS Fargate when launched").
const FARGATE_LABEL: &str = "eks.amazonaws.com/fargate-profile";

/// `None` if the pod has the variables of IRSA, and nothing dates the association.
pub(super) fn not_injected(
    inventory: &Inventory<'_>,
    pod: &Pod,
    association: &Association,
    object: &str,
) -> Option<ObjectFinding> {
    if !has_irsa(pod) && compute(pod).is_some() {
        return unsupported(inventory, pod, object);
    }
    let account = format!("service account {}/{}", association.namespace, association.service_account);
    let has = match has_irsa(pod) {
        true => "it has the variables of IRSA and not those of EKS Pod Identity",
        false => "it has no variables of EKS Pod Identity",
    };
    let created = pod.metadata.creation_timestamp.as_deref().and_then(Timestamp::parse);
    let Some((created, associated)) = created.zip(association.created_at) else {
        return (!has_irsa(pod)).then(|| undated(pod, object, &account));
    };
    let (cause, text) = reason(created, associated, &account, has);
    let finding = ObjectFinding::new(cause, object, text, recreate(pod, None)).recreate_pod();
    // With IRSA, it has a role.
    Some(if has_irsa(pod) { finding.warning() } else { finding })
}

fn reason(created: Timestamp, associated: Timestamp, account: &str, has: &str) -> (&'static Cause, String) {
    if associated > created {
        let text = format!(
            "the pod was created at {created}, before the Pod Identity association of {account} ({associated}), so {has}"
        );
        return (&POD_PREDATES_ASSOCIATION, text);
    }
    let text = format!(
        "the Pod Identity association of {account} is of {associated}, the pod of {created}, but {has}: EKS did not \
         inject them"
    );
    (&POD_IDENTITY_INJECTION_MISSED, text)
}

fn undated(pod: &Pod, object: &str, account: &str) -> ObjectFinding {
    let text = format!(
        "{account} has a Pod Identity association, but the pod has no variables of it; the association's createdAt shows \
         why"
    );
    let candidates = vec![
        Candidate::new(&POD_PREDATES_ASSOCIATION, "if the association was created after the pod"),
        Candidate::new(&POD_IDENTITY_INJECTION_MISSED, "if the association is older than the pod"),
    ];
    let fix = recreate(pod, Some("Compare the association's createdAt with the pod's creationTimestamp"));
    ObjectFinding::new(&ENV_NOT_INJECTED, object, text, fix).recreate_pod().could_be(candidates)
}

/// A pod with the variables of an association that is not in the list.
pub(super) fn deleted(inventory: &Inventory<'_>, pod: &Pod, object: &str) -> Option<ObjectFinding> {
    if !inventory.documents.associations_listed || inventory.association_of(pod).is_some() {
        return None;
    }
    let account = format!("service account {}/{}", pod.namespace(), pod.service_account());
    let facts = facts::of_pod(inventory, pod);
    let missing = |text| ObjectFinding::with_facts(&ASSOCIATION_MISSING, object, text, &facts);
    Some(match &inventory.documents.associations_of {
        Some(cluster) => {
            missing(format!("cluster {cluster} has no association for {account}: EKS gives the pod no new credentials"))
        }
        None => missing(format!(
            "the list of associations has none for {account}: unless the list is filtered or of another cluster, EKS gives \
             the pod no new credentials"
        ))
        .warning(),
    })
}

/// A pod with an association, on compute that has no agent.
pub(super) fn unsupported(inventory: &Inventory<'_>, pod: &Pod, object: &str) -> Option<ObjectFinding> {
    let compute = compute(pod)?;
    let text = format!("its role is to come from EKS Pod Identity, but the pod runs on {compute}");
    let facts = facts::of_pod(inventory, pod);
    Some(ObjectFinding::with_facts(&POD_IDENTITY_UNSUPPORTED_COMPUTE, object, text, &facts).recreate_pod())
}

fn compute(pod: &Pod) -> Option<&'static str> {
    if pod.metadata.labels.contains_key(FARGATE_LABEL) {
        Some("Fargate")
    } else if pod.is_windows() {
        Some("Windows")
    } else {
        None
    }
}
