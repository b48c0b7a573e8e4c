//! What other controllers and charts are to give service accounts, and whether these have it.

use super::annotation::role_annotation;
use super::finding::ObjectFinding;
use super::inventory::Inventory;
use super::result::Audit;
use super::workload::pod_object;
use crate::aws::arn::RoleArn;
use crate::aws::webhook::ROLE_ANNOTATION;
use crate::causes::{ENV_NOT_INJECTED_ANNOTATION_MISSING_OR_MISPLACED, Fix, MALFORMED_ARN, SERVICE_ACCOUNT_MISMATCH};
use crate::documents::{Expected, Origin, Pod};

pub(super) fn audit(inventory: &Inventory<'_>, audit: &mut Audit) {
    for expected in &inventory.documents.expected {
        let fault = expected.role_arn.as_deref().and_then(|role| RoleArn::parse(role).err());
        if let Some(fault) = fault {
            let text = format!("the role is {:?}: it {fault}", expected.role_arn.as_deref().unwrap_or_default());
            let fix = Fix::new("Set it to the ARN of the role.");
            audit.add(ObjectFinding::new(&MALFORMED_ARN, &expected.object, text, fix));
        }
        if let Some(fault) = &expected.fault {
            let fix = Fix::new(format!("Set {ROLE_ANNOTATION} where it becomes an annotation of the service account."));
            let cause = &ENV_NOT_INJECTED_ANNOTATION_MISSING_OR_MISPLACED;
            audit.add(ObjectFinding::new(cause, &expected.object, fault, fix));
        }
        match &expected.account {
            Some(account) => of_account(inventory, expected, account, audit),
            None => audit.expected.extend(said(expected)),
        }
    }
    executors(inventory, audit);
}

fn said(expected: &Expected) -> Option<String> {
    let role = expected.role_arn.as_ref().filter(|_| expected.fault.is_none())?;
    Some(format!(
        "{} gives {role} to a service account: the trust policy must allow its namespace and name, as they are in the cluster",
        expected.object
    ))
}

/// External Secrets asks for a token of this service account, and reads the role from its annotation.
fn of_account(inventory: &Inventory<'_>, expected: &Expected, account: &(String, String), audit: &mut Audit) {
    let (namespace, name) = account;
    let object = &expected.object;
    let Some(found) = inventory.account(namespace, name) else {
        let text = format!("it uses service account {namespace}/{name}, which does not exist");
        if inventory.lacks_account(namespace, name) {
            let fix = Fix::new(format!("Create the service account with the annotation {ROLE_ANNOTATION}."));
            audit.add(ObjectFinding::new(&SERVICE_ACCOUNT_MISMATCH, object, text, fix));
        } else {
            audit.expected.push(format!("{object} uses the role of service account {namespace}/{name}"));
        }
        return;
    };
    match role_annotation(&found.metadata) {
        Some(role) => {
            audit.facts.push(format!("{object} uses {role}, the role of service account {namespace}/{name}"));
        }
        None => {
            let text = format!(
                "it uses service account {namespace}/{name}, which has no annotation {ROLE_ANNOTATION}: External Secrets \
                 takes the role from it"
            );
            let fix = Fix::new("Annotate the service account with the ARN of the role.")
                .command("aws iam list-roles --query 'Roles[].Arn' --output json");
            let cause = &ENV_NOT_INJECTED_ANNOTATION_MISSING_OR_MISPLACED;
            audit.add(ObjectFinding::new(cause, object, text, fix));
        }
    }
}

/// Executors of Spark read and write the data; drivers often have the only role.
fn executors(inventory: &Inventory<'_>, audit: &mut Audit) {
    let of = |pod: &Pod, part: &str| matches!(&pod.origin, Origin::Template(kind) if kind.starts_with(part));
    let role = |pod: &Pod| inventory.account_of(pod).and_then(|account| role_annotation(&account.metadata));
    let pods = &inventory.documents.pods;
    for pair in pods.windows(2).filter(|pair| of(&pair[0], "driver of ") && of(&pair[1], "executor of ")) {
        let (driver, executor) = (&pair[0], &pair[1]);
        let has_association = inventory.association_of(executor).is_some();
        if let (Some(of_driver), None, false) = (role(driver), role(executor), has_association)
            && (inventory.account_of(executor).is_some() || executor.service_account() == "default")
        {
            let text = format!(
                "executors run as service account {}, which has no role; the driver runs as {}, which has {of_driver}",
                executor.service_account(),
                driver.service_account()
            );
            let fix = Fix::new(format!(
                "Set spec.executor.serviceAccount: {} (Spark 3.1 or later reads it).",
                driver.service_account()
            ));
            let object = pod_object(executor);
            audit.add(ObjectFinding::new(&SERVICE_ACCOUNT_MISMATCH, object, text, fix));
        }
    }
}
