//! Documents that users pipe in: what `kubectl get -o json|yaml` and `aws ... --output json` print, manifests, and this
//! program's own reports, recognised by their shape. Nothing here judges.

mod absent;
pub mod audit;
mod aws;
pub mod debug_profile;
#[cfg(test)]
mod kinds;
mod kubernetes;
mod list;
mod reading;
mod stream;
mod texts;
pub mod trust_policy;
mod yaml;

pub use absent::Absent;
pub use aws::{Association, Cluster, Discovery, Jwks, Provider, Role, Simulated};
pub use kubernetes::{
    Container, EnvVar, Metadata, Origin, Owner, Pod, PodSpec, SecurityContext, Selector, ServiceAccount, Volume,
    Webhook, WebhookConfiguration,
};
pub use texts::Texts;

use reading::Reading;
use serde::Deserialize;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::io::{self, Read};
use std::sync::Arc;
use stream::{Lists, Piece};

/// How many faults of one text are told one by one: the first tells most.
const MAX_FAULTS: usize = 10;

/// How many kinds that are not read are named.
const MAX_KINDS: usize = 1_000;

/// How deep documents may nest.
const MAX_DEPTH: usize = 100;

/// Everything that was given, sorted by what it is.
#[derive(Clone, Debug, Default)]
pub struct Documents {
    pub pods: Vec<Pod>,
    pub service_accounts: Vec<ServiceAccount>,
    /// Namespaces of which all service accounts were given, so that one which is not there does not exist.
    pub whole_namespaces: BTreeSet<String>,
    pub namespaces: Vec<Metadata>,
    /// Whether the namespaces came as a list, so that one which is not in it does not exist.
    pub all_namespaces: bool,
    /// `None` if no such document was given; an empty list says that there is no configuration.
    pub webhooks: Option<Vec<WebhookConfiguration>>,
    pub roles: Vec<Role>,
    /// ARNs of attached policies; the document does not tell of which role.
    pub attached_policies: Option<Vec<String>>,
    /// Names of inline policies, likewise.
    pub inline_policies: Option<Vec<String>>,
    pub providers: Vec<Provider>,
    /// All provider ARNs of an account.
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
    /// What commands looked for in vain.
    pub absent: Vec<Absent>,
    /// What was recognised, in words, in the order given.
    pub recognised: Vec<String>,
    /// Kinds of objects that are not read here, whatever they say, and how many of each there were.
    pub unread: BTreeMap<String, usize>,
    /// Kinds of objects that have ended, which nobody judges, and how many of each there were.
    pub ended: BTreeMap<String, usize>,
    /// Lists without items that do not say what they list: `kubectl get KIND -o json` prints the same for every kind.
    pub empty_lists: usize,
    /// What could not be used, and why.
    pub unusable: Vec<String>,
    /// What pods have in common.
    specs: HashSet<Arc<PodSpec>>,
}

/// What a report of `irsa-probe check --output json` tells of the token.
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
    /// Reads a text of one or more documents, JSON and YAML as they come.
    pub fn read(&mut self, source: &str, text: &str) {
        // Nothing keeps a text in memory from being read.
        let _ = self.read_from(source, &mut text.as_bytes());
    }

    /// Reads as much as there is, and keeps what decides about IRSA.
    ///
    /// # Errors
    /// The text could not be read to its end.
    pub fn read_from(&mut self, source: &str, text: &mut dyn Read) -> io::Result<()> {
        let before = self.unusable.len();
        let mut reading = Reading::new(self, source);
        let is_text = stream::read(text, Lists::Apart, &mut |piece| reading.take(piece))?;
        let Reading { pieces, faults, .. } = reading;
        if pieces == 0 {
            let what = if is_text { "holds no document" } else { "is empty" };
            self.unusable.push(format!("{source} {what}"));
        }
        let more = faults.saturating_sub(self.unusable.len() - before);
        if more > 0 {
            self.unusable.push(format!("{source} holds {more} more that could not be used"));
        }
        Ok(())
    }

    fn note_unread(&mut self, kind: String) {
        let is_listed = self.unread.len() < MAX_KINDS || self.unread.contains_key(&kind);
        *self.unread.entry(if is_listed { kind } else { "other kinds".to_owned() }).or_default() += 1;
    }

    fn add_pod(&mut self, mut pod: Pod) {
        match self.specs.get(&pod.spec) {
            Some(same) => pod.spec = Arc::clone(same),
            None => drop(self.specs.insert(Arc::clone(&pod.spec))),
        }
        self.pods.push(pod);
    }
}

/// The only document of a text.
///
/// # Errors
/// What the text is instead, in words that follow its name.
pub fn only(text: &str) -> Result<Value, String> {
    let mut pieces = Vec::new();
    // Nothing keeps a text in memory from being read.
    let _ = stream::read(&mut text.as_bytes(), Lists::Whole, &mut |piece| pieces.push(piece));
    let mut pieces = pieces.into_iter();
    match (pieces.next(), pieces.next()) {
        (None, _) => Err("is empty".to_owned()),
        (Some(Piece::Document(value)), None) => Ok(value),
        (Some(Piece::Fault(why)), _) => Err(why),
        (Some(Piece::Error(said)), _) => Err(format!("holds an error instead of a document: {said}")),
        (Some(_), _) => Err("holds more than one document".to_owned()),
    }
}
