//! CloudTrail events: what AWS answered to the calls by which pods get their roles.

use super::command::Command;
use super::finding::ObjectFinding;
use super::inventory::{Inventory, account_of_subject};
use super::result::{Audit, Open};
use super::webhook::has_irsa;
use crate::aws::arn::RoleArn;
use crate::causes::{Candidate, Cause, Facts, Fix, SCP_OR_BOUNDARY_DENY, Severity};
use crate::diagnosis::answer;
use crate::documents::{Event, Origin, Pod};
use std::collections::BTreeMap;

/// Calls that are alike: the name, for whom, the role, and the error.
type Call<'a> = (&'a str, Option<&'a str>, Option<&'a str>, Option<&'a (String, String)>);

/// How many, and the last of them.
type Calls<'a> = (usize, &'a Event);

/// Events that are asked for: the newest come first.
const NEWEST: &str = "50";

pub(super) fn audit(inventory: &Inventory<'_>, audit: &mut Audit) {
    let mut calls: BTreeMap<Call<'_>, Calls<'_>> = BTreeMap::new();
    for event in inventory.documents.events.iter().filter(|event| !inventory.is_of_another_cluster(event)) {
        let call = (&*event.name, event.subject.as_deref(), event.role_arn.as_deref(), event.error.as_ref());
        let (number, last) = calls.entry(call).or_insert((0, event));
        *number += 1;
        if event.time > last.time {
            *last = event;
        }
    }
    for ((name, subject, role, error), (number, last)) in &calls {
        let object = object(*subject, *role, last.cluster.as_deref());
        let times = match number {
            1 => format!("at {}", last.time),
            number => format!("{number} times, last at {}", last.time),
        };
        let Some((code, message)) = error else {
            // What AWS answered says more than what a policy should make it answer.
            audit.facts.insert(0, format!("{object}: CloudTrail shows that {name} worked, {times}"));
            continue;
        };
        let text = format!("CloudTrail shows that AWS refused {name} with {code} {message:?}, {times}");
        let worked = calls.get(&(*name, *subject, *role, None)).map(|(_, worked)| &worked.time);
        if let Some(worked) = worked.filter(|worked| **worked > last.time) {
            audit.facts.push(format!("{object}: {text}; it worked later, at {worked}"));
            continue;
        }
        // The policy and the provider show why; the event shows only that.
        let explains = |one: &&ObjectFinding| {
            one.finding.severity == Severity::Error
                && (one.object == object || one.finding.cause.code.contains("provider"))
        };
        if audit.findings.iter().any(|one| explains(&one)) || precedes_pods(inventory, last) {
            audit.facts.push(format!("{object}: {text}"));
            continue;
        }
        let facts = facts(last);
        let (cause, candidates) = answer::refused(name, code, message, &facts);
        audit.add(match cause == &SCP_OR_BOUNDARY_DENY || !is_right(inventory, last) {
            true => ObjectFinding::with_facts(cause, object, text, &facts).could_be(candidates),
            false => unexplained(cause, object, &text, &facts),
        });
    }
}

/// Whether AWS answered a call for this service account and role with credentials.
pub(super) fn shows_success(inventory: &Inventory<'_>, account: (&str, &str), role: &str) -> bool {
    let is_its = |event: &&Event| {
        event.error.is_none()
            && event.role_arn.as_deref() == Some(role)
            && event.subject.as_deref().and_then(account_of_subject) == Some(account)
    };
    inventory.documents.events.iter().any(|event| is_its(&event) && !inventory.is_of_another_cluster(event))
}

/// The pods that use the service account are all newer.
fn precedes_pods(inventory: &Inventory<'_>, event: &Event) -> bool {
    let account = event.subject.as_deref().and_then(account_of_subject);
    let is_of = |pod: &&Pod| Some((pod.namespace(), pod.service_account())) == account;
    let mut created =
        inventory.documents.pods.iter().filter(is_of).map(|pod| &pod.metadata.creation_timestamp).peekable();
    created.peek().is_some() && created.all(|created| created.as_ref().is_some_and(|created| *created > event.time))
}

/// Whether role and provider were read. Neither has a fault, or that would explain the event.
fn is_right(inventory: &Inventory<'_>, event: &Event) -> bool {
    let role = event.role_arn.as_deref();
    !inventory.documents.providers.is_empty() && role.is_some_and(|arn| inventory.roles.contains_key(arn))
}

/// A warning, because nothing dates a trust policy: it may have been corrected after the last call.
fn unexplained(cause: &'static Cause, object: String, text: &str, facts: &Facts) -> ObjectFinding {
    let text = format!("{text}; the trust policy and the OIDC provider, as they are now, do not explain it");
    let fix = Fix::new(
        "Let the pod retry, wait 15 minutes, which CloudTrail may need, and run this again. If AWS still refuses the call, \
         look for a Deny in the policy of the STS VPC endpoint and in the organization's resource control policies.",
    );
    let commands = (SCP_OR_BOUNDARY_DENY.fix)(facts).commands;
    let candidate = Candidate::new(&SCP_OR_BOUNDARY_DENY, "if AWS still refuses the call");
    let finding = ObjectFinding::new(cause, object, text, Fix { commands, ..fix }).could_be(vec![candidate]);
    finding.warning().titled("AWS refused the last call that CloudTrail shows")
}

/// Asks CloudTrail about the only role, where everything else is right: no document shows what an organization denies. An
/// event that is not there decides nothing, and the question is no doubt about the pod.
///
/// Source: CloudTrail API reference, `LookupEvents` (`ResourceName`; newest first). An event of AssumeRoleWithWebIdentity has
/// the ARN of the role among its `resources`, and is in the account of the role and in the region of the STS endpoint that
/// was called. A refusal by a trust policy has the code AccessDenied and the message "An unknown error occurred" (AWS
/// re:Post, "How do I troubleshoot common issues with AWS SDK workloads in Amazon EKS?").
pub(super) fn question(inventory: &Inventory<'_>, audit: &Audit) -> Option<Open> {
    let [link] = inventory.links[..] else { return None };
    let documents = inventory.documents;
    let is_read = inventory.roles.contains_key(link.role_arn) && !documents.providers.is_empty();
    if documents.events_listed || !is_read || audit.has_error() {
        return None;
    }
    let uses = |pod: &&Pod| has_irsa(pod) && pod.namespace() == link.namespace && pod.service_account() == link.account;
    let pod = documents.pods.iter().filter(|pod| pod.origin == Origin::Admitted).find(uses)?;
    let of_container = |name: &str| pod.containers().find_map(|container| container.value(name));
    let facts = super::facts::of(inventory, Some(&link));
    let region = of_container("AWS_REGION").or(of_container("AWS_DEFAULT_REGION")).or(facts.issuer_region())?;
    let command = Command::new("aws cloudtrail lookup-events --lookup-attributes")
        .value(&format!("AttributeKey=ResourceName,AttributeValue={}", link.role_arn))
        .then("--max-items")
        .value(NEWEST);
    Some(Open {
        question: "what did AWS answer when the pod assumed the role".to_owned(),
        command: command.then("--region").value(region).then("--output json"),
        account: Some(RoleArn::parse(link.role_arn).ok()?.account),
        decides: false,
        why: None,
    })
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
