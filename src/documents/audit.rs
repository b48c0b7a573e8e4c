//! Cross-checks documents: pods, service accounts and webhooks against roles, trust policies and providers. Pure, and
//! without permissions of its own: whoever runs it already has `kubectl` and `aws`.

mod agent;
mod annotation;
mod association;
mod check;
mod command;
mod event;
mod expected;
mod facts;
mod finding;
mod group;
mod iam;
mod identity_webhook;
mod inventory;
mod node_role;
mod open;
mod own_token;
mod permissions;
mod pod;
mod profile;
mod provider;
mod report;
mod result;
mod run;
mod service_account;
mod subject;
#[cfg(test)]
mod tests;
mod token_file;
mod webhook;
mod webhook_configuration;
mod workload;

pub(crate) use check::with_documents;
pub(crate) use command::Command;
pub(crate) use finding::ObjectFinding;
pub(crate) use group::{Group, groups};
pub(crate) use inventory::Context;
pub(crate) use permissions::needed;
pub(crate) use result::{Audit, AuditedPod, Open, Verdict};
pub(crate) use run::audit;
pub(crate) use subject::Subject;
pub(crate) use webhook::Applied;
pub(crate) use workload::Workload;
