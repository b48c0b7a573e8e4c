//! Documents that users pipe in: output of `kubectl get -o json|yaml` and `aws ... --output json`, manifests, and this
//! program's own reports, recognised by their shape. Reading them is here; judging them is in [`audit`] and
//! [`trust_policy`].

mod absent;
pub(crate) mod audit;
mod aws;
mod cloudtrail;
mod collection;
mod copy;
pub mod debug_profile;
mod described;
mod expected;
mod grant;
mod kubernetes;
mod list;
mod policies;
mod reading;
mod report;
mod simulation;
mod stream;
mod terraform;
#[cfg(test)]
mod tests;
mod texts;
pub mod trust_policy;
mod yaml;

pub use absent::Absent;
pub(crate) use aws::Cluster;
pub use aws::{Association, Provider, Role};
pub use cloudtrail::Event;
pub use collection::Documents;
pub(crate) use collection::{Asked, Needs, SCHEMA, Unanswered};
pub use expected::Expected;
pub(crate) use grant::{Grant, NODE_ACTION};
pub(crate) use kubernetes::{
    AGENT, ConfigMap, Container, Metadata, Origin, Owner, Pod, ServiceAccount, Volume, Webhook, WebhookConfiguration,
};
pub(crate) use policies::{PolicyName, RolePolicies};
pub(crate) use reading::About;
pub(crate) use report::{ReportFacts, ReportedFinding};
pub(crate) use simulation::{Permission, Permitted};

use serde_json::Value;
use stream::{Lists, Piece};

/// The single document of a text.
///
/// # Errors
/// What the text is instead, in a clause that follows its name.
pub fn only(text: &str) -> Result<Value, String> {
    let mut pieces = Vec::new();
    // A text in memory is always readable.
    let _ = stream::read(&mut text.as_bytes(), Lists::Whole, &mut |piece| pieces.push(piece));
    let mut pieces = pieces.into_iter();
    match (pieces.next(), pieces.next()) {
        (None, _) => Err("is empty".to_owned()),
        (Some(Piece::Document(value)), None) => Ok(value),
        (Some(Piece::Fault(why)), _) => Err(why),
        (Some(Piece::Error(said)), _) => Err(format!("contains an error instead of a document: {said}")),
        (Some(_), _) => Err("contains more than one document".to_owned()),
    }
}
