//! CloudTrail events: what AWS answered to the calls by which pods get their roles.

use super::finding::ObjectFinding;
use super::inventory::{Inventory, account_of_subject};
use super::result::Audit;
use crate::aws::arn::RoleArn;
use crate::causes::{Facts, Severity};
use crate::diagnosis::answer;
use crate::documents::Event;
use std::collections::BTreeMap;

/// Calls that are alike: the name, for whom, the role, and the error.
type Call<'a> = (&'a str, Option<&'a str>, Option<&'a str>, Option<&'a (String, String)>);

/// How many, and the last of them.
type Calls<'a> = (usize, &'a Event);

pub(super) fn audit(inventory: &Inventory<'_>, audit: &mut Audit) {
    let mut calls: BTreeMap<Call<'_>, Calls<'_>> = BTreeMap::new();
    for event in &inventory.documents.events {
        let call = (&*event.name, event.subject.as_deref(), event.role_arn.as_deref(), event.error.as_ref());
        let (number, last) = calls.entry(call).or_insert((0, event));
        *number += 1;
        if event.time > last.time {
            *last = event;
        }
    }
    for ((name, subject, role, error), (number, last)) in calls {
        let object = object(subject, role, last.cluster.as_deref());
        let times =
            if number > 1 { format!("{number} times, last at {}", last.time) } else { format!("at {}", last.time) };
        let Some((code, message)) = error else {
            audit.facts.push(format!("{object}: CloudTrail shows that {name} worked, {times}"));
            continue;
        };
        let text = format!("CloudTrail shows that AWS refused {name} with {code} {message:?}, {times}");
        // The policy and the provider show why; the event shows only that.
        let explains = |one: &&ObjectFinding| {
            one.finding.severity == Severity::Error
                && (one.object == object || one.finding.cause.code.contains("provider"))
        };
        if audit.findings.iter().any(|one| explains(&one)) {
            audit.facts.push(format!("{object}: {text}"));
            continue;
        }
        let facts = facts(last);
        let (cause, candidates) = answer::refused(name, code, message, &facts);
        audit.add(ObjectFinding::with_facts(cause, object, text, &facts).could_be(candidates));
    }
}

/// As findings about trust policies name it.
fn object(subject: Option<&str>, role: Option<&str>, cluster: Option<&str>) -> String {
    match (subject.and_then(account_of_subject), role) {
        (Some((namespace, account)), Some(role)) => format!("service account {namespace}/{account} and {role}"),
        (Some((namespace, account)), None) => format!("service account {namespace}/{account}"),
        (None, Some(role)) => format!("role {role}"),
        // The agent called, as the node role.
        (None, None) => cluster.map_or("node role".to_owned(), |name| format!("EKS Pod Identity of cluster {name}")),
    }
}

fn facts(event: &Event) -> Facts {
    Facts {
        role: event.role_arn.as_deref().and_then(|arn| RoleArn::parse(arn).ok()),
        issuer: event.issuer.clone(),
        subject: event.subject.clone(),
        audience: event.audience.clone().map(|audience| vec![audience]),
        cluster: event.cluster.clone(),
        caller: event.caller.clone(),
        ..Facts::default()
    }
}
