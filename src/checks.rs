//! The registry of checks, in the order in which a credential travels: variables, token file, token, endpoint,
//! network, STS, caller. One fault per file; the file's name is the fault's code.
//!
//! To add one: a file here with a [`Check`], a line below, and a directory in `tests/cases/`.

mod env_not_injected;
mod env_not_injected_annotation_missing_or_misplaced;
mod env_not_injected_pod_predates_annotation;
mod env_not_injected_webhook_missing;
mod env_partially_set;
mod issuer_not_public_default;
mod malformed_arn;
mod service_account_mismatch;
#[cfg(test)]
pub(crate) mod testing;
mod token_audience_for_other_use;
mod token_expired;
mod token_file_malformed;
mod token_file_missing;
mod token_file_permission_denied;
mod token_not_refreshed;
mod token_not_yet_valid;

use crate::evidence::Evidence;
use crate::finding::{Cause, Finding, Outcome};

/// A fault and the pure function that looks for it.
#[derive(Debug)]
pub struct Check {
    pub cause: Cause,
    /// Reads nothing but the evidence.
    pub judge: fn(&Evidence) -> Outcome,
}

/// Every check, in the order in which a credential travels: the first error found is the root cause.
pub static CHECKS: &[&Check] = &[
    &env_not_injected::CHECK,
    &env_partially_set::CHECK,
    &malformed_arn::CHECK,
    &token_file_missing::CHECK,
    &token_file_permission_denied::CHECK,
    &token_file_malformed::CHECK,
    &token_audience_for_other_use::CHECK,
    &issuer_not_public_default::CHECK,
    &service_account_mismatch::CHECK,
    &token_expired::CHECK,
    &token_not_yet_valid::CHECK,
    &token_not_refreshed::CHECK,
];

/// Faults that no evidence within a pod proves: they are only ever candidates, or read out of an error's text.
pub static CANDIDATES_ONLY: &[&Cause] = &[
    &env_not_injected_annotation_missing_or_misplaced::CAUSE,
    &env_not_injected_pod_predates_annotation::CAUSE,
    &env_not_injected_webhook_missing::CAUSE,
];

/// Every fault that has a name, checks first.
pub fn causes() -> impl Iterator<Item = &'static Cause> {
    CHECKS.iter().map(|check| &check.cause).chain(CANDIDATES_ONLY.iter().copied())
}

pub fn cause(code: &str) -> Option<&'static Cause> {
    causes().find(|cause| cause.code == code)
}

/// What one check said.
#[derive(Clone, Debug)]
pub struct Judged {
    pub check: &'static Check,
    pub outcome: Outcome,
}

/// Runs every check.
pub fn judge(evidence: &Evidence) -> Vec<Judged> {
    CHECKS.iter().map(|check| Judged { check, outcome: (check.judge)(evidence) }).collect()
}

impl Judged {
    /// The finding, if the check found its fault.
    pub fn finding(&self) -> Option<Finding> {
        let cause = &self.check.cause;
        let (diagnosis, severity) = match &self.outcome {
            Outcome::Fault(diagnosis) => (diagnosis, cause.severity),
            Outcome::Warning(diagnosis) => (diagnosis, crate::finding::Severity::Warning),
            Outcome::Pass | Outcome::Skip(_) => return None,
        };
        Some(Finding {
            cause,
            severity,
            advice: diagnosis.advice.unwrap_or(cause.advice),
            diagnosis: (**diagnosis).clone(),
        })
    }
}
