//! Documents that users pipe in: what `kubectl get -o json|yaml` and `aws ... --output json` print, manifests, and this
//! program's own reports, recognised by their shape. Nothing here judges.

pub mod audit;
mod aws;
pub mod debug_profile;
#[cfg(test)]
mod kinds;
mod kubernetes;
mod refusal;
mod stream;
pub mod trust_policy;
mod yaml;

pub use aws::{Association, Cluster, Discovery, Jwks, Provider, Role, Simulated};
pub use kubernetes::{
    Container, EnvVar, Metadata, Origin, Owner, Pod, PodSpec, SecurityContext, Selector, ServiceAccount, Volume,
    Webhook, WebhookConfiguration,
};
pub use refusal::Absent;

use crate::documents::trust_policy::PolicyFault;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use stream::Piece;

/// How many faults of one text are told one by one: the first tells most.
const MAX_FAULTS: usize = 10;

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
        let text = text.trim_start_matches('\u{feff}');
        if text.trim().is_empty() {
            self.unusable.push(format!("{source} is empty"));
            return;
        }
        let before = self.unusable.len();
        let pieces = stream::pieces(text);
        if pieces.is_empty() {
            self.unusable.push(format!("{source} holds no document"));
        }
        for piece in pieces {
            match piece {
                Piece::Document(value) => self.add(source, value, 0),
                Piece::Refusal(said) => match Absent::read(&said) {
                    Some(absent) => self.keep_one(said, |all| all.absent.push(absent)),
                    None => self.unusable.push(format!("{source} holds an error instead of a document: {said}")),
                },
                Piece::Fault(why) => self.unusable.push(format!("{source} {why}")),
            }
        }
        let more = self.unusable.len().saturating_sub(before + MAX_FAULTS);
        if more > 0 {
            self.unusable.truncate(before + MAX_FAULTS);
            self.unusable.push(format!("{source} holds {more} more that could not be used"));
        }
    }

    fn add(&mut self, source: &str, value: Value, depth: usize) {
        match value {
            Value::Null => {}
            Value::Array(list) if depth < 3 => list.into_iter().for_each(|value| self.add(source, value, depth + 1)),
            Value::Object(_) if value["kind"].is_string() => self.add_kubernetes(source, value, depth),
            Value::Object(_) => self.add_other(source, value),
            // A policy as the IAM API sends it: URL-encoded, or as text within text.
            Value::String(ref text) if text.trim_start().starts_with(['%', '{']) => self.add_role(source, &value),
            _ => self.unusable.push(format!("{source} holds something that is no document")),
        }
    }

    fn add_kubernetes(&mut self, source: &str, mut value: Value, depth: usize) {
        let kind = value["kind"].as_str().unwrap_or_default().to_owned();
        if let (Some(item_kind), Some(items)) = (kind.strip_suffix("List"), value["items"].as_array_mut()) {
            let mut items = std::mem::take(items);
            self.note_list(item_kind, &items);
            // Items of typed lists (`PodList`) do not name their kind.
            for item in items.iter_mut().filter(|item| item.is_object() && item["kind"].is_null()) {
                item["kind"] = item_kind.into();
            }
            if depth < 3 {
                items.into_iter().for_each(|item| self.add(source, item, depth + 1));
            }
            return;
        }
        if kubernetes::has_ended(&kind, &value) {
            let name = named(&value);
            return self.keep_one(format!("ended {kind}{name}"), |all| *all.ended.entry(kind).or_default() += 1);
        }
        match kind.as_str() {
            "Pod" => self.keep(source, "pod", value, |all, pod: Pod| all.pods.push(pod.with_origin())),
            "ServiceAccount" => {
                self.keep(source, "service account", value, |all, account| all.service_accounts.push(account));
            }
            "Namespace" => self.keep(source, "namespace", value, |all, namespace: Named| {
                all.namespaces.push(namespace.metadata);
            }),
            "MutatingWebhookConfiguration" => {
                self.keep(source, "webhook configuration", value, |all, configuration| {
                    all.webhooks.get_or_insert_default().push(configuration);
                })
            }
            _ => match kubernetes::template(&value) {
                Some(pod) => self.keep(source, &format!("pod template of {kind}"), pod, |all, mut pod: Pod| {
                    pod.origin = Origin::Template(kind.clone());
                    all.pods.push(pod);
                }),
                None => *self.unread.entry(kind).or_default() += 1,
            },
        }
    }

    /// A list says also what there is not.
    fn note_list(&mut self, kind: &str, items: &[Value]) {
        let of_kind = |wanted: &str| kind == wanted || items.iter().any(|item| item["kind"] == wanted);
        self.all_namespaces |= of_kind("Namespace") && items.len() > 1;
        if kind.is_empty() && items.is_empty() {
            self.keep_one("empty list".to_owned(), |all| all.empty_lists += 1);
        }
        if kind == "MutatingWebhookConfiguration" {
            self.webhooks.get_or_insert_default();
        }
        // Kubernetes makes this service account in every namespace: a list that holds it leaves none out.
        let defaults = items.iter().filter(|item| kind == "ServiceAccount" || item["kind"] == "ServiceAccount");
        let defaults = defaults.map(|item| &item["metadata"]).filter(|metadata| metadata["name"] == "default");
        self.whole_namespaces.extend(defaults.filter_map(|metadata| Some(metadata["namespace"].as_str()?.to_owned())));
    }

    /// Documents without a kind are known by their keys. The YAML of several commands runs into one document.
    fn add_other(&mut self, source: &str, mut value: Value) {
        let seen = |all: &Self| all.recognised.len() + all.unusable.len();
        let before = seen(self);
        let mut take = |key: &str| Some(value[key].take()).filter(|value| !value.is_null());
        if let Some(role) = take("Role") {
            self.add_role(source, &role);
        }
        if let Some(Value::Array(list)) = take("Roles") {
            list.iter().for_each(|role| self.add_role(source, role));
        }
        if let Some(list) = take("AttachedPolicies") {
            let arns = aws::texts(&list, "PolicyArn");
            self.keep_one("attached policies".into(), |all| all.attached_policies.get_or_insert_default().extend(arns));
        }
        if let Some(list) = take("PolicyNames") {
            self.keep(source, "inline policies", list, |all, names: Vec<String>| {
                all.inline_policies.get_or_insert_default().extend(names);
            });
        }
        if let Some(list) = take("OpenIDConnectProviderList") {
            let arns = aws::texts(&list, "Arn");
            self.keep_one("list of providers".into(), |all| all.provider_arns.get_or_insert_default().extend(arns));
        }
        if let Some(cluster) = take("cluster") {
            self.keep(source, "cluster", cluster, |all, cluster| all.clusters.push(cluster));
        }
        if let Some(list) = take("associations") {
            self.keep(source, "Pod Identity associations", list, |all, list: Vec<Association>| {
                all.associations.get_or_insert_default().extend(list);
            });
        }
        if let Some(one) = take("association") {
            self.keep(source, "Pod Identity association", one, |all, one| {
                all.associations.get_or_insert_default().push(one);
            });
        }
        if let Some(list) = take("EvaluationResults") {
            self.keep(source, "simulated policy", list, |all, list: Vec<Simulated>| all.simulated.extend(list));
        }
        let has = |key: &str| !value[key].is_null();
        if has("AssumeRolePolicyDocument") || has("Statement") {
            self.add_role(source, &value);
        }
        if has("ClientIDList") && has("Url") {
            self.keep(source, "provider", value.clone(), |all, provider| all.providers.push(provider));
        }
        if has("UserId") && has("Arn") {
            let arn = value["Arn"].as_str().unwrap_or_default().to_owned();
            self.keep_one(format!("caller {arn}"), |all| all.callers.push(arn));
        }
        if has("issuer") && has("jwks_uri") {
            self.keep(source, "discovery document", value.clone(), |all, discovery| all.discoveries.push(discovery));
        }
        if has("keys") {
            self.keep(source, "key set", value.clone(), |all, jwks| all.jwks.push(jwks));
        }
        if value["schema"] == crate::render::json::SCHEMA {
            self.keep(source, "report", value, |all, report| all.reports.push(report));
        }
        if seen(self) == before {
            self.unusable.push(format!("{source} holds a document of no kind that is known here"));
        }
    }

    /// A role, or a trust policy alone.
    fn add_role(&mut self, source: &str, role: &Value) {
        match Role::read(role) {
            Ok(role) => {
                let what = if role.arn.is_empty() { "trust policy".to_owned() } else { format!("role {}", role.arn) };
                self.keep_one(what, |all| all.roles.push(role));
            }
            Err(PolicyFault::NoPolicy) => {
                self.unusable.push(format!("{source} holds a document of no kind that is known here"));
            }
            Err(fault) => self.unusable.push(format!("{source}: the trust policy {fault}")),
        }
    }

    fn keep<T: DeserializeOwned>(&mut self, source: &str, what: &str, value: Value, put: impl FnOnce(&mut Self, T)) {
        let name = named(&value);
        match serde_json::from_value(value) {
            Ok(document) => self.keep_one(format!("{what}{name}"), |all| put(all, document)),
            Err(error) => self.unusable.push(format!("{source}: {what}{name}: {error}")),
        }
    }

    fn keep_one(&mut self, what: String, put: impl FnOnce(&mut Self)) {
        self.recognised.push(what);
        put(self);
    }
}

/// The name of a Kubernetes object as it follows the word for its kind.
fn named(object: &Value) -> String {
    match (object["metadata"]["namespace"].as_str(), object["metadata"]["name"].as_str()) {
        (Some(namespace), Some(name)) => format!(" {namespace}/{name}"),
        (None, Some(name)) => format!(" {name}"),
        _ => String::new(),
    }
}

/// The only document of a text.
///
/// # Errors
/// What the text is instead, in words that follow its name.
pub fn only(text: &str) -> Result<Value, String> {
    let mut pieces = stream::pieces(text.trim_start_matches('\u{feff}')).into_iter();
    match (pieces.next(), pieces.next()) {
        (None, _) => Err("is empty".to_owned()),
        (Some(Piece::Document(value)), None) => Ok(value),
        (Some(Piece::Fault(why)), _) => Err(why),
        (Some(Piece::Refusal(said)), _) => Err(format!("holds an error instead of a document: {said}")),
        (Some(Piece::Document(_)), Some(_)) => Err("holds more than one document".to_owned()),
    }
}

#[derive(Deserialize)]
struct Named {
    metadata: Metadata,
}
