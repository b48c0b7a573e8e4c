//! The documents of an audit, indexed: a cluster has many of each, and every lookup takes constant time.

use super::annotation::{intends_irsa, pod_intends_irsa, role_annotation};
use super::command::Command;
use super::{identity_webhook, profile, webhook};
use crate::aws::arn::RoleArn;
use crate::documents::{
    Absent, Association, Cluster, ConfigMap, Documents, Event, Metadata, Origin, Pod, Role, ServiceAccount, Webhook,
    WebhookConfiguration,
};
use std::collections::{BTreeSet, HashMap, HashSet};

mod context;
mod links;

pub(crate) use context::{Concern, Context};
pub(super) use links::Link;

/// Namespace and name.
type Name<'a> = (&'a str, &'a str);

pub(super) struct Inventory<'a> {
    pub documents: &'a Documents,
    pub context: Context<'a>,
    /// The number of pods from the API server, including those that have ended.
    admitted: usize,
    pub absent: HashSet<&'a Absent>,
    pub namespaces: HashMap<&'a str, &'a Metadata>,
    pub roles: HashMap<&'a str, &'a Role>,
    /// One role of each name.
    pub namesakes: HashMap<String, (&'a Role, RoleArn)>,
    pub links: Vec<Link<'a>>,
    /// Links by annotation that an association overrides: no pod in the documents has the variables of IRSA.
    pub overridden: Vec<Link<'a>>,
    /// The webhook configurations of the cluster, if the documents show them: as objects, as a list, or as kubectl's error
    /// that the webhook's does not exist.
    pub webhooks: Option<&'a [WebhookConfiguration]>,
    pub identity_webhook: Option<(&'a WebhookConfiguration, &'a Webhook)>,
    /// Why the API server cannot call it.
    pub certificate_fault: Option<String>,
    accounts: HashMap<Name<'a>, &'a ServiceAccount>,
    config_maps: HashMap<Name<'a>, &'a ConfigMap>,
    /// The first two accounts with a role of each namespace, and the namespaces of the first two of each name. Two, because
    /// the first may be the account for which others are sought.
    annotated_in: HashMap<&'a str, Vec<&'a str>>,
    annotated_as: HashMap<&'a str, Vec<&'a str>>,
    manifests: HashMap<Name<'a>, &'a Pod>,
    admitted_pods: HashSet<Name<'a>>,
    used_accounts: HashSet<Name<'a>>,
    /// Those of the cluster.
    associations: HashMap<Name<'a>, Vec<&'a Association>>,
}

impl<'a> Inventory<'a> {
    pub(super) fn new(documents: &'a Documents, context: Context<'a>) -> Inventory<'a> {
        let admitted = || documents.pods.iter().filter(|pod| pod.origin == Origin::Admitted);
        let manifests = documents.pods.iter().filter(|pod| pod.origin == Origin::Manifest);
        let named_roles = documents.roles.iter().filter_map(|role| Some((role, RoleArn::parse(&role.arn).ok()?)));
        let accounts = &documents.service_accounts;
        let annotated = || accounts.iter().filter(|one| role_annotation(&one.metadata).is_some());
        let account_name = |account: &'a ServiceAccount| (account.namespace(), account.metadata.name.as_str());
        let clusters = &documents.clusters;
        let is_ours =
            |one: &&Association| clusters.is_empty() || clusters.iter().any(|cluster| cluster.name == one.cluster_name);
        let associations = documents.associations.iter().flatten().filter(is_ours);
        let mut inventory = Inventory {
            documents,
            context,
            admitted: admitted().count() + documents.ended.get("Pod").copied().unwrap_or_default(),
            absent: documents.absent.iter().collect(),
            namespaces: first(documents.namespaces.iter().map(|one| (one.name.as_str(), one))),
            roles: first(documents.roles.iter().map(|role| (role.arn.as_str(), role))),
            namesakes: first(named_roles.map(|(role, arn)| (arn.name.clone(), (role, arn)))),
            links: Vec::new(),
            overridden: Vec::new(),
            webhooks: None,
            identity_webhook: None,
            certificate_fault: None,
            config_maps: first(documents.config_maps.iter().map(|map| ((map.namespace(), &*map.metadata.name), map))),
            accounts: first(accounts.iter().map(|account| (account_name(account), account))),
            annotated_in: all(annotated().map(account_name), 2),
            annotated_as: all(annotated().map(account_name).map(|(namespace, name)| (name, namespace)), 2),
            manifests: first(manifests.map(|pod| (pod_name(pod), pod))),
            admitted_pods: admitted().map(pod_name).collect(),
            used_accounts: admitted().map(|pod| (pod.namespace(), pod.service_account())).collect(),
            associations: all(associations.map(|one| ((&*one.namespace, &*one.service_account), one)), usize::MAX),
        };
        (inventory.links, inventory.overridden) = inventory.split_links();
        inventory.webhooks = inventory.found_webhooks();
        inventory.identity_webhook = inventory.webhooks.and_then(identity_webhook::find);
        inventory.certificate_fault = inventory
            .identity_webhook
            .and_then(|(_, webhook)| identity_webhook::certificate_fault(webhook, context.now));
        inventory
    }

    pub(super) fn account_of(&self, pod: &Pod) -> Option<&'a ServiceAccount> {
        self.account(pod.namespace(), pod.service_account())
    }

    pub(super) fn account(&self, namespace: &str, name: &str) -> Option<&'a ServiceAccount> {
        self.accounts.get(&(namespace, name)).copied()
    }

    /// Whether the documents show that a service account does not exist.
    pub(super) fn lacks_account(&self, namespace: &str, name: &str) -> bool {
        let named = || Absent::ServiceAccount(name.to_owned());
        self.account(namespace, name).is_none()
            && (self.documents.whole_namespaces.contains(namespace) || self.absent.contains(&named()))
    }

    pub(super) fn config_map(&self, namespace: &str, name: &str) -> Option<&'a ConfigMap> {
        self.config_maps.get(&(namespace, name)).copied()
    }

    /// Another service account in the pod's namespace with a role.
    pub(super) fn annotated_beside(&self, pod: &Pod) -> Option<&'a str> {
        let names = self.annotated_in.get(pod.namespace())?;
        names.iter().copied().find(|name| *name != pod.service_account())
    }

    /// Another namespace with a service account that has the same name as the pod's, and a role.
    pub(super) fn annotated_elsewhere(&self, pod: &Pod) -> Option<&'a str> {
        let namespaces = self.annotated_as.get(pod.service_account())?;
        namespaces.iter().copied().find(|namespace| *namespace != pod.namespace())
    }

    /// Whether a pod in the cluster uses the account.
    pub(super) fn is_used(&self, account: &ServiceAccount) -> bool {
        self.used_accounts.contains(&(account.namespace(), account.metadata.name.as_str()))
    }

    /// The association of a service account. One that was described says more than the same one in a list.
    pub(super) fn association(&self, namespace: &str, account: &str) -> Option<&'a Association> {
        let all = self.associations.get(&(namespace, account))?;
        all.iter().copied().find(|one| one.is_described()).or(all.first().copied())
    }

    pub(super) fn association_of(&self, pod: &Pod) -> Option<&'a Association> {
        self.association(pod.namespace(), pod.service_account())
    }

    /// The associations that were described, and those of the service accounts that the documents are about.
    pub(super) fn associations_in_question(&self) -> Vec<&'a Association> {
        let accounts = self.documents.service_accounts.iter().map(|one| (one.namespace(), one.metadata.name.as_str()));
        let pods = self.documents.pods.iter().map(|pod| (pod.namespace(), pod.service_account()));
        let all = self.associations.iter();
        let described = all.filter(|(_, all)| all.iter().any(|one| one.is_described())).map(|(name, _)| *name);
        let names: BTreeSet<Name<'_>> = accounts.chain(pods).chain(described).collect();
        names.into_iter().filter_map(|(namespace, account)| self.association(namespace, account)).collect()
    }

    /// The name of the cluster.
    pub(super) fn cluster(&self) -> Option<&'a str> {
        let named = self.documents.clusters.first().map(|cluster| cluster.name.as_str());
        let association = || self.documents.associations.iter().flatten().map(|one| one.cluster_name.as_str()).next();
        named.or_else(association).filter(|name| !name.is_empty())
    }

    /// The region of the cluster, if its ARN or that of an association shows it.
    pub(super) fn region_of(&self, cluster: &str) -> Option<&'a str> {
        let of_cluster = self.documents.clusters.iter().find(|one| one.name == cluster).and_then(Cluster::region);
        let mut associations = self.documents.associations.iter().flatten().filter(|one| one.cluster_name == cluster);
        of_cluster.or_else(|| associations.find_map(Association::region))
    }

    /// The command, with the region of the cluster: one of the same name in the user's own region would answer something
    /// else.
    pub(super) fn in_region_of(&self, cluster: &str, command: Command) -> Command {
        match self.region_of(cluster) {
            Some(region) => command.then("--region").value(region),
            None => command,
        }
    }

    /// The manifest of a pod in the cluster.
    pub(super) fn manifest_of(&self, pod: &Pod) -> Option<&'a Pod> {
        self.manifests.get(&pod_name(pod)).copied().filter(|_| pod.origin == Origin::Admitted)
    }

    /// Whether no pod of the cluster is among the documents, not even one that has ended.
    pub(super) fn has_no_pod(&self) -> bool {
        self.admitted == 0
    }

    pub(super) fn is_manifest_of_admitted(&self, pod: &Pod) -> bool {
        pod.origin == Origin::Manifest
            && self.admitted_pods.contains(&pod_name(pod))
            && self.manifests.get(&pod_name(pod)).is_some_and(|first| *first == pod)
    }

    /// Whether a pod in the cluster should have a role, did not opt out, and was not mutated.
    pub(super) fn was_not_injected(&self, pod: &'a Pod) -> bool {
        pod.origin == Origin::Admitted
            && !webhook::has_irsa(pod)
            && !webhook::is_for_pod_identity(pod)
            && !webhook::opts_out(pod)
            && profile::of(self, pod).is_none()
            && self.concerns_identity(pod)
    }

    /// Whether the question is about the pod: it has a sign of IRSA or an association, or it was asked about.
    pub(super) fn concerns_identity(&self, pod: &Pod) -> bool {
        let is_asked = match self.context.concern {
            Concern::SinglePod => self.admitted == 1,
            Concern::Every => true,
            Concern::None => false,
        };
        is_asked
            || self.account_of(pod).is_some_and(|account| intends_irsa(&account.metadata))
            || pod_intends_irsa(&pod.metadata)
            || self.association_of(pod).is_some()
            || pod.containers().any(|container| container.variable("AWS_ROLE_ARN").is_some())
    }

    /// Whether the documents show that a namespace does not exist.
    pub(super) fn lacks_namespace(&self, name: &str) -> bool {
        self.documents.all_namespaces && !self.namespaces.contains_key(name)
            || self.absent.contains(&Absent::Namespace(name.to_owned()))
    }

    fn found_webhooks(&self) -> Option<&'a [WebhookConfiguration]> {
        let is_ours =
            |one: &Absent| matches!(one, Absent::WebhookConfiguration(name) if identity_webhook::is_named(name));
        let none = self.documents.absent.iter().any(is_ours) || self.empty_list_is_of_webhooks();
        self.documents.webhooks.as_deref().or(none.then_some(&[]))
    }

    /// If there are none, `kubectl get mutatingwebhookconfigurations -o json` prints an empty list without a kind, as it
    /// does for pods. The list is of webhooks if no pod was mutated and one should have been.
    fn empty_list_is_of_webhooks(&self) -> bool {
        let mut pods = self.documents.pods.iter().filter(|pod| pod.origin == Origin::Admitted);
        self.documents.empty_lists > 0
            && !pods.clone().any(webhook::is_mutated)
            && pods.any(|pod| self.was_not_injected(pod))
    }

    /// The issuer of the cluster's tokens, and where it was found.
    pub(super) fn issuer(&self) -> Option<(&'a str, &'static str)> {
        let documents = self.documents;
        let token = self.context.token.and_then(|token| token.issuer.as_deref()).map(|iss| (iss, "the token"));
        let report =
            || documents.reports.iter().find_map(|report| Some((report.token.issuer.as_deref()?, "the report")));
        let cluster = || documents.clusters.iter().find_map(|cluster| Some((cluster.issuer()?, "the cluster")));
        let discovery = || documents.discoveries.first().map(|found| (found.issuer.as_str(), "the discovery document"));
        token.or_else(report).or_else(cluster).or_else(discovery).or_else(|| self.event_issuer())
    }

    /// Service accounts of several clusters have the same name.
    pub(super) fn is_of_another_cluster(&self, event: &Event) -> bool {
        let ours = self.issuer().map(|(issuer, _)| issuer);
        event.issuer.as_deref().zip(ours).is_some_and(|(issuer, ours)| issuer != ours)
    }

    /// Unless the events are of several clusters.
    fn event_issuer(&self) -> Option<(&'a str, &'static str)> {
        let mut issuers = self.documents.events.iter().filter_map(|event| event.issuer.as_deref());
        let first = issuers.next()?;
        issuers.all(|other| other == first).then_some((first, "the CloudTrail event"))
    }
}

fn pod_name(pod: &Pod) -> Name<'_> {
    (pod.namespace(), &pod.metadata.name)
}

/// The first value of each key.
fn first<K: Eq + std::hash::Hash, V>(pairs: impl Iterator<Item = (K, V)>) -> HashMap<K, V> {
    let mut found = HashMap::new();
    pairs.for_each(|(key, value)| {
        found.entry(key).or_insert(value);
    });
    found
}

fn all<K: Eq + std::hash::Hash, V>(pairs: impl Iterator<Item = (K, V)>, most: usize) -> HashMap<K, Vec<V>> {
    let mut found: HashMap<K, Vec<V>> = HashMap::new();
    for (key, value) in pairs {
        let values = found.entry(key).or_default();
        if values.len() < most {
            values.push(value);
        }
    }
    found
}

pub(super) fn account_of_subject(subject: &str) -> Option<(&str, &str)> {
    subject.strip_prefix("system:serviceaccount:")?.split_once(':')
}
