//! What the documents do not answer, and the commands whose output does.

use super::annotation::role_annotation;
use super::command::Command;
use super::finding::ObjectFinding;
use super::inventory::{Inventory, Link};
use super::profile::{self, Held};
use super::result::{Audit, Open};
use super::webhook::has_irsa;
use super::workload::pod_object;
use super::{agent, event, node_role, permissions, service_account, webhook_configuration};
use crate::aws::arn::RoleArn;
use crate::causes::{ENV_NOT_INJECTED, NO_OIDC_PROVIDER, Severity};
use crate::documents::{Absent, Cluster, Pod};
use std::collections::{BTreeMap, BTreeSet, HashSet};

/// For more objects of a kind, one command lists all of them.
pub(super) const BY_NAME: usize = 3;

/// The most decisive questions first; each command once.
#[derive(Default)]
struct Questions {
    all: Vec<Open>,
    /// With the account that each is about.
    asked: HashSet<(Command, Option<String>)>,
}

impl Questions {
    fn ask(&mut self, question: &str, command: Command) {
        self.put(Open { question: question.to_owned(), command, account: None, decides: true, why: None });
    }

    /// Asks what only the account of a role can answer.
    fn ask_account(&mut self, role: &RoleArn, question: &str, command: Command) {
        let account = Some(role.account.clone());
        self.put(Open { question: question.to_owned(), command, account, decides: true, why: None });
    }

    /// The same about permissions, which the role can lack and yet be assumed.
    fn ask_permissions(&mut self, role: &RoleArn, question: String, command: Command) {
        self.put(Open { question, command, account: Some(role.account.clone()), decides: false, why: None });
    }

    fn put(&mut self, open: Open) {
        if self.asked.insert((open.command.clone(), open.account.clone())) {
            self.all.push(open);
        }
    }

    /// Asks for objects by name. If there are many, or all are meant, asks for whole namespaces or the whole cluster.
    fn ask_all(&mut self, question: &str, kind: &str, objects: &BTreeSet<Object<'_>>, options: &str) {
        let namespaces: BTreeSet<&str> = objects.iter().map(|(namespace, _)| *namespace).collect();
        let by_name = objects.len() <= BY_NAME && objects.iter().all(|(_, name)| name.is_some());
        if by_name {
            for (namespace, name) in objects {
                let command = Command::new("kubectl get").value(kind).value(name.unwrap_or_default());
                self.ask(question, command.then("-n").value(namespace).then("-o json").then(options));
            }
            return;
        }
        let command = Command::new(&format!("kubectl get {kind}s"));
        if namespaces.len() <= BY_NAME {
            for namespace in namespaces {
                self.ask(question, command.clone().then("-n").value(namespace).then("-o json").then(options));
            }
        } else {
            self.ask(question, command.then("-A -o json").then(options));
        }
    }
}

/// Namespace and name. Without a name: all objects of the namespace.
type Object<'a> = (&'a str, Option<&'a str>);

pub(super) fn questions(inventory: &Inventory<'_>, audit: &Audit) -> Vec<Open> {
    let mut questions = Questions::default();
    let links = &inventory.links;
    of_kubernetes(inventory, audit, links, &mut questions);
    of_profiles(inventory, &mut questions);
    if inventory.issuer().is_none() && !links.is_empty() {
        questions.ask(
            "which issuer do the cluster's tokens have",
            Command::new("kubectl get --raw /.well-known/openid-configuration"),
        );
    }
    of_roles(inventory, links, &mut questions);
    of_providers(inventory, audit, links, &mut questions);
    if let Some(cluster) = inventory.documents.clusters.first() {
        of_cluster(inventory, cluster, &mut questions);
    }
    of_associations(inventory, &mut questions);
    agent::questions(inventory, audit).into_iter().for_each(|open| questions.put(open));
    node_role::questions(inventory, audit).into_iter().for_each(|open| questions.put(open));
    event::question(inventory, audit).into_iter().for_each(|open| questions.put(open));
    permissions::questions(inventory).into_iter().for_each(|one| questions.put(one));
    questions.all
}

fn of_cluster(inventory: &Inventory<'_>, cluster: &Cluster, questions: &mut Questions) {
    let in_region = |command: Command| inventory.in_region_of(&cluster.name, command);
    // A kubeconfig names the cluster, and no more.
    if inventory.issuer().is_none() && !inventory.links.is_empty() {
        let command = in_region(Command::new("aws eks describe-cluster --name").value(&cluster.name));
        questions.ask("which issuer do the cluster's tokens have", command.then("--output json"));
    }
    if inventory.documents.associations.is_none() {
        let command = Command::new("aws eks list-pod-identity-associations --cluster-name").value(&cluster.name);
        // A pod that has the variables of IRSA keeps them.
        let decides = inventory.documents.pods.iter().any(|pod| !has_irsa(pod));
        questions.put(Open {
            question: "does the service account have a Pod Identity association".to_owned(),
            command: in_region(command).then("--output json"),
            account: None,
            decides,
            why: None,
        });
    }
}

fn of_kubernetes(inventory: &Inventory<'_>, audit: &Audit, links: &[Link<'_>], questions: &mut Questions) {
    const MANAGED: &str = "--show-managed-fields";
    let documents = inventory.documents;
    let is_unknown = |pod: &&Pod| inventory.account_of(pod).is_none() && !service_account::is_missing(inventory, pod);
    fn account(pod: &Pod) -> Object<'_> {
        (pod.namespace(), Some(pod.service_account()))
    }
    let without_irsa: BTreeSet<&str> = audit.without_irsa.iter().map(String::as_str).collect();
    let audited: BTreeSet<&str> = audit.pods.iter().map(|pod| pod.object.as_str()).collect();
    let unknown = documents.pods.iter().filter(is_unknown);
    let of_audited = unknown.clone().filter(|pod| audited.contains(pod_object(pod).as_str()));
    let of_audited: BTreeSet<_> = of_audited.map(account).collect();
    questions.ask_all(
        "does the service account have the annotation, and since when",
        "serviceaccount",
        &of_audited,
        MANAGED,
    );
    let of_expected = documents.expected.iter().filter_map(|one| one.account.as_ref());
    let of_expected = of_expected.map(|(namespace, name)| (namespace.as_str(), name.as_str()));
    let of_expected =
        of_expected.filter(|(of, name)| inventory.account(of, name).is_none() && !inventory.lacks_account(of, name));
    let of_expected: BTreeSet<_> = of_expected.map(|(namespace, name)| (namespace, Some(name))).collect();
    questions.ask_all("does the service account have the annotation", "serviceaccount", &of_expected, "");
    let of_others =
        unknown.filter(|pod| without_irsa.contains(format!("{}/{}", pod.namespace(), pod.metadata.name).as_str()));
    let of_others: BTreeSet<_> = of_others.map(|pod| (pod.namespace(), None)).collect();
    questions.ask_all("do the service accounts of the other pods have roles", "serviceaccount", &of_others, "");
    let associations = inventory.associations_in_question();
    if links.is_empty() && documents.pods.is_empty() && associations.is_empty() {
        questions.ask(
            "which service account should have which role",
            Command::new("kubectl get serviceaccounts -A -o json"),
        );
    }
    // An empty list is an answer, and so is a list of ended pods only.
    if inventory.has_no_pod() && documents.empty_lists == 0 && !documents.ended.contains_key("Pod") {
        let templates = documents.pods.iter().map(|pod| (pod.namespace(), None));
        let accounts = documents.service_accounts.iter().map(|account| (account.namespace(), None));
        let associated = associations.iter().map(|one| (one.namespace.as_str(), None));
        let namespaces: BTreeSet<_> = match links.is_empty() {
            true => templates.chain(accounts).chain(associated).collect(),
            false if documents.pods.is_empty() => links.iter().map(|link| (link.namespace, None)).collect(),
            false => BTreeSet::new(),
        };
        questions.ask_all("did the webhook mutate the pods", "pod", &namespaces, "");
    }
    // Any other finding about a pod already says why the webhook did not mutate it.
    let is_undecided =
        |one: &&ObjectFinding| one.finding.cause == &ENV_NOT_INJECTED && one.finding.severity == Severity::Error;
    let undecided: BTreeSet<&str> = audit.findings.iter().filter(is_undecided).map(|one| one.object.as_str()).collect();
    // Where there is an association, its dates decide.
    let is_open = |pod: &&Pod| inventory.association_of(pod).is_none() && undecided.contains(pod_object(pod).as_str());
    let undecided = documents.pods.iter().filter(is_open);
    if undecided.clone().next().is_some() && inventory.webhooks.is_none() && documents.empty_lists == 0 {
        questions.ask("is the webhook installed", Command::new("kubectl get mutatingwebhookconfigurations -o json"));
    }
    let is_undated = |pod: &&Pod| {
        let annotated = inventory.account_of(pod).filter(|account| role_annotation(&account.metadata).is_some());
        annotated.is_some_and(|account| service_account::annotated_at(account).is_none())
    };
    let undated: BTreeSet<_> = undecided.clone().filter(is_undated).map(account).collect();
    questions.ask_all("since when does the service account have the annotation", "serviceaccount", &undated, MANAGED);
    let waiting = undecided.filter(|pod| webhook_configuration::needs_namespace(inventory, pod));
    let waiting: BTreeSet<&str> = waiting.map(Pod::namespace).collect();
    let question = "do the namespace's labels match the webhook's selector";
    match waiting.len() {
        ..=BY_NAME => waiting.into_iter().for_each(|name| {
            questions.ask(question, Command::new("kubectl get namespace").value(name).then("-o json"));
        }),
        _ => questions.ask(question, Command::new("kubectl get namespaces -o json")),
    }
}

/// A file in a ConfigMap may give a pod its role. Beside variables that do, it is no more than good to know.
fn of_profiles(inventory: &Inventory<'_>, questions: &mut Questions) {
    const QUESTION: &str = "does the AWS configuration file give the pod its role";
    let (mut unseen, mut beside) = (BTreeSet::new(), BTreeSet::new());
    for pod in &inventory.documents.pods {
        if let Some(profile) = profile::of(inventory, pod)
            && let Held::Unseen(name) = profile.held
        {
            let of_pod = if profile.variables().is_some() { &mut beside } else { &mut unseen };
            of_pod.insert((pod.namespace(), Some(name)));
        }
    }
    questions.ask_all(QUESTION, "configmap", &unseen, "");
    let before = questions.all.len();
    questions.ask_all(QUESTION, "configmap", &beside, "");
    questions.all[before..].iter_mut().for_each(|one| one.decides = false);
}

fn of_roles(inventory: &Inventory<'_>, links: &[Link<'_>], questions: &mut Questions) {
    let mut seen = BTreeSet::new();
    let roles = links.iter().filter(|link| seen.insert(link.role_arn));
    let roles = roles.filter_map(|link| Some((link.role_arn, RoleArn::parse(link.role_arn).ok()?)));
    let there: Vec<_> =
        roles.filter(|(_, role)| !inventory.absent.contains(&Absent::Role(role.name.clone()))).collect();
    let unknown: Vec<_> =
        there.iter().filter(|(arn, _)| !inventory.roles.contains_key(arn)).map(|(_, role)| role).collect();
    for role in &unknown {
        let region = role.partition.iam_region_option();
        let question = "does the role exist, and does it trust the service account";
        let command = match unknown.len() {
            ..=BY_NAME => of_role("get-role", role),
            _ => Command::new(&format!("aws iam list-roles{region} --output json")),
        };
        questions.ask_account(role, question, command);
    }
    let of = match there.len() {
        ..=BY_NAME => String::new(),
        many => format!(" (and for the other {} roles)", many - 1),
    };
    let asked = if there.len() <= BY_NAME { there.len() } else { 1 };
    for (_, role) in there.iter().take(asked) {
        let policies = inventory.documents.policies_of(&role.name);
        if policies.attached.is_none() {
            let question = format!("does the role have permissions{of}");
            questions.ask_permissions(role, question, of_role("list-attached-role-policies", role));
        }
        if policies.attached.is_some_and(|all| all.is_empty()) && policies.inline.is_none() {
            let question = format!("does the role have inline policies{of}");
            questions.ask_permissions(role, question, of_role("list-role-policies", role));
        }
    }
}

fn of_role(operation: &str, role: &RoleArn) -> Command {
    let region = role.partition.iam_region_option();
    Command::new(&format!("aws iam {operation}{region} --role-name")).value(&role.name).then("--output json")
}

/// A list of associations has neither their roles nor their dates.
fn of_associations(inventory: &Inventory<'_>, questions: &mut Questions) {
    let in_question = inventory.associations_in_question();
    let listed = in_question.iter().filter(|one| !one.is_described() && !one.association_id.is_empty());
    for association in listed.take(BY_NAME) {
        let command = Command::new("aws eks describe-pod-identity-association --output json --cluster-name");
        let command = command.value(&association.cluster_name).then("--association-id");
        let command = inventory.in_region_of(&association.cluster_name, command.value(&association.association_id));
        questions.ask("which role does the association give, and since when", command);
    }
    let roles = in_question.iter().flat_map(|one| {
        let target = ("does the target role trust the role of the association", &one.target_role_arn);
        [("does the role of the association trust EKS Pod Identity", &one.role_arn), target]
    });
    let roles: BTreeMap<_, _> = roles.filter_map(|(question, arn)| Some((arn.as_deref()?, question))).collect();
    let unknown =
        roles.iter().filter(|(arn, _)| !inventory.roles.contains_key(*arn) && inventory.nameless_role().is_none());
    let unknown = unknown.filter_map(|(arn, question)| Some((RoleArn::parse(arn).ok()?, question)));
    let is_there = |role: &RoleArn| !inventory.absent.contains(&Absent::Role(role.name.clone()));
    for (role, question) in unknown.filter(|(role, _)| is_there(role)).take(BY_NAME) {
        questions.ask_account(&role, question, of_role("get-role", &role));
    }
}

fn of_providers(inventory: &Inventory<'_>, audit: &Audit, links: &[Link<'_>], questions: &mut Questions) {
    let documents = inventory.documents;
    if audit.findings.iter().any(|one| one.finding.cause == &NO_OIDC_PROVIDER) {
        return;
    }
    for role in links.iter().filter_map(|link| RoleArn::parse(link.role_arn).ok()) {
        let region = role.partition.iam_region_option();
        match inventory.issuer() {
            Some((issuer, _)) if documents.providers.is_empty() => {
                let command = Command::new(&format!(
                    "aws iam get-open-id-connect-provider{region} --open-id-connect-provider-arn"
                ));
                questions.ask_account(
                    &role,
                    "does the account have the cluster's OIDC provider, with the token's audience",
                    command.value(&role.provider_arn(issuer)).then("--output json"),
                );
            }
            None if documents.provider_arns.is_none() => questions.ask_account(
                &role,
                "does the account have the cluster's OIDC provider",
                Command::new(&format!("aws iam list-open-id-connect-providers{region} --output json")),
            ),
            _ => {}
        }
    }
}
