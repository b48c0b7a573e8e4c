//! Which pods an audit is about.

use super::inventory::{Concern, account_of_subject};
use super::workload::Workload;
use crate::documents::{Asked, Documents, Event, Pod};

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Subject {
    /// Those with a sign of IRSA; a single pod always.
    Signs,
    All,
    ServiceAccount(String),
    Workload {
        kind: String,
        name: String,
    },
}

impl Subject {
    /// As it was saved.
    pub(crate) fn of(asked: &Asked) -> Subject {
        let name = asked.name.clone();
        match asked.kind.as_deref() {
            None => Subject::Signs,
            Some("Pod") => Subject::All,
            Some("ServiceAccount") => Subject::ServiceAccount(name),
            Some(kind) => Subject::Workload { kind: kind.to_owned(), name },
        }
    }

    pub(crate) fn concern(&self) -> Concern {
        if *self == Subject::Signs { Concern::None } else { Concern::Every }
    }

    /// Drops pods that are not asked about, and events of others. Returns how many pods are left.
    pub(crate) fn keep(&self, documents: &mut Documents) -> usize {
        documents.pods.retain(|pod| self.has(pod));
        let pods = &documents.pods;
        if !pods.is_empty() {
            let is_known = |(namespace, account): (&str, &str)| {
                pods.iter().any(|pod| pod.namespace() == namespace && pod.service_account() == account)
            };
            let subject = |event: &Event| event.subject.as_deref().and_then(account_of_subject).is_none_or(is_known);
            documents.events.retain(subject);
        }
        documents.pods.len()
    }

    fn has(&self, pod: &Pod) -> bool {
        match self {
            Subject::Signs | Subject::All => true,
            Subject::ServiceAccount(name) => pod.service_account() == name,
            Subject::Workload { kind, name } => {
                let workload = Workload::of(pod);
                let is_owned =
                    || pod.metadata.owner_references.iter().any(|one| one.kind == *kind && one.name == *name);
                workload.kind == *kind && workload.name == *name || is_owned()
            }
        }
    }
}
