//! Kubernetes objects, reduced to what decides about IRSA: a cluster has many pods. A missing field has its default.

mod metadata;
mod partial;
mod pod;
mod webhook;
mod workload;

pub use metadata::{Metadata, Owner};
pub use pod::{Container, Origin, Pod, PodSpec, ServiceAccount};
pub use webhook::{Webhook, WebhookConfiguration};
pub use workload::{has_ended, template};
