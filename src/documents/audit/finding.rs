//! A finding about an object of the cluster or the account.

use super::workload::Workload;
use crate::causes::{Advice, Candidate, Cause, Diagnosis, Facts, Finding, Fix, Severity};

/// A finding, and the object that has the fault.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ObjectFinding {
    /// `service account payments/checkout`.
    pub object: String,
    /// Set if the object is a pod or a container of one.
    pub pod: Option<PodOf>,
    pub finding: Finding,
    /// In place of the cause's, where that would say more than what was seen.
    title: Option<&'static str>,
}

/// A pod and the workload that it belongs to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PodOf {
    pub workload: Workload,
    pub pod: String,
}

impl ObjectFinding {
    /// An error that a fix outside the pod repairs. `text` is a clause with the values seen.
    pub(super) fn new(cause: &'static Cause, object: impl Into<String>, text: impl Into<String>, fix: Fix) -> Self {
        let diagnosis = Diagnosis::new(text, fix);
        let finding = Finding { cause, severity: Severity::Error, advice: Advice::Fix, diagnosis };
        ObjectFinding { object: object.into(), pod: None, finding, title: None }
    }

    /// The same with the fix of the cause.
    pub(super) fn with_facts(
        cause: &'static Cause,
        object: impl Into<String>,
        text: impl Into<String>,
        facts: &Facts,
    ) -> Self {
        Self::new(cause, object, text, (cause.fix)(facts))
    }

    /// Only a new pod is free of the fault.
    pub(super) fn recreate_pod(mut self) -> Self {
        self.finding.advice = Advice::RecreatePod;
        self
    }

    /// The documents do not decide between these.
    pub(super) fn could_be(mut self, candidates: Vec<Candidate>) -> Self {
        self.finding.diagnosis.candidates = candidates;
        self
    }

    /// Without memory to grow: a cluster can have a finding for each of its pods.
    pub(super) fn shrunk(mut self) -> Self {
        let Diagnosis { cause, candidates, fix, .. } = &mut self.finding.diagnosis;
        cause.shrink_to_fit();
        candidates.shrink_to_fit();
        fix.text.shrink_to_fit();
        fix.commands.shrink_to_fit();
        self.object.shrink_to_fit();
        self
    }

    pub(super) fn error(mut self) -> Self {
        self.finding.severity = Severity::Error;
        self
    }

    pub(super) fn warning(mut self) -> Self {
        self.finding.severity = Severity::Warning;
        self
    }

    pub(super) fn note(mut self) -> Self {
        self.finding.severity = Severity::Info;
        self.finding.advice = Advice::None;
        self
    }

    pub(super) fn titled(mut self, title: &'static str) -> Self {
        self.title = Some(title);
        self
    }

    pub(crate) fn title(&self) -> &'static str {
        self.title.unwrap_or(self.finding.cause.title)
    }

    pub(crate) fn code(&self) -> &'static str {
        self.finding.cause.code
    }

    /// What was seen, in a clause.
    pub(crate) fn text(&self) -> &str {
        &self.finding.diagnosis.cause
    }

    pub(crate) fn fix(&self) -> &Fix {
        &self.finding.diagnosis.fix
    }
}
