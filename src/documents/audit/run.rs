//! Checks every document against every other.

use super::inventory::{Context, Inventory};
use super::result::Audit;
use super::{
    agent, association, event, expected, iam, node_role, open, permissions, pod, report, service_account,
    webhook_configuration,
};
use crate::documents::{AGENT, Absent, Documents};
use std::cmp::Reverse;

pub(crate) fn audit(documents: &Documents, context: Context<'_>) -> Audit {
    let mut audit = Audit::new(documents.unusable.len());
    for absent in &documents.absent {
        // What it means that the agent is not there depends on more.
        if let Absent::Other(said) = absent
            && !said.contains(AGENT)
        {
            audit.facts.push(format!("not found: {said}"));
        }
    }
    let inventory = Inventory::new(documents, context);
    for pod in documents.pods.iter().filter(|pod| !inventory.is_manifest_of_admitted(pod)) {
        pod::audit(&inventory, pod, &mut audit);
    }
    for account in &documents.service_accounts {
        service_account::audit(&inventory, account, &mut audit);
    }
    webhook_configuration::audit(&inventory, &mut audit);
    iam::audit(&inventory, &mut audit);
    association::audit(&inventory, &mut audit);
    agent::audit(&inventory, &mut audit);
    node_role::audit(&inventory, &mut audit);
    event::audit(&inventory, &mut audit);
    expected::audit(&inventory, &mut audit);
    permissions::audit(&inventory, &mut audit);
    report::audit(&inventory, &mut audit);
    audit.open = open::questions(&inventory, &audit);
    audit.findings.sort_by_key(|one| Reverse(one.finding.severity));
    audit
}
