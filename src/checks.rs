//! The registry of checks, in the order in which a credential travels: variables, token file, token, endpoint,
//! network, STS, caller. One fault per file; the file's name is the fault's code.
//!
//! To add one: a file here with a [`Check`], a line below, and a directory in `tests/cases/`.

mod caller_is_not_expected_role;
pub(crate) mod china_partition_endpoint;
mod condition_key_wrong_in_trust_policy;
mod debug_container_without_target;
mod dns_failure;
mod env_not_injected;
mod env_not_injected_annotation_missing_or_misplaced;
mod env_not_injected_by_opt_out;
mod env_not_injected_pod_predates_annotation;
mod env_not_injected_webhook_missing;
mod env_partially_set;
mod env_stripped_from_process;
mod explicit_deny_in_trust_policy;
mod idp_rejected_claim;
mod imds_reachable;
mod invalid_session_name;
mod issuer_not_public_default;
mod issuer_unreachable;
mod jwks_key_mismatch;
mod malformed_arn;
mod mesh_proxy_not_running;
mod no_oidc_provider;
mod node_role_fallback;
mod not_authorized;
mod oidc_provider_not_found;
mod opt_in_region_v1_token;
mod packed_policy_too_large;
mod pod_identity_precedence;
mod probe_uid_differs_from_app;
mod proxy_interferes;
mod region_missing;
mod region_sts_disabled;
mod request_clock_skew;
mod role_does_not_exist;
mod role_lacks_permissions;
mod scp_or_boundary_deny;
mod sdk_lacks_pod_identity;
mod sdk_lacks_web_identity;
mod second_hop_assume_role_denied;
mod service_account_mismatch;
mod session_credentials_expired;
mod session_duration_exceeds_max;
mod signed_call_refused;
mod static_keys_override;
mod sts_answer_not_understood;
mod sts_endpoint_misconfigured;
mod sts_endpoint_unreachable_timeout;
mod sts_global_endpoint_in_private_vpc;
mod sts_server_error;
mod sts_unreachable;
mod subject_wildcard_needs_stringlike;
mod target_environment_denied;
#[cfg(test)]
pub(crate) mod testing;
mod throttled;
mod thumbprint_mismatch;
mod tls_hostname_mismatch;
mod tls_unknown_ca;
mod token_audience_for_other_use;
mod token_expired;
mod token_file_malformed;
mod token_file_missing;
mod token_file_permission_denied;
mod token_file_unreadable_by_probe;
mod token_file_unreadable_by_target;
mod token_not_refreshed;
mod token_not_yet_valid;
mod token_path_not_absolute_on_windows;
mod token_path_relative;
mod trust_policy_lacks_web_identity_statement;
mod unexpected_auth_header_on_unsigned_call;
mod verification_key_not_retrieved;
mod wrong_account_in_role_arn;
mod wrong_aud_condition_in_trust_policy;
mod wrong_audience;
mod wrong_partition_endpoint;
mod wrong_provider_in_trust_policy;
mod wrong_subject_in_trust_policy;

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
    &debug_container_without_target::CHECK,
    &target_environment_denied::CHECK,
    &env_stripped_from_process::CHECK,
    &env_not_injected::CHECK,
    &env_partially_set::CHECK,
    &malformed_arn::CHECK,
    &invalid_session_name::CHECK,
    &token_file_missing::CHECK,
    &token_path_relative::CHECK,
    &token_file_permission_denied::CHECK,
    &token_file_unreadable_by_target::CHECK,
    &token_file_unreadable_by_probe::CHECK,
    &probe_uid_differs_from_app::CHECK,
    &token_file_malformed::CHECK,
    &token_audience_for_other_use::CHECK,
    &issuer_not_public_default::CHECK,
    &service_account_mismatch::CHECK,
    &token_expired::CHECK,
    &token_not_yet_valid::CHECK,
    &token_not_refreshed::CHECK,
    &region_missing::CHECK,
    &china_partition_endpoint::CHECK,
    &sts_endpoint_misconfigured::CHECK,
    &wrong_partition_endpoint::CHECK,
    &dns_failure::CHECK,
    &proxy_interferes::CHECK,
    &sts_global_endpoint_in_private_vpc::CHECK,
    &sts_endpoint_unreachable_timeout::CHECK,
    &tls_unknown_ca::CHECK,
    &tls_hostname_mismatch::CHECK,
    &sts_unreachable::CHECK,
    &request_clock_skew::CHECK,
    &throttled::CHECK,
    &sts_server_error::CHECK,
    &region_sts_disabled::CHECK,
    &oidc_provider_not_found::CHECK,
    &wrong_audience::CHECK,
    &thumbprint_mismatch::CHECK,
    &jwks_key_mismatch::CHECK,
    &verification_key_not_retrieved::CHECK,
    &issuer_unreachable::CHECK,
    &idp_rejected_claim::CHECK,
    &scp_or_boundary_deny::CHECK,
    &not_authorized::CHECK,
    &session_duration_exceeds_max::CHECK,
    &opt_in_region_v1_token::CHECK,
    &signed_call_refused::CHECK,
    &sts_answer_not_understood::CHECK,
    &caller_is_not_expected_role::CHECK,
    &static_keys_override::CHECK,
    &pod_identity_precedence::CHECK,
    &node_role_fallback::CHECK,
    &imds_reachable::CHECK,
    &sdk_lacks_web_identity::CHECK,
    &sdk_lacks_pod_identity::CHECK,
];

/// Faults that no evidence within a pod proves: they are only ever candidates, or read out of an error's text.
pub static CANDIDATES_ONLY: &[&Cause] = &[
    &condition_key_wrong_in_trust_policy::CAUSE,
    &env_not_injected_annotation_missing_or_misplaced::CAUSE,
    &env_not_injected_by_opt_out::CAUSE,
    &env_not_injected_pod_predates_annotation::CAUSE,
    &env_not_injected_webhook_missing::CAUSE,
    &mesh_proxy_not_running::CAUSE,
    &explicit_deny_in_trust_policy::CAUSE,
    &no_oidc_provider::CAUSE,
    &packed_policy_too_large::CAUSE,
    &role_does_not_exist::CAUSE,
    &role_lacks_permissions::CAUSE,
    &second_hop_assume_role_denied::CAUSE,
    &session_credentials_expired::CAUSE,
    &subject_wildcard_needs_stringlike::CAUSE,
    &token_path_not_absolute_on_windows::CAUSE,
    &trust_policy_lacks_web_identity_statement::CAUSE,
    &unexpected_auth_header_on_unsigned_call::CAUSE,
    &wrong_account_in_role_arn::CAUSE,
    &wrong_aud_condition_in_trust_policy::CAUSE,
    &wrong_provider_in_trust_policy::CAUSE,
    &wrong_subject_in_trust_policy::CAUSE,
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
