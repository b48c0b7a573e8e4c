//! Cross-checks documents: pods, service accounts and webhooks against roles, trust policies and providers. Pure, and
//! needs no permission: whoever runs it has `kubectl` and `aws` already.

mod account;
#[cfg(test)]
mod cases;
#[cfg(test)]
mod cluster;
mod configuration;
mod group;
mod iam;
mod live;
mod open;
#[cfg(test)]
mod pairs;
mod pod;
mod provider;
#[cfg(test)]
mod rows;
mod token_file;
mod webhook;
mod workload;

pub use group::{Group, groups};
pub use live::with_documents;
pub use open::Open;
pub use webhook::{Applied, Rule};
pub use workload::Workload;

use crate::causes::{Advice, Fix, Severity};
use crate::diagnosis::report::exit;
use crate::documents::trust_policy::STS_AUDIENCE;
use crate::documents::{Absent, Documents, Origin, Pod, ServiceAccount, WebhookConfiguration};
use crate::probe::evidence::Token;
use crate::text::timestamp::Timestamp;
use serde::Serialize;

/// What is known besides the documents.
#[derive(Clone, Copy, Debug)]
pub struct Context<'a> {
    pub now: Timestamp,
    /// The token in this pod, if this is the pod.
    pub token: Option<&'a Token>,
    /// The role that this pod is to have.
    pub role_arn: Option<&'a str>,
    /// SHA-1 of the last certificate that the issuer's host showed (`--issuer-check`).
    pub thumbprint: Option<&'a str>,
}

/// The result.
#[derive(Clone, Debug, Default)]
pub struct Audit {
    pub pods: Vec<PodStory>,
    /// `NAMESPACE/NAME` of pods that nothing ties to IRSA, as far as the documents go.
    pub without_irsa: Vec<String>,
    /// What is as it should be, and what is good to know, in sentences.
    pub facts: Vec<String>,
    /// Errors first.
    pub findings: Vec<Finding>,
    /// What other documents would tell.
    pub open: Vec<Open>,
    /// How many documents could not be used, so that nothing is known to be right in them.
    pub unusable: usize,
}

/// What an audit comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    Clean,
    /// Nothing given shows whether anything works.
    NothingToJudge,
    /// Some documents could not be used.
    Incomplete,
    Warnings,
    Broken,
}

/// One pod (or pod template) that has to do with IRSA.
#[derive(Clone, Debug)]
pub struct PodStory {
    /// `pod payments/checkout-0`.
    pub about: String,
    pub workload: Workload,
    pub service_account: String,
    /// What the webhook did to it and why; what it will do, for one that was not sent yet.
    pub applied: Vec<Applied>,
    /// Mode and owner that the kubelet gives the token file.
    pub token_file: Option<String>,
}

/// A fault in what the documents say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    pub code: &'static str,
    pub severity: Severity,
    pub advice: Advice,
    /// The object that is at fault.
    pub about: String,
    /// Where that is a pod, or in a pod.
    pub of: Option<OfPod>,
    pub cause: String,
    pub fix: Fix,
}

/// Which pod, and what it is one of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OfPod {
    pub workload: Workload,
    pub pod: String,
}

impl Finding {
    fn new(code: &'static str, about: impl Into<String>, cause: impl Into<String>, fix: Fix) -> Finding {
        let (about, cause) = (about.into(), cause.into());
        Finding { code, severity: Severity::Error, advice: Advice::Fix, about, of: None, cause, fix }
    }

    /// Only a new pod can be without the fault.
    fn frozen(self) -> Finding {
        Finding { advice: Advice::RecreatePod, ..self }
    }

    fn warning(self) -> Finding {
        Finding { severity: Severity::Warning, ..self }
    }

    fn note(self) -> Finding {
        Finding { severity: Severity::Info, advice: Advice::None, ..self }
    }
}

impl Context<'_> {
    /// Nothing but the documents.
    pub fn at(now: Timestamp) -> Self {
        Context { now, token: None, role_arn: None, thumbprint: None }
    }
}

impl Audit {
    /// As for a report: 0 without errors, 4 if only a new pod can be right, else 1. A document that could not be used is a
    /// mistake of whoever called.
    pub fn exit_code(&self) -> u8 {
        let errors = || self.findings.iter().filter(|finding| finding.severity == Severity::Error);
        if errors().any(|finding| finding.advice == Advice::RecreatePod) {
            exit::RECREATE_POD
        } else if errors().next().is_some() {
            exit::FIX
        } else if self.unusable > 0 {
            exit::USAGE
        } else {
            exit::WORKS
        }
    }

    /// The whole in a word.
    pub fn verdict(&self) -> Verdict {
        let has = |severity| self.findings.iter().any(|finding| finding.severity == severity);
        // A template or a service account alone says what will be, not whether it works.
        let nothing = self.findings.is_empty()
            && self.facts.is_empty()
            && self.without_irsa.is_empty()
            && self.pods.iter().all(|pod| pod.applied.is_empty());
        match self.unusable {
            _ if has(Severity::Error) => Verdict::Broken,
            _ if has(Severity::Warning) => Verdict::Warnings,
            0 if nothing => Verdict::NothingToJudge,
            0 => Verdict::Clean,
            _ => Verdict::Incomplete,
        }
    }

    fn add(&mut self, finding: Finding) {
        if !self.findings.contains(&finding) {
            self.findings.push(finding);
        }
    }
}

/// Checks everything against everything else.
pub fn audit(documents: &Documents, context: Context<'_>) -> Audit {
    let mut audit = Audit { unusable: documents.unusable.len(), ..Audit::default() };
    for absent in &documents.absent {
        if let Absent::Other(said) = absent {
            audit.facts.push(format!("not found: {said}"));
        }
    }
    let admitted = documents.pods.iter().filter(|pod| pod.origin == Origin::Admitted).count();
    let admitted = admitted + documents.ended.get("Pod").copied().unwrap_or_default();
    let case = Case { documents, context, admitted };
    for pod in documents.pods.iter().filter(|pod| !case.is_before_of_another(pod)) {
        pod::audit(&case, pod, &mut audit);
    }
    for account in &documents.service_accounts {
        account::audit(&case, account, &mut audit);
    }
    configuration::audit(&case, &mut audit);
    iam::audit(&case, &mut audit);
    audit.open = open::questions(&case, &audit);
    audit.findings.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
    audit
}

/// What is looked at, with the ways from one document to another.
struct Case<'a> {
    documents: &'a Documents,
    context: Context<'a>,
    /// How many pods the API server told of, ended ones too.
    admitted: usize,
}

/// A service account and the role that it is to have.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Link {
    namespace: String,
    account: String,
    role_arn: String,
    audience: String,
}

impl<'a> Case<'a> {
    fn account(&self, namespace: &str, name: &str) -> Option<&'a ServiceAccount> {
        let is = |account: &&ServiceAccount| account.namespace() == namespace && account.metadata.name == name;
        self.documents.service_accounts.iter().find(is)
    }

    fn account_of(&self, pod: &Pod) -> Option<&'a ServiceAccount> {
        self.account(pod.namespace(), pod.service_account())
    }

    /// The same pod as it was submitted.
    fn before(&self, pod: &Pod) -> Option<&'a Pod> {
        let same = |other: &&Pod| {
            other.origin == Origin::Manifest
                && other.metadata.name == pod.metadata.name
                && other.namespace() == pod.namespace()
        };
        self.documents.pods.iter().find(same).filter(|_| pod.origin == Origin::Admitted)
    }

    /// The webhook configurations of the cluster, if the documents tell them: the objects, a list of them, or kubectl's word
    /// that the webhook's is not there.
    fn webhooks(&self) -> Option<&'a [WebhookConfiguration]> {
        let is_ours = |one: &Absent| matches!(one, Absent::WebhookConfiguration(name) if configuration::is_named(name));
        let none = self.documents.absent.iter().any(is_ours) || self.empty_list_is_of_webhooks();
        self.documents.webhooks.as_deref().or(none.then_some(&[]))
    }

    /// `kubectl get mutatingwebhookconfigurations -o json` prints an empty list without a kind where there are none. So it
    /// does for pods; but then the webhook has changed no pod, and has left alone one that it should have changed.
    fn empty_list_is_of_webhooks(&self) -> bool {
        let mut pods = self.documents.pods.iter().filter(|pod| pod.origin == Origin::Admitted);
        self.documents.empty_lists > 0
            && !pods.clone().any(webhook::is_mutated)
            && pods.any(|pod| pod::was_missed(self, pod))
    }

    /// Whether the documents show that a namespace does not exist.
    fn lacks_namespace(&self, name: &str) -> bool {
        let documents = self.documents;
        let given = || documents.namespaces.iter().any(|one| one.name == name);
        documents.all_namespaces && !given() || documents.absent.contains(&Absent::Namespace(name.to_owned()))
    }

    fn is_before_of_another(&self, pod: &Pod) -> bool {
        let admitted = |other: &&Pod| other.origin == Origin::Admitted;
        pod.origin == Origin::Manifest
            && self.documents.pods.iter().filter(admitted).any(|other| self.before(other).is_some_and(|p| p == pod))
    }

    /// The issuer of the cluster's tokens, and what tells it.
    fn issuer(&self) -> Option<(&'a str, &'static str)> {
        let documents = self.documents;
        let token = self.context.token.and_then(|token| token.issuer.as_deref()).map(|iss| (iss, "the token"));
        let report =
            || documents.reports.iter().find_map(|report| Some((report.token.issuer.as_deref()?, "the report")));
        let cluster = || documents.clusters.iter().find_map(|cluster| Some((cluster.issuer()?, "the cluster")));
        let discovery = || documents.discoveries.first().map(|found| (found.issuer.as_str(), "the discovery document"));
        token.or_else(report).or_else(cluster).or_else(discovery)
    }

    /// Which service account is to have which role: by annotations, by pods' variables, by reports, by this pod's token.
    fn links(&self) -> Vec<Link> {
        let mut links: Vec<Link> = Vec::new();
        let mut add = |namespace: &str, account: &str, role_arn: &str, audience: &str| {
            let [namespace, account, role_arn, audience] = [namespace, account, role_arn, audience].map(str::to_owned);
            let link = Link { namespace, account, role_arn, audience };
            if !link.role_arn.is_empty() && !links.contains(&link) {
                links.push(link);
            }
        };
        if let (Some(token), Some(role)) = (self.context.token, self.context.role_arn)
            && let Some((namespace, name)) = token.subject.as_deref().and_then(account_of_subject)
        {
            let audience = token.authorized_party.as_ref().or(token.audience.first());
            add(namespace, name, role, audience.map_or(STS_AUDIENCE, String::as_str));
        }
        for account in &self.documents.service_accounts {
            let annotation = |name: &str| account.metadata.annotations.get(&format!("{}{name}", account::PREFIX));
            let audience = annotation("audience").map_or(STS_AUDIENCE, String::as_str);
            if let Some(role) = annotation("role-arn") {
                add(account.namespace(), &account.metadata.name, role, audience);
            }
        }
        for pod in &self.documents.pods {
            let audience = pod.volume(webhook::VOLUME).and_then(|volume| volume.token()?.audience.as_deref());
            let roles = pod.containers().filter_map(|container| container.value("AWS_ROLE_ARN"));
            for role in roles.filter(|_| self.account_of(pod).is_none()) {
                add(pod.namespace(), pod.service_account(), role, audience.unwrap_or(STS_AUDIENCE));
            }
        }
        for report in &self.documents.reports {
            let subject = report.token.subject.as_deref().and_then(account_of_subject);
            let audience = report.token.audience.first().map_or(STS_AUDIENCE, String::as_str);
            if let (Some((namespace, name)), Some(role)) = (subject, &report.identity.expected_role_arn) {
                add(namespace, name, role, audience);
            }
        }
        links
    }
}

fn account_of_subject(subject: &str) -> Option<(&str, &str)> {
    subject.strip_prefix("system:serviceaccount:")?.split_once(':')
}
