//! What `irsa-probe check --output json` printed in a pod.

use crate::causes::Severity;
use serde::Deserialize;

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct ReportFacts {
    /// The first line of the report as text.
    pub summary: String,
    pub identity: ReportedIdentity,
    pub token: ReportedToken,
    pub findings: Vec<ReportedFinding>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct ReportedIdentity {
    pub expected_role_arn: Option<String>,
    /// As whom the pod's calls are made.
    pub caller_arn: Option<String>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct ReportedToken {
    pub issuer: Option<String>,
    pub subject: Option<String>,
    pub audience: Vec<String>,
    pub key_id: Option<String>,
    pub namespace: Option<String>,
    pub pod: Option<String>,
}

#[derive(Clone, Debug, Deserialize)]
pub struct ReportedFinding {
    pub code: String,
    pub severity: Severity,
    pub cause: String,
    #[serde(default)]
    pub candidates: Vec<ReportedCandidate>,
    #[serde(default)]
    pub fix: ReportedFix,
}

#[derive(Clone, Debug, Deserialize)]
pub struct ReportedCandidate {
    pub code: String,
    pub why: String,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct ReportedFix {
    pub text: String,
    pub commands: Vec<String>,
    pub snippets: Vec<String>,
}
