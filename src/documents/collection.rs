//! All documents that were given, sorted by kind.

use super::absent::Absent;
use super::aws::{Association, Cluster, Discovery, Jwks, Provider, Role, Simulated};
use super::kubernetes::{Metadata, Pod, PodSpec, ServiceAccount, WebhookConfiguration};
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::Arc;

/// The number of unsupported kinds that are named; the rest is counted together.
const MAX_KINDS: usize = 1_000;

#[derive(Clone, Debug, Default)]
pub struct Documents {
    pub pods: Vec<Pod>,
    pub service_accounts: Vec<ServiceAccount>,
    /// Namespaces with all their service accounts: any other does not exist.
    pub whole_namespaces: BTreeSet<String>,
    pub namespaces: Vec<Metadata>,
    /// Whether `namespaces` has all of them: any other does not exist.
    pub all_namespaces: bool,
    /// `None` if no such document was given; empty if the cluster has none.
    pub webhooks: Option<Vec<WebhookConfiguration>>,
    pub roles: Vec<Role>,
    /// ARNs of attached policies. The document does not name the role.
    pub attached_policies: Option<Vec<String>>,
    /// Names of inline policies, likewise.
    pub inline_policies: Option<Vec<String>>,
    pub providers: Vec<Provider>,
    /// All OIDC provider ARNs of an account.
    pub provider_arns: Option<Vec<String>>,
    pub clusters: Vec<Cluster>,
    /// EKS Pod Identity associations of a cluster.
    pub associations: Option<Vec<Association>>,
    pub simulated: Vec<Simulated>,
    /// The `Arn` of `aws sts get-caller-identity`.
    pub callers: Vec<String>,
    pub discoveries: Vec<Discovery>,
    pub jwks: Vec<Jwks>,
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

/// The token in a report of `irsa-probe check --output json`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct ReportFacts {
    pub identity: ReportedIdentity,
    pub token: ReportedToken,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct ReportedIdentity {
    pub expected_role_arn: Option<String>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct ReportedToken {
    pub issuer: Option<String>,
    pub subject: Option<String>,
    pub audience: Vec<String>,
    pub key_id: Option<String>,
}

impl Documents {
    pub(super) fn note_unread(&mut self, kind: String) {
        let is_listed = self.unread.len() < MAX_KINDS || self.unread.contains_key(&kind);
        *self.unread.entry(if is_listed { kind } else { "other kinds".to_owned() }).or_default() += 1;
    }

    pub(super) fn add_pod(&mut self, mut pod: Pod) {
        match self.specs.get(&pod.spec) {
            Some(same) => pod.spec = Arc::clone(same),
            None => drop(self.specs.insert(Arc::clone(&pod.spec))),
        }
        self.pods.push(pod);
    }
}
