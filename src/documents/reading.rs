//! Reads a text: recognises its documents by their shape, and keeps what matters.

mod other;

use super::absent::Absent;
use super::aws::Kubeconfig;
use super::collection::{Asked, Documents};
use super::copy::Copy;
use super::expected;
use super::kubernetes::{self, Metadata, Origin, Pod};
use super::list::{List, Summary};
use super::stream::{self, Lists, Piece};
use crate::text::json;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::io::{self, Read, Write};

/// The number of faults of one text that are listed; the rest is counted.
pub(super) const MAX_FAULTS: usize = 10;

/// Kubernetes is made for clusters of 150,000 pods ("Considerations for large clusters" of its documentation).
const MAX_DOCUMENTS: usize = 400_000;

/// What only a command says about the text that it prints.
#[derive(Clone, Debug, Default)]
pub(crate) struct About {
    /// The kind of a list without items, which kubectl does not print.
    pub empty_list: Option<&'static str>,
    /// Fields that the command names and its answer does not, such as the name of the role.
    pub fields: Vec<(&'static str, String)>,
    /// What the command is run for.
    pub asked: Option<Asked>,
}

impl Documents {
    /// Reads a text of one or more documents, JSON and YAML as they come.
    pub fn read(&mut self, source: &str, text: &str) {
        // A text in memory is always readable.
        let _ = self.read_from(source, &mut text.as_bytes());
    }

    /// Reads to the end, and keeps what matters for IRSA.
    ///
    /// # Errors
    /// The text could not be read to its end.
    pub fn read_from(&mut self, source: &str, text: &mut dyn Read) -> io::Result<()> {
        self.read_pieces(source, text, &mut |_| {})
    }

    /// Reads what a command printed, with a copy that holds nothing secret. Returns whether the copy was written.
    ///
    /// # Errors
    /// The text could not be read to its end.
    pub(crate) fn read_answer(
        &mut self,
        source: &str,
        text: &mut dyn Read,
        about: &About,
        copy: Option<&mut dyn Write>,
    ) -> io::Result<io::Result<()>> {
        self.asked.clone_from(&about.asked);
        let mut copy = copy.map(|out| Copy::new(out, about.empty_list));
        let mut written = Ok(());
        self.read_pieces(source, text, &mut |piece| {
            if let Piece::Document(document) = &mut *piece
                && let Some(fields) = document.as_object_mut()
            {
                fields.extend(about.fields.iter().map(|(name, value)| ((*name).to_owned(), value.as_str().into())));
            }
            if let (Some(copy), true) = (&mut copy, written.is_ok()) {
                written = copy.put(piece);
            }
        })?;
        Ok(written)
    }

    fn read_pieces(&mut self, source: &str, text: &mut dyn Read, see: &mut dyn FnMut(&mut Piece)) -> io::Result<()> {
        let before = self.unusable.len();
        let mut reading = Reading::new(self, source);
        let is_text = stream::read(text, Lists::Apart, &mut |mut piece| {
            see(&mut piece);
            reading.take(piece);
        })?;
        let Reading { pieces, faults, .. } = reading;
        if pieces == 0 {
            let what = if is_text { "contains no document" } else { "is empty" };
            self.unusable.push(format!("{source} {what}"));
        }
        let more = faults.saturating_sub(self.unusable.len() - before);
        if more > 0 {
            self.unusable.push(format!("{source} contains {more} more that could not be used"));
        }
        Ok(())
    }
}

struct Reading<'r> {
    documents: &'r mut Documents,
    source: &'r str,
    /// The open lists: the next document is an item of the last.
    lists: Vec<List>,
    pieces: usize,
    /// The number of documents that could not be used.
    faults: usize,
}

impl<'r> Reading<'r> {
    fn new(documents: &'r mut Documents, source: &'r str) -> Self {
        Reading { documents, source, lists: Vec::new(), pieces: 0, faults: 0 }
    }

    fn take(&mut self, piece: Piece) {
        self.pieces += 1;
        match piece {
            Piece::Document(item) => match self.lists.last_mut() {
                Some(list) => {
                    if let Some(item) = list.note(item) {
                        self.add(item, 1);
                    }
                }
                None => self.add(item, 0),
            },
            Piece::List(head) => self.lists.push(List::new(&head)),
            Piece::ListEnd(list) => {
                if let (Some(open), Some(list)) = (self.lists.pop(), list) {
                    self.end(open, &list);
                }
            }
            Piece::Error(said) => match Absent::read(&said) {
                Some(absent) => self.keep_one(said, |all| all.absent.push(absent)),
                None => self.cannot_use(|source| format!("{source} contains an error instead of a document: {said}")),
            },
            Piece::Fault(why) => self.cannot_use(|source| format!("{source} {why}")),
        }
    }

    /// Counts every fault, and lists the first.
    fn cannot_use(&mut self, why: impl FnOnce(&str) -> String) {
        self.faults += 1;
        if self.faults <= MAX_FAULTS {
            self.documents.unusable.push(why(self.source));
        }
    }

    fn add(&mut self, value: Value, depth: usize) {
        match value {
            Value::Null => {}
            Value::Array(list) if depth < 3 => list.into_iter().for_each(|value| self.add(value, depth + 1)),
            Value::Object(_) if value["kind"].is_string() => self.add_kubernetes(value, depth),
            Value::Object(_) => self.add_other(value),
            // A policy as the IAM API sends it: URL-encoded, or as text within text.
            Value::String(ref text) if text.trim_start().starts_with(['%', '{']) => self.add_role(&value),
            _ => self.cannot_use(|source| format!("{source} contains something that is not a document")),
        }
    }

    fn add_kubernetes(&mut self, mut value: Value, depth: usize) {
        let kind = value["kind"].as_str().unwrap_or_default().to_owned();
        if kind.ends_with("List") && depth < 3 && value["items"].is_array() {
            let mut list = List::new(&value);
            let Value::Array(items) = value["items"].take() else { return };
            let items: Vec<Value> = items.into_iter().filter_map(|item| list.note(item)).collect();
            items.into_iter().for_each(|item| self.add(item, depth + 1));
            return self.end(list, &value);
        }
        if kubernetes::has_ended(&kind, &value) && !self.is_asked(&kind, &value) {
            let name = named(&value);
            return self.keep_one(format!("ended {kind}{name}"), |all| *all.ended.entry(kind).or_default() += 1);
        }
        let name = named(&value);
        match kind.as_str() {
            "Pod" => match kubernetes::agent_pod(&value) {
                Some(agent) => self.keep_one(format!("pod{name} of the agent"), |all| all.agent_pods.push(agent)),
                None => {
                    let node = value["spec"]["nodeName"].as_str().map(str::to_owned);
                    let waits = kubernetes::waits(&value);
                    self.keep("pod", value, |all, pod: Pod| all.add_pod(Pod { node, waits, ..pod }.with_origin()));
                }
            },
            "NetworkPolicy" => self.keep("network policy", value, |all, policy| {
                all.network_policies.get_or_insert_default().push(policy);
            }),
            "CiliumNetworkPolicy" | "CiliumClusterwideNetworkPolicy" => {
                self.keep("network policy of Cilium", value, |all, policy| all.cilium_policies.push(policy));
            }
            "ServiceAccount" => self.keep("service account", value, |all, account| all.service_accounts.push(account)),
            "ConfigMap" => self.keep("ConfigMap", value, |all, map| all.config_maps.push(map)),
            "Namespace" => self.keep("namespace", value, |all, namespace: Named| {
                all.namespaces.push(namespace.metadata);
            }),
            "MutatingWebhookConfiguration" => self.keep("webhook configuration", value, |all, configuration| {
                all.webhooks.get_or_insert_default().push(configuration);
            }),
            "Node" => {
                let group = value["metadata"]["labels"]["eks.amazonaws.com/nodegroup"].as_str().map(str::to_owned);
                let of_node = value["metadata"]["name"].as_str().map(|name| (name.to_owned(), group));
                self.keep_one(format!("node{name}"), |all| all.node_group_of.extend(of_node));
            }
            "Config" => self.keep("kubeconfig", value, |all, config: Kubeconfig| all.clusters.extend(config.cluster())),
            "DaemonSet" if kubernetes::agent_set(&value).is_some() => {
                let set = kubernetes::agent_set(&value);
                self.keep_one(format!("DaemonSet{name} of the agent"), |all| all.agent_sets.extend(set));
            }
            "SparkApplication" | "ScheduledSparkApplication" => match kubernetes::spark_pods(&value) {
                Some(pods) => pods.into_iter().for_each(|(part, pod)| {
                    self.keep(&format!("{part} of {kind}"), pod, |all, mut pod: Pod| {
                        pod.origin = Origin::Template(format!("{part} of {kind}"));
                        all.add_pod(pod);
                    });
                }),
                None => self.documents.note_unread(kind),
            },
            _ if let Some(expected) = expected::of_object(&kind, &value) => {
                self.keep_one(expected.object.clone(), |all| all.expected.push(expected));
            }
            _ => match kubernetes::template(&value) {
                Some(pod) => self.keep(&format!("pod template of {kind}"), pod, |all, mut pod: Pod| {
                    pod.origin = Origin::Template(kind.clone());
                    all.add_pod(pod);
                }),
                None => self.documents.note_unread(kind),
            },
        }
    }

    /// Who asks about a Job or a pod that has failed wants to know why.
    fn is_asked(&self, kind: &str, object: &Value) -> bool {
        let asked = self.documents.asked.as_ref();
        asked.is_some_and(|asked| asked.kind.as_deref() == Some(kind) && object["metadata"]["name"] == asked.name)
    }

    /// A complete list also shows what does not exist.
    fn end(&mut self, list: List, object: &Value) {
        let summary = Summary::new(list, object);
        if summary.is_document {
            self.add(object.clone(), 1);
        }
        summary.items.into_iter().for_each(|item| self.add(item, 1));
        let documents = &mut *self.documents;
        documents.all_namespaces |= summary.all_namespaces;
        documents.whole_namespaces.extend(summary.whole_namespaces);
        if summary.no_webhooks {
            documents.webhooks.get_or_insert_default();
        }
        if summary.no_network_policies {
            documents.network_policies.get_or_insert_default();
        }
        if summary.is_empty {
            self.keep_one("empty list".to_owned(), |all| all.empty_lists += 1);
        }
    }

    /// Documents without a kind are recognised by their keys. The YAML of several commands can be one document.
    fn keep<T: DeserializeOwned>(&mut self, what: &str, value: Value, put: impl FnOnce(&mut Documents, T)) {
        let name = named(&value);
        match serde_json::from_value(value) {
            Ok(document) => self.keep_one(format!("{what}{name}"), |all| put(all, document)),
            Err(error) => self.cannot_use(|source| format!("{source}: {what}{name}: {}", json::without_value(&error))),
        }
    }

    fn keep_one(&mut self, what: String, put: impl FnOnce(&mut Documents)) {
        if self.documents.recognised.len() >= MAX_DOCUMENTS {
            return self.cannot_use(|source| {
                format!("{source} contains more than {MAX_DOCUMENTS} documents: audit namespaces one by one")
            });
        }
        self.documents.recognised.push(what);
        put(self.documents);
    }
}

/// The name of a Kubernetes object, with a space before it.
fn named(object: &Value) -> String {
    match (object["metadata"]["namespace"].as_str(), object["metadata"]["name"].as_str()) {
        (Some(namespace), Some(name)) => format!(" {namespace}/{name}"),
        (None, Some(name)) => format!(" {name}"),
        _ => String::new(),
    }
}

#[derive(Deserialize)]
struct Named {
    metadata: Metadata,
}
