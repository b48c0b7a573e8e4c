//! What the role may do, once a pod has it.

use super::command::Command;
use super::finding::ObjectFinding;
use super::inventory::Inventory;
use super::result::{Audit, Open};
use crate::aws::arn::RoleArn;
use crate::causes::{Fix, ROLE_LACKS_PERMISSIONS};
use crate::documents::{Absent, NODE_ACTION, Needs, Permission, Permitted, RolePolicies};
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};

/// In place of a role that no document shows.
const ROLE: &str = "arn:aws:iam::ACCOUNT:role/ROLE";

pub(super) fn audit(inventory: &Inventory<'_>, audit: &mut Audit) {
    policies(inventory, audit);
    for (role, all) in simulated(inventory) {
        of_role(inventory, role, all, audit);
    }
}

/// What the role of the target must be allowed, and no simulation has decided.
pub(super) fn questions(inventory: &Inventory<'_>) -> Vec<Open> {
    let none = Needs::default();
    let needs = inventory.context.needs.unwrap_or(&none);
    let simulated = simulated(inventory);
    let mut questions = Vec::new();
    for (role, all) in &simulated {
        let open = all.iter().filter(|one| is_open(inventory, one)).cloned();
        questions.extend(by_permission(open).into_iter().map(|(permission, all)| undecided(*role, &permission, &all)));
    }
    if needs.actions.is_empty() {
        return questions;
    }
    let roles = roles(inventory);
    if roles.is_empty() {
        let why = "No document shows which role the target has.";
        questions.push(Open { why: Some(why.to_owned()), ..question(None, needed(needs, None)) });
    }
    for arn in roles {
        let Ok(role) = RoleArn::parse(arn) else { continue };
        let is_absent = inventory.absent.contains(&Absent::Role(role.name.clone()));
        let answered = simulated.get(&Some(arn)).map(Vec::as_slice).unwrap_or_default();
        let is_answered = |action: &String| answered.iter().any(|one| one.action.eq_ignore_ascii_case(action));
        if !is_absent && !needs.actions.iter().all(is_answered) {
            questions.push(question(Some(&role), needed(needs, Some(arn))));
        }
    }
    questions
}

/// A role without policies may do nothing.
fn policies(inventory: &Inventory<'_>, audit: &mut Audit) {
    let names: BTreeSet<String> =
        roles(inventory).into_iter().filter_map(|arn| Some(RoleArn::parse(arn).ok()?.name)).collect();
    let is_empty = |names: &Option<Vec<String>>| names.as_ref().is_some_and(Vec::is_empty);
    for (role, RolePolicies { attached, inline }) in &inventory.documents.policies {
        let is_of_pod = role.as_ref().is_none_or(|role| names.contains(role));
        if !is_of_pod || !is_empty(attached) || inline.as_ref().is_some_and(|names| !names.is_empty()) {
            continue;
        }
        let text = match is_empty(inline) {
            true => "the role has neither managed nor inline policies, so it has no permissions",
            false => "no managed policy is attached: without inline policies, the role has no permissions",
        };
        let object = role.as_ref().map_or("role".to_owned(), |name| format!("role {name}"));
        let fix = Fix::new("Attach the policies that the workload needs.");
        audit.add(ObjectFinding::new(&ROLE_LACKS_PERMISSIONS, object, text, fix).warning());
    }
}

fn is_of_node(action: &str) -> bool {
    action.eq_ignore_ascii_case(NODE_ACTION)
}

/// By role, which a pasted simulation does not name.
fn simulated<'a>(inventory: &Inventory<'a>) -> BTreeMap<Option<&'a str>, Vec<Permitted<'a>>> {
    let mut all: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for one in inventory.documents.simulated.iter().filter(|one| !is_of_node(one.action())) {
        all.entry(one.role_arn.as_deref()).or_default().extend(one.permissions());
    }
    all
}

/// The roles that pods have: with an association that names a target role, that one.
fn roles<'a>(inventory: &Inventory<'a>) -> BTreeSet<&'a str> {
    let associations = inventory.associations_in_question().into_iter();
    let of_associations = associations.filter_map(|one| one.target_role_arn.as_deref().or(one.role_arn.as_deref()));
    inventory.links.iter().map(|link| link.role_arn).chain(of_associations).collect()
}

fn of_role(inventory: &Inventory<'_>, role: Option<&str>, all: Vec<Permitted<'_>>, audit: &mut Audit) {
    let groups = by_permission(all.into_iter().filter(|one| !is_open(inventory, one)));
    let allowed =
        groups.get(&Permission::Allowed).map(|all| format!(" (allowed: {})", listed(all))).unwrap_or_default();
    for (permission, all) in &groups {
        let what = listed(all);
        let text = match permission {
            Permission::Allowed => {
                let fact = format!("{}: the simulation allows {what}{}", role.unwrap_or("role"), beside(all));
                // It answers what the user asked, so it comes first.
                audit.facts.insert(0, fact);
                continue;
            }
            Permission::Denied(policies) if policies.is_empty() => format!("a policy explicitly denies {what}"),
            Permission::Denied(policies) => format!("policy {} explicitly denies {what}", policies.join(", ")),
            Permission::Missing => format!("no policy of the role allows {what}{}", beside(all)),
            Permission::Boundary => format!("the role's permissions boundary does not allow {what}"),
            Permission::Organization => format!("a policy of the organization does not allow {what}"),
            Permission::Undecided(_) => continue,
        };
        audit.add(ObjectFinding::new(
            &ROLE_LACKS_PERMISSIONS,
            object(inventory, role),
            text + &allowed,
            fix(role, permission, all),
        ));
    }
}

fn by_permission<'a>(all: impl Iterator<Item = Permitted<'a>>) -> BTreeMap<Permission, Vec<Permitted<'a>>> {
    let mut groups: BTreeMap<_, Vec<_>> = BTreeMap::new();
    all.for_each(|one| groups.entry(one.permission.clone()).or_default().push(one));
    groups
}

fn unique<'a>(all: &[Permitted<'a>], of: impl Fn(&Permitted<'a>) -> &'a str) -> Vec<&'a str> {
    all.iter().map(of).collect::<BTreeSet<_>>().into_iter().collect()
}

/// `s3:GetObject, s3:PutObject on arn:aws:s3:::a/*; s3:ListBucket on arn:aws:s3:::a`.
fn listed(all: &[Permitted<'_>]) -> String {
    let mut by_resource: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    all.iter().for_each(|one| by_resource.entry(one.resource).or_default().push(one.action));
    let on = |resource: &str| if resource == "*" { String::new() } else { format!(" on {resource}") };
    let parts = by_resource.iter().map(|(resource, actions)| format!("{}{}", actions.join(", "), on(resource)));
    parts.collect::<Vec<_>>().join("; ")
}

/// What else decides about a resource that has a policy of its own.
fn beside(all: &[Permitted<'_>]) -> &'static str {
    let has_resource = all.iter().any(|one| one.resource != "*");
    if has_resource { "; the simulation does not include the policy of the resource itself" } else { "" }
}

fn object(inventory: &Inventory<'_>, role: Option<&str>) -> String {
    let Some(role) = role else { return "role".to_owned() };
    match inventory.links.iter().find(|link| link.role_arn == role) {
        Some(link) => format!("service account {}/{} and {role}", link.namespace, link.account),
        None => format!("role {role}"),
    }
}

fn fix(role: Option<&str>, permission: &Permission, all: &[Permitted<'_>]) -> Fix {
    let role = role.and_then(|arn| RoleArn::parse(arn).ok());
    let region = role.as_ref().map(|role| role.partition.iam_region_option()).unwrap_or_default();
    let name = role.map_or("ROLE".to_owned(), |role| role.name);
    let of_role = |operation: &str| {
        Command::new(&format!("aws iam {operation}{region} --role-name")).value(&name).then("--output json").to_string()
    };
    match permission {
        Permission::Missing => {
            let (actions, resources) = (unique(all, |one| one.action), unique(all, |one| one.resource));
            let statement = json!({"Effect": "Allow", "Action": actions, "Resource": resources});
            Fix::new(format!("Add this statement to a policy of the role: {statement}"))
                .command(of_role("list-attached-role-policies"))
                .command(of_role("list-role-policies"))
        }
        Permission::Boundary => {
            Fix::new("Allow it in the permissions boundary, whose ARN is in the role.").command(of_role("get-role"))
        }
        Permission::Organization => Fix::new("Ask the administrators of the organization to change the policy."),
        Permission::Denied(_) | Permission::Allowed | Permission::Undecided(_) => {
            Fix::new("Remove the Deny statement, or exclude this action and resource from it.")
                .command(of_role("list-attached-role-policies"))
                .command(of_role("list-role-policies"))
        }
    }
}

/// Whether the simulation leaves it open. A policy that allows an action on some resources does not allow it on all: without
/// a resource, only a Deny is an answer.
fn is_open(inventory: &Inventory<'_>, one: &Permitted<'_>) -> bool {
    let needs = inventory.context.needs.filter(|needs| !needs.actions.is_empty());
    let is_on_any = needs.is_some_and(|needs| needs.resources.is_empty());
    match one.permission {
        Permission::Undecided(_) => true,
        Permission::Missing | Permission::Boundary => is_on_any,
        Permission::Allowed | Permission::Denied(_) | Permission::Organization => false,
    }
}

fn undecided(role: Option<&str>, permission: &Permission, all: &[Permitted<'_>]) -> Open {
    let actions = unique(all, |one| one.action);
    let mut resources = unique(all, |one| one.resource);
    let of_role = role.and_then(|arn| RoleArn::parse(arn).ok());
    let listed = actions.join(", ");
    let (keys, asked, why) = match permission {
        Permission::Undecided(keys) if keys.is_empty() => {
            ([].as_slice(), format!("is {listed} allowed"), "IAM's decision was not understood.".to_owned())
        }
        Permission::Undecided(keys) => {
            let names = keys.join(", ");
            let why = format!("The policies have conditions on {names}, which the simulation does not know.");
            (keys.as_slice(), format!("is {listed} allowed with the session's {names}"), why)
        }
        _ => {
            resources = vec!["RESOURCE_ARN"];
            let why = format!("The policies do not allow {listed} on every resource. Name the resource with --on.");
            ([].as_slice(), format!("is {listed} allowed on the resource that the workload uses"), why)
        }
    };
    let command = simulation(role.unwrap_or(ROLE), &actions, &resources, keys);
    Open { question: asked, why: Some(why), ..question(of_role.as_ref(), command) }
}

fn question(role: Option<&RoleArn>, command: Command) -> Open {
    Open {
        question: "may the role do what the workload needs".to_owned(),
        command,
        account: role.map(|role| role.account.clone()),
        decides: true,
        why: None,
    }
}

/// The command that shows whether a role is allowed what is needed.
pub(crate) fn needed(needs: &Needs, role: Option<&str>) -> Command {
    let [actions, resources] =
        [&needs.actions, &needs.resources].map(|all| all.iter().map(String::as_str).collect::<Vec<_>>());
    simulation(role.unwrap_or(ROLE), &actions, &resources, &[])
}

fn simulation(role: &str, actions: &[&str], resources: &[&str], keys: &[String]) -> Command {
    let region = RoleArn::parse(role).map(|role| role.partition.iam_region_option()).unwrap_or_default();
    let command = Command::new(&format!("aws iam simulate-principal-policy{region} --policy-source-arn")).value(role);
    let values = |command: Command, values: &[&str]| values.iter().fold(command, |all, one| all.value(one));
    let mut command = values(command.then("--action-names"), actions);
    if !resources.is_empty() {
        command = values(command.then("--resource-arns"), resources);
    }
    for (place, key) in keys.iter().enumerate() {
        command = if place == 0 { command.then("--context-entries") } else { command };
        command = command.value(&format!("ContextKeyName={key},ContextKeyValues=VALUE,ContextKeyType=string"));
    }
    command.then("--output json")
}
