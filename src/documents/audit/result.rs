//! The result of an audit: findings, facts, and what more documents would answer.

use super::command::Command;
use super::finding::ObjectFinding;
use super::webhook::Applied;
use super::workload::Workload;
use crate::causes::{Advice, Severity};
use crate::diagnosis::report::exit;
use crate::documents::Unanswered;
use serde::Serialize;
use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};

#[derive(Clone, Debug, Default)]
pub(crate) struct Audit {
    pub pods: Vec<AuditedPod>,
    /// `NAMESPACE/NAME` of pods without any sign of IRSA in the documents.
    pub without_irsa: Vec<String>,
    /// What is correct, and what is good to know, in sentences.
    pub facts: Vec<String>,
    /// What is to be, as documents say that show nothing of what is.
    pub expected: Vec<String>,
    /// Errors first.
    pub findings: Vec<ObjectFinding>,
    pub open: Vec<Open>,
    /// The number of pods of which nothing shows a role but a document that is not here, and of trust policies with a
    /// condition that only AWS can judge.
    pub undecided: usize,
    /// Every open question was tried: no document follows that answers it.
    pub is_final: bool,
    /// How a doctor is asked about one object of many.
    pub doctor: Option<Command>,
    /// The number of documents that could not be used. Nothing is known about what they contain.
    pub unusable: usize,
    /// The indices of findings with the same hash.
    indices: HashMap<u64, Vec<usize>>,
    hasher: RandomState,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Verdict {
    Clean,
    /// No document shows whether anything works.
    NothingToJudge,
    /// Some documents could not be used, or could not be had.
    Incomplete,
    Warnings,
    Broken,
}

/// One pod (or pod template) that uses IRSA or should.
#[derive(Clone, Debug)]
pub(crate) struct AuditedPod {
    /// `pod payments/checkout-0`.
    pub object: String,
    pub workload: Workload,
    pub service_account: String,
    /// What the webhook did to the pod and why. For a pod that does not exist yet, what it will do.
    pub applied: Vec<Applied>,
    /// Mode and owner that the kubelet gives the token file.
    pub token_file: Option<String>,
    /// Why one of its containers does not run.
    pub waits: Option<Box<str>>,
}

/// A question that one more document answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Open {
    pub question: String,
    /// Prints the document.
    pub command: Command,
    /// The AWS account that the question is about: the output of another account answers another question.
    pub account: Option<String>,
    /// The verdict depends on the answer.
    pub decides: bool,
    /// Why the command gave no answer, if it was tried.
    pub why: Option<String>,
}

impl Open {
    /// As a doctor saves it.
    pub(crate) fn saved(&self) -> Unanswered {
        Unanswered {
            question: self.question.clone(),
            command: self.command.words().to_vec(),
            account: self.account.clone(),
            decides: self.decides,
            why: self.why.clone().unwrap_or_default(),
        }
    }
}

impl From<Unanswered> for Open {
    fn from(Unanswered { question, command, account, decides, why }: Unanswered) -> Self {
        Open { question, command: Command::of_words(command), account, decides, why: Some(why) }
    }
}

impl Audit {
    /// Leaves open what a doctor left open, who has tried every question.
    pub(crate) fn close(&mut self, unanswered: Vec<Unanswered>) {
        self.open = unanswered.into_iter().map(Open::from).collect();
        self.is_final = true;
    }

    pub(super) fn new(unusable: usize) -> Self {
        Audit { unusable, ..Audit::default() }
    }

    /// As for a report: 0 without errors, 4 if a pod must be recreated, 1 for other errors. Without an error, 3 if there was
    /// nothing to judge, if a question that decides was tried in vain, for a pod without any sign of its role but a file that
    /// is not here, or for a trust policy that only AWS can judge, and 2 if a document could not be used.
    pub(crate) fn exit_code(&self) -> u8 {
        let findings = || self.findings.iter().map(|one| &one.finding);
        let errors = || findings().filter(|finding| finding.severity == Severity::Error);
        if errors().any(|finding| finding.advice == Advice::RecreatePod) {
            exit::RECREATE_POD
        } else if errors().next().is_some() {
            exit::FIX
        } else if self.is_undecided() || self.verdict() == Verdict::NothingToJudge {
            exit::UNDETERMINED
        } else if self.unusable > 0 {
            // A person can correct a file; what a command printed is as it is.
            if self.is_final { exit::UNDETERMINED } else { exit::USAGE }
        } else {
            exit::WORKS
        }
    }

    pub(crate) fn verdict(&self) -> Verdict {
        let has = |severity| self.findings.iter().any(|one| one.finding.severity == severity);
        // A template or a service account alone does not show whether anything works.
        let nothing = self.findings.is_empty()
            && self.facts.is_empty()
            && self.without_irsa.is_empty()
            && self.pods.iter().all(|pod| pod.applied.is_empty());
        match self.unusable {
            _ if has(Severity::Error) => Verdict::Broken,
            _ if self.is_undecided() => Verdict::Incomplete,
            _ if has(Severity::Warning) => Verdict::Warnings,
            0 if nothing => Verdict::NothingToJudge,
            0 => Verdict::Clean,
            _ => Verdict::Incomplete,
        }
    }

    pub(super) fn has_error(&self) -> bool {
        self.findings.iter().any(|one| one.finding.severity == Severity::Error)
    }

    /// Whether a question that decides was tried without an answer, or none of these documents can decide.
    fn is_undecided(&self) -> bool {
        self.undecided > 0 || self.is_final && self.open.iter().any(|one| one.decides)
    }

    /// Adds a finding unless it is a duplicate.
    pub(super) fn add(&mut self, finding: ObjectFinding) {
        fn key(finding: &ObjectFinding) -> (&str, &str, &str) {
            (finding.code(), &finding.object, finding.text())
        }
        let hash = self.hasher.hash_one(key(&finding));
        let indices = self.indices.entry(hash).or_insert_with(|| Vec::with_capacity(1));
        if !indices.iter().any(|index| key(&self.findings[*index]) == key(&finding)) {
            indices.push(self.findings.len());
            self.findings.push(finding.shrunk());
        }
    }
}
