//! Which cluster it is.

use super::Session;
use crate::aws::webhook::POD_IDENTITY_VOLUME;
use crate::causes::{ENV_NOT_INJECTED, ENV_NOT_INJECTED_ANNOTATION_MISSING_OR_MISPLACED, SERVICE_ACCOUNT_MISMATCH};
use crate::documents::audit::{Audit, Command, ObjectFinding, Open};

impl Session<'_> {
    /// Which cluster of EKS it is. AWS knows its associations, and its issuer where the cluster does not show that.
    pub(super) fn cluster_question(&self, audit: &Audit) -> Option<Open> {
        let has_association = self.documents.pods.iter().any(|pod| pod.volume(POD_IDENTITY_VOLUME).is_some());
        let is_refused = self.tried.iter().any(|((command, _), why)| *command == of_issuer() && why.is_some());
        // An association that such a pod missed is shown by nothing in the cluster.
        let may_have_missed = || {
            let is_one = |one: &ObjectFinding| one.pod.is_some() && is_without_role(one);
            self.not_tried(audit).is_empty() && audit.findings.iter().any(is_one)
        };
        let question = match (has_association, is_refused) {
            (true, _) => "which role does the Pod Identity association give the pod",
            (false, true) => "which issuer do the cluster's tokens have",
            (false, false) if may_have_missed() => "does the service account have a Pod Identity association",
            (false, false) => return None,
        };
        self.documents.clusters.is_empty().then(|| Open {
            question: question.to_owned(),
            command: Command::new("kubectl config view --minify -o json"),
            account: None,
            decides: has_association,
            why: None,
        })
    }
}

fn is_without_role(one: &ObjectFinding) -> bool {
    [&ENV_NOT_INJECTED, &ENV_NOT_INJECTED_ANNOTATION_MISSING_OR_MISPLACED, &SERVICE_ACCOUNT_MISMATCH]
        .contains(&one.finding.cause)
}

fn of_issuer() -> Command {
    Command::new("kubectl get --raw /.well-known/openid-configuration")
}
