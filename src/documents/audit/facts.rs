//! What the documents show of an identity, as the causes need it for their fixes.

use super::inventory::{Inventory, Link};
use crate::aws::arn::RoleArn;
use crate::causes::Facts;
use crate::documents::{Association, Pod};

/// Without a link, only what is the same for the whole cluster.
pub(super) fn of(inventory: &Inventory<'_>, link: Option<&Link<'_>>) -> Facts {
    Facts {
        role: link.and_then(|link| RoleArn::parse(link.role_arn).ok()),
        issuer: inventory.issuer().map(|(issuer, _)| issuer.to_owned()),
        subject: link.map(|link| format!("system:serviceaccount:{}:{}", link.namespace, link.account)),
        audience: link.map(|link| vec![link.audience.to_owned()]),
        thumbprint: inventory.context.thumbprint.map(str::to_owned),
        cluster: inventory.cluster().map(str::to_owned),
        cluster_region: inventory.cluster().and_then(|name| inventory.region_of(name)).map(str::to_owned),
        ..Facts::default()
    }
}

pub(super) fn of_pod(inventory: &Inventory<'_>, pod: &Pod) -> Facts {
    let association = inventory.association_of(pod);
    Facts {
        pod_account: Some((pod.namespace().to_owned(), pod.service_account().to_owned())),
        pod: Some(pod.metadata.name.clone()),
        ..association.map_or_else(|| of(inventory, None), of_association)
    }
}

pub(super) fn of_association(association: &Association) -> Facts {
    let known = |text: &String| (!text.is_empty()).then(|| text.clone());
    Facts {
        role: association.role_arn.as_deref().and_then(|arn| RoleArn::parse(arn).ok()),
        pod_account: Some((association.namespace.clone(), association.service_account.clone())),
        cluster: known(&association.cluster_name),
        association: known(&association.association_id),
        cluster_region: association.region().map(str::to_owned),
        ..Facts::default()
    }
}
