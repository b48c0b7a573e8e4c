//! What the documents show of an identity, as the causes need it for their fixes.

use super::inventory::{Inventory, Link};
use crate::aws::arn::RoleArn;
use crate::causes::Facts;

/// Without a link, only what is the same for the whole cluster.
pub(super) fn of(inventory: &Inventory<'_>, link: Option<&Link<'_>>) -> Facts {
    Facts {
        role: link.and_then(|link| RoleArn::parse(link.role_arn).ok()),
        issuer: inventory.issuer().map(|(issuer, _)| issuer.to_owned()),
        subject: link.map(|link| format!("system:serviceaccount:{}:{}", link.namespace, link.account)),
        audience: link.map(|link| vec![link.audience.to_owned()]),
        thumbprint: inventory.context.thumbprint.map(str::to_owned),
        ..Facts::default()
    }
}
