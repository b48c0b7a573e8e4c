//! Which cluster it is.

use super::Session;
use crate::aws::webhook::POD_IDENTITY_VOLUME;
use crate::documents::audit::{Command, Open};

impl Session<'_> {
    /// Which cluster of EKS it is. AWS knows its associations, and its issuer where the cluster does not show that.
    pub(super) fn cluster_question(&self) -> Option<Open> {
        let has_association = self.documents.pods.iter().any(|pod| pod.volume(POD_IDENTITY_VOLUME).is_some());
        let is_refused = self.tried.iter().any(|((command, _), why)| *command == of_issuer() && why.is_some());
        let question = match has_association {
            true => "which role does the Pod Identity association give the pod",
            false => "which issuer do the cluster's tokens have",
        };
        (self.documents.clusters.is_empty() && (has_association || is_refused)).then(|| Open {
            question: question.to_owned(),
            command: Command::new("kubectl config view --minify -o json"),
            account: None,
            decides: has_association,
            why: None,
        })
    }
}

fn of_issuer() -> Command {
    Command::new("kubectl get --raw /.well-known/openid-configuration")
}
