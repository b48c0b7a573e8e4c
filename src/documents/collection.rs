//! All documents that were given, sorted by kind.

use super::absent::Absent;
use super::aws::{Addon, Association, Cluster, Discovery, Jwks, NodeGroup, Provider, Role};
use super::cloudtrail::Event;
use super::expected::Expected;
use super::kubernetes::{
    AgentPod, AgentSet, CiliumPolicy, ConfigMap, Metadata, NetworkPolicy, Pod, PodSpec, ServiceAccount,
    WebhookConfiguration,
};
use super::policies::{ReadPolicy, RolePolicies};
use super::report::ReportFacts;
use super::simulation::Simulated;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::Arc;

/// The number of unsupported kinds that are named; the rest is counted together.
const MAX_KINDS: usize = 1_000;

/// Of [`Asked`].
pub(crate) const SCHEMA: &str = "irsa-probe/doctor/v1";

/// What a doctor was asked, as `doctor --save` writes it beside the documents.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Asked {
    pub schema: String,
    /// The AWS account that answered.
    pub account: Option<String>,
    /// `Deployment`; `None` for a whole namespace or cluster. A document with a `kind` would be one of Kubernetes.
    #[serde(rename = "target_kind")]
    pub kind: Option<String>,
    #[serde(rename = "target_name")]
    pub name: String,
    #[serde(flatten)]
    pub needs: Needs,
    /// What is left open. `None` for a directory that is not complete.
    pub unanswered: Option<Vec<Unanswered>>,
}

/// A question to which a doctor found no answer.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Unanswered {
    pub question: String,
    /// A program and its arguments.
    pub command: Vec<String>,
    pub account: Option<String>,
    pub decides: bool,
    pub why: String,
}

/// What a workload needs: each of these actions on each of these resources.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Needs {
    #[serde(rename = "can")]
    pub actions: Vec<String>,
    /// Empty: on any resource.
    #[serde(rename = "on")]
    pub resources: Vec<String>,
}

#[derive(Clone, Debug, Default)]
pub struct Documents {
    pub pods: Vec<Pod>,
    pub service_accounts: Vec<ServiceAccount>,
    /// Namespaces with all their service accounts: any other does not exist.
    pub whole_namespaces: BTreeSet<String>,
    /// Those with AWS configuration files.
    pub config_maps: Vec<ConfigMap>,
    pub namespaces: Vec<Metadata>,
    /// Whether `namespaces` has all of them: any other does not exist.
    pub all_namespaces: bool,
    /// `None` if no such document was given; empty if the cluster has none.
    pub webhooks: Option<Vec<WebhookConfiguration>>,
    pub roles: Vec<Role>,
    /// By the name of the role, which the lists themselves do not contain: only doctor adds it.
    pub policies: BTreeMap<Option<String>, RolePolicies>,
    /// The default version of a managed policy, by the policy's ARN.
    pub policy_versions: BTreeMap<String, String>,
    pub read_policies: Vec<ReadPolicy>,
    pub providers: Vec<Provider>,
    /// All OIDC provider ARNs of an account.
    pub provider_arns: Option<Vec<String>>,
    pub clusters: Vec<Cluster>,
    /// EKS Pod Identity associations of a cluster.
    pub associations: Option<Vec<Association>>,
    /// Whether a list of them was given. It may be of one namespace or service account only.
    pub associations_listed: bool,
    /// The cluster of which all associations are here.
    pub associations_of: Option<String>,
    pub addons: Vec<Addon>,
    pub agent_pods: Vec<AgentPod>,
    pub agent_sets: Vec<AgentSet>,
    /// `None` if no such document was given; empty if there are none.
    pub network_policies: Option<Vec<NetworkPolicy>>,
    pub cilium_policies: Vec<CiliumPolicy>,
    pub simulated: Vec<Simulated>,
    /// The node group of a node, by the node's name; `None` if it is in no managed node group.
    pub node_group_of: BTreeMap<String, Option<String>>,
    /// Names of the cluster's node groups.
    pub node_group_names: Option<Vec<String>>,
    pub node_groups: Vec<NodeGroup>,
    /// The `Arn` of `aws sts get-caller-identity`.
    pub callers: Vec<String>,
    /// Of CloudTrail.
    pub events: Vec<Event>,
    /// Whether a document with events was given, or an empty list.
    pub events_listed: bool,
    /// What service accounts are to have, as other controllers and charts say it.
    pub expected: Vec<Expected>,
    pub discoveries: Vec<Discovery>,
    pub jwks: Vec<Jwks>,
    pub asked: Option<Asked>,
    /// Reports of this program.
    pub reports: Vec<ReportFacts>,
    /// Objects that commands did not find.
    pub absent: Vec<Absent>,
    /// What was recognised, in the order given: `pod payments/checkout-0`.
    pub recognised: Vec<String>,
    /// Unsupported kinds, and the number of objects of each.
    pub unread: BTreeMap<String, usize>,
    /// Kinds of objects that have ended and are not judged, and the number of each.
    pub ended: BTreeMap<String, usize>,
    /// Empty lists of an unknown kind: `kubectl get KIND -o json` prints the same for every kind.
    pub empty_lists: usize,
    /// Why documents could not be used.
    pub unusable: Vec<String>,
    /// Pods of one workload share their specification.
    specs: HashSet<Arc<PodSpec>>,
}

impl Documents {
    pub(super) fn note_unread(&mut self, kind: String) {
        let is_listed = self.unread.len() < MAX_KINDS || self.unread.contains_key(&kind);
        *self.unread.entry(if is_listed { kind } else { "other kinds".to_owned() }).or_default() += 1;
    }

    /// Adds what another text contained.
    pub(crate) fn absorb(&mut self, other: Documents) {
        // By name, so that a new field cannot be forgotten here.
        let Documents {
            pods,
            service_accounts,
            whole_namespaces,
            config_maps,
            namespaces,
            all_namespaces,
            webhooks,
            roles,
            policies,
            policy_versions,
            read_policies,
            providers,
            provider_arns,
            clusters,
            associations,
            associations_listed,
            associations_of,
            addons,
            agent_pods,
            agent_sets,
            network_policies,
            cilium_policies,
            simulated,
            node_group_of,
            node_group_names,
            node_groups,
            callers,
            events,
            events_listed,
            expected,
            discoveries,
            jwks,
            asked,
            reports,
            absent,
            recognised,
            unread,
            ended,
            empty_lists,
            unusable,
            specs: _,
        } = other;
        pods.into_iter().for_each(|pod| self.add_pod(pod));
        self.service_accounts.extend(service_accounts);
        self.whole_namespaces.extend(whole_namespaces);
        self.config_maps.extend(config_maps);
        self.namespaces.extend(namespaces);
        self.all_namespaces |= all_namespaces;
        extend(&mut self.webhooks, webhooks);
        self.roles.extend(roles);
        for (role, RolePolicies { attached, inline }) in policies {
            let of_role = self.policies.entry(role).or_default();
            extend(&mut of_role.attached, attached);
            extend(&mut of_role.inline, inline);
        }
        self.policy_versions.extend(policy_versions);
        self.read_policies.extend(read_policies);
        self.providers.extend(providers);
        extend(&mut self.provider_arns, provider_arns);
        self.clusters.extend(clusters);
        extend(&mut self.associations, associations);
        self.associations_listed |= associations_listed;
        self.associations_of = self.associations_of.take().or(associations_of);
        self.addons.extend(addons);
        self.agent_pods.extend(agent_pods);
        self.agent_sets.extend(agent_sets);
        extend(&mut self.network_policies, network_policies);
        self.cilium_policies.extend(cilium_policies);
        self.simulated.extend(simulated);
        self.node_group_of.extend(node_group_of);
        extend(&mut self.node_group_names, node_group_names);
        self.node_groups.extend(node_groups);
        self.callers.extend(callers);
        self.events.extend(events);
        self.events_listed |= events_listed;
        self.expected.extend(expected);
        self.discoveries.extend(discoveries);
        self.jwks.extend(jwks);
        self.asked = self.asked.take().or(asked);
        self.reports.extend(reports);
        self.absent.extend(absent);
        self.recognised.extend(recognised);
        unread.into_iter().for_each(|(kind, number)| *self.unread.entry(kind).or_default() += number);
        ended.into_iter().for_each(|(kind, number)| *self.ended.entry(kind).or_default() += number);
        self.empty_lists += empty_lists;
        self.unusable.extend(unusable);
    }

    /// The lists of a role's policies. Lists without a role count for any.
    pub(crate) fn policies_of(&self, role: &str) -> RolePolicies {
        let of = |role: Option<&str>| self.policies.get(&role.map(str::to_owned)).cloned().unwrap_or_default();
        let (named, nameless) = (of(Some(role)), of(None));
        RolePolicies { attached: named.attached.or(nameless.attached), inline: named.inline.or(nameless.inline) }
    }

    pub(super) fn add_pod(&mut self, mut pod: Pod) {
        match self.specs.get(&pod.spec) {
            Some(same) => pod.spec = Arc::clone(same),
            None => drop(self.specs.insert(Arc::clone(&pod.spec))),
        }
        self.pods.push(pod);
    }
}

fn extend<T>(all: &mut Option<Vec<T>>, more: Option<Vec<T>>) {
    if let Some(more) = more {
        all.get_or_insert_default().extend(more);
    }
}
