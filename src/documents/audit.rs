//! Cross-checks documents: pods, service accounts and webhooks against roles, trust policies and providers. Pure, and
//! needs no permission: whoever runs it has `kubectl` and `aws` already.

mod account;
mod case;
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
use crate::documents::{Absent, Documents};
use crate::probe::evidence::Token;
use crate::text::timestamp::Timestamp;
use case::{Case, Link, account_of_subject};
use serde::Serialize;
use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};

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
    /// Where findings of the same hash are.
    places: HashMap<u64, Vec<usize>>,
    hasher: RandomState,
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

    /// Each fault of an object once.
    fn add(&mut self, finding: Finding) {
        fn key(finding: &Finding) -> (&str, &str, &str) {
            (finding.code, &finding.about, &finding.cause)
        }
        let places = self.places.entry(self.hasher.hash_one(key(&finding))).or_default();
        if !places.iter().any(|place| key(&self.findings[*place]) == key(&finding)) {
            places.push(self.findings.len());
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
    let case = Case::new(documents, context);
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
