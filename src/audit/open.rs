//! What the documents at hand leave open, and the commands whose output would tell.

use super::account::role_annotation;
use super::{Audit, Case};
use crate::arn::RoleArn;
use crate::documents::{Absent, Pod};
use crate::finding::shell_word;
use std::collections::BTreeSet;

/// A question that one more document answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Open {
    pub question: String,
    /// Prints the document.
    pub command: String,
}

pub(super) fn questions(case: &Case<'_>, audit: &Audit) -> Vec<Open> {
    let documents = case.documents;
    let mut open: Vec<Open> = Vec::new();
    let mut ask = |question: &str, command: String| {
        if !open.iter().any(|one| one.command == command) {
            open.push(Open { question: question.to_owned(), command });
        }
    };
    let is_unknown = |pod: &Pod| case.account_of(pod).is_none() && !super::account::is_missing(case, pod);
    let without_irsa: BTreeSet<&str> = audit.without_irsa.iter().map(String::as_str).collect();
    let with_role = |story: &&super::PodStory| !story.applied.is_empty();
    let audited: BTreeSet<&str> = audit.pods.iter().filter(with_role).map(|story| story.about.as_str()).collect();
    for pod in documents.pods.iter().filter(|pod| audited.contains(super::pod::about(pod).as_str())) {
        if is_unknown(pod) {
            ask("does the service account have the annotation, and since when", account_command(pod));
        }
    }
    let unknown = documents.pods.iter().filter(|pod| is_unknown(pod));
    let unknown =
        unknown.filter(|pod| without_irsa.contains(format!("{}/{}", pod.namespace(), pod.metadata.name).as_str()));
    for pod in unknown {
        let command = format!("kubectl get serviceaccounts -n {} -o json", shell_word(pod.namespace()));
        ask("do the other pods' service accounts name roles", command);
    }
    let links = case.links();
    if links.is_empty() && documents.pods.is_empty() {
        ask("which service account is to have which role", "kubectl get serviceaccounts -A -o json".to_owned());
    }
    // An empty list, or none but ended ones, is an answer.
    if documents.pods.is_empty() && documents.empty_lists == 0 && !documents.ended.contains_key("Pod") {
        for link in &links {
            ask(
                "did the webhook change the pods",
                format!("kubectl get pods -n {} -o json", shell_word(&link.namespace)),
            );
        }
    }
    // Whatever else was found about a pod says already why the webhook left it alone.
    let is_undecided = |finding: &&super::Finding| finding.code == "env-not-injected";
    let undecided: BTreeSet<&str> = audit.findings.iter().filter(is_undecided).map(|one| one.about.as_str()).collect();
    if !undecided.is_empty() && case.webhooks().is_none() && documents.empty_lists == 0 {
        ask("is the webhook there", "kubectl get mutatingwebhookconfigurations -o json".to_owned());
    }
    for pod in documents.pods.iter().filter(|pod| undecided.contains(super::pod::about(pod).as_str())) {
        let annotated = case.account_of(pod).filter(|account| role_annotation(&account.metadata).is_some());
        if annotated.is_some_and(|account| super::pod::annotated_at(account).is_none()) {
            ask("since when does the service account have the annotation", account_command(pod));
        }
        if super::configuration::hangs_on_namespace(case, pod) {
            let command = format!("kubectl get namespace {} -o json", shell_word(pod.namespace()));
            ask("do the namespace's labels fit the webhook's selector", command);
        }
    }
    let issuer = case.issuer();
    if issuer.is_none() && !links.is_empty() {
        ask(
            "which issuer do the cluster's tokens have",
            "kubectl get --raw /.well-known/openid-configuration".to_owned(),
        );
    }
    for link in &links {
        let Ok(role) = RoleArn::parse(&link.role_arn) else { continue };
        let region = role.partition.iam_region_option();
        let is_gone = documents.absent.contains(&Absent::Role(role.name.clone()));
        if !is_gone && !documents.roles.iter().any(|found| found.arn == link.role_arn) {
            ask(
                "does the role exist, and does it trust the service account",
                format!("aws iam get-role{region} --role-name {}", role.name),
            );
        }
        if !is_gone && documents.attached_policies.is_none() {
            ask(
                "may the role do anything",
                format!("aws iam list-attached-role-policies{region} --role-name {}", role.name),
            );
        }
        if documents.attached_policies.as_ref().is_some_and(Vec::is_empty) && documents.inline_policies.is_none() {
            ask(
                "has the role inline policies",
                format!("aws iam list-role-policies{region} --role-name {}", role.name),
            );
        }
        match issuer {
            Some(_) if audit.findings.iter().any(|finding| finding.code == "no-oidc-provider") => {}
            Some((issuer, _)) if documents.providers.is_empty() => ask(
                "does the account know the cluster, with the token's audience",
                format!(
                    "aws iam get-open-id-connect-provider{region} --open-id-connect-provider-arn {}",
                    shell_word(&role.provider_arn(issuer))
                ),
            ),
            None if documents.provider_arns.is_none() => {
                ask("does the account know the cluster", format!("aws iam list-open-id-connect-providers{region}"));
            }
            _ => {}
        }
    }
    if let (Some(cluster), None) = (documents.clusters.first(), &documents.associations) {
        let command = format!("aws eks list-pod-identity-associations --cluster-name {}", shell_word(&cluster.name));
        ask("does Pod Identity come before IRSA", command);
    }
    open
}

fn account_command(pod: &Pod) -> String {
    let [name, namespace] = [pod.service_account(), pod.namespace()].map(shell_word);
    format!("kubectl get serviceaccount {name} -n {namespace} -o json --show-managed-fields")
}
