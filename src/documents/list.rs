//! A list of Kubernetes objects while its items go by.

use serde_json::Value;

/// What is kept of a list whose items do not name their kind, as in a `PodList`, until the list names it.
const MAX_WAITING: usize = 1000;

pub(super) struct List {
    /// What the list says that its items are; nothing where that comes after them.
    kind: Option<String>,
    items: usize,
    has_namespaces: bool,
    /// The namespaces whose service account `default` is here, by the kinds of the items or of the list.
    defaults: Vec<String>,
    waiting: Vec<Value>,
}

/// What a list says besides its items.
pub(super) struct Said {
    /// Those whose kind was not known before.
    pub items: Vec<Value>,
    pub all_namespaces: bool,
    /// The namespaces of which it leaves no service account out.
    pub whole_namespaces: Vec<String>,
    pub no_webhooks: bool,
    /// It does not say of what it is empty.
    pub is_empty: bool,
    /// It is no list of Kubernetes, but a document like any other.
    pub is_document: bool,
}

impl List {
    /// With what stands before the items.
    pub fn new(head: &Value) -> List {
        List { kind: kind(head), items: 0, has_namespaces: false, defaults: Vec::new(), waiting: Vec::new() }
    }

    /// The item, if it can be added already.
    pub fn note(&mut self, mut item: Value) -> Option<Value> {
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
            // Kubernetes makes this service account in every namespace: a list that holds it leaves none out.
            Some("ServiceAccount") if item["metadata"]["name"] == "default" => {
                self.defaults.extend(item["metadata"]["namespace"].as_str().map(str::to_owned));
            }
            _ => {}
        }
    }
}

impl Said {
    /// With all of the list but its items.
    pub fn new(mut list: List, object: &Value) -> Said {
        let kind = kind(object);
        let mut items = std::mem::take(&mut list.waiting);
        for item in &mut items {
            if let Some(kind) = kind.as_deref().filter(|kind| !kind.is_empty()) {
                item["kind"] = kind.into();
            }
            list.note_kind(item);
        }
        let is = |wanted: &str| kind.as_deref() == Some(wanted);
        Said {
            items,
            all_namespaces: (list.has_namespaces || is("Namespace")) && list.items > 1,
            whole_namespaces: list.defaults,
            no_webhooks: is("MutatingWebhookConfiguration"),
            is_empty: is("") && list.items == 0,
            is_document: kind.is_none() && (list.items == 0 || object["kind"].is_string()),
        }
    }
}

/// `Pod` of a `PodList`, nothing of a `List`.
fn kind(list: &Value) -> Option<String> {
    Some(list["kind"].as_str()?.strip_suffix("List")?.to_owned())
}
