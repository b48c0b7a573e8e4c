//! A list of Kubernetes objects, item by item.

use serde_json::Value;

/// The number of items without a kind, as in a `PodList`, that are kept until the list names it.
const MAX_WAITING: usize = 1000;

pub(super) struct List {
    /// The kind of its items; `None` if that comes after them.
    kind: Option<String>,
    items: usize,
    has_namespaces: bool,
    /// The namespaces whose service account `default` is in the list.
    defaults: Vec<String>,
    waiting: Vec<Value>,
}

/// What a complete list shows besides its items.
pub(super) struct Summary {
    /// Items whose kind was not known before.
    pub items: Vec<Value>,
    pub all_namespaces: bool,
    /// The namespaces with all their service accounts.
    pub whole_namespaces: Vec<String>,
    pub no_webhooks: bool,
    pub no_network_policies: bool,
    /// It is empty and of an unknown kind.
    pub is_empty: bool,
    /// It is not a Kubernetes list, but a document.
    pub is_document: bool,
}

impl List {
    /// `head` is what precedes the items.
    pub(super) fn new(head: &Value) -> List {
        List { kind: kind(head), items: 0, has_namespaces: false, defaults: Vec::new(), waiting: Vec::new() }
    }

    /// Returns the item if its kind is known.
    pub(super) fn note(&mut self, mut item: Value) -> Option<Value> {
        self.items += 1;
        if item.is_object() && item["kind"].is_null() {
            match self.kind.as_deref() {
                Some(kind) if !kind.is_empty() => item["kind"] = kind.into(),
                Some(_) => {}
                None if self.waiting.len() < MAX_WAITING => {
                    self.waiting.push(item);
                    return None;
                }
                None => {}
            }
        }
        self.note_kind(&item);
        Some(item)
    }

    fn note_kind(&mut self, item: &Value) {
        match item["kind"].as_str() {
            Some("Namespace") => self.has_namespaces = true,
            // Kubernetes creates this service account in every namespace: a list that contains it is complete.
            Some("ServiceAccount") if item["metadata"]["name"] == "default" => {
                self.defaults.extend(item["metadata"]["namespace"].as_str().map(str::to_owned));
            }
            _ => {}
        }
    }
}

impl Summary {
    /// `object` is the list without its items.
    pub(super) fn new(mut list: List, object: &Value) -> Summary {
        let kind = kind(object);
        let mut items = std::mem::take(&mut list.waiting);
        for item in &mut items {
            if let Some(kind) = kind.as_deref().filter(|kind| !kind.is_empty()) {
                item["kind"] = kind.into();
            }
            list.note_kind(item);
        }
        let is = |wanted: &str| kind.as_deref() == Some(wanted);
        Summary {
            items,
            all_namespaces: (list.has_namespaces || is("Namespace")) && list.items > 1,
            whole_namespaces: list.defaults,
            no_webhooks: is("MutatingWebhookConfiguration"),
            no_network_policies: is("NetworkPolicy"),
            is_empty: is("") && list.items == 0,
            is_document: kind.is_none() && (list.items == 0 || object["kind"].is_string()),
        }
    }
}

/// `Pod` for a `PodList`, empty for a `List`.
fn kind(list: &Value) -> Option<String> {
    Some(list["kind"].as_str()?.strip_suffix("List")?.to_owned())
}
