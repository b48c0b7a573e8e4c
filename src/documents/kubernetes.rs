//! Kubernetes objects, reduced to what decides about IRSA: a cluster has many pods. A missing field has its default.

mod metadata;
mod partial;
mod pod;
mod webhook;
mod workload;

pub(crate) use metadata::{Metadata, Owner};
pub(crate) use pod::{Container, Origin, Pod, PodSpec, ServiceAccount};
pub(crate) use webhook::{Webhook, WebhookConfiguration};
pub(super) use workload::{has_ended, template};
