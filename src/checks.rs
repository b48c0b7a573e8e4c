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
pub(crate) use token_not_yet_valid::seconds_too_early;

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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evidence::{
        Alien, AlienKind as UnexpectedKind, CallFault, Clock, ClockSource, Endpoint, EndpointSource, Operation,
        Padding, Seen, Token,
    };
    use crate::finding::Severity;

    /// What STS answers, as far as its texts are public, and one that nobody has seen.
    const REFUSALS: &[(Operation, u16, &str, &str)] = {
        use Operation::{AssumeRoleWithWebIdentity as ASSUME, GetCallerIdentity as IDENTITY};
        &[
            (ASSUME, 403, "AccessDenied", "Not authorized to perform sts:AssumeRoleWithWebIdentity"),
            (ASSUME, 403, "AccessDenied", "... with an explicit deny in a resource control policy"),
            (
                ASSUME,
                400,
                "ExpiredTokenException",
                "Token expired: current date/time 1731098245 must be before the ...",
            ),
            (ASSUME, 400, "ExpiredTokenException", "Token too old: 441398"),
            (ASSUME, 400, "InvalidIdentityToken", "Incorrect token audience"),
            (ASSUME, 400, "InvalidIdentityToken", "Missing a required claim: aud"),
            (ASSUME, 400, "InvalidIdentityToken", "No OpenIDConnect provider found in your account for https://i"),
            (ASSUME, 400, "InvalidIdentityToken", "Couldn't retrieve verification key from your identity provider, "),
            (ASSUME, 400, "InvalidIdentityToken", "The web identity token provided could not be validated"),
            (ASSUME, 400, "InvalidIdentityToken", "The ID Token provided is not a valid JWT."),
            (ASSUME, 400, "InvalidIdentityToken", "a text that nobody has seen"),
            (ASSUME, 403, "IDPRejectedClaim", "the provider responded with HTTP/1.1 400 Bad Request"),
            (ASSUME, 400, "IDPCommunicationError", "Error communicating with the identity provider"),
            (ASSUME, 400, "ValidationError", "Request ARN is invalid"),
            (
                ASSUME,
                400,
                "ValidationError",
                "The requested DurationSeconds exceeds the MaxSessionDuration set for ...",
            ),
            (
                ASSUME,
                400,
                "ValidationError",
                "Value 'x' at 'roleSessionName' failed to satisfy constraint: Member must ...",
            ),
            (ASSUME, 400, "ValidationError", "a text that nobody has seen"),
            (ASSUME, 403, "RegionDisabledException", "STS is not activated in this region for account:123456789012."),
            (ASSUME, 400, "Throttling", "Rate exceeded"),
            (ASSUME, 500, "InternalFailure", "The request processing has failed"),
            (ASSUME, 400, "NeverSeen", ""),
            (IDENTITY, 403, "InvalidClientTokenId", "The security token included in the request is invalid"),
            (IDENTITY, 403, "SignatureDoesNotMatch", "Signature expired: 20220127T001427Z is now earlier than ..."),
            (IDENTITY, 403, "SignatureDoesNotMatch", "The request signature we calculated does not match"),
            (IDENTITY, 403, "ExpiredToken", "The security token included in the request is expired"),
            (IDENTITY, 403, "MissingAuthenticationToken", "Request is missing Authentication Token"),
            (IDENTITY, 400, "NeverSeen", ""),
        ]
    };

    /// What else may be odd at the same time.
    type Oddity = fn(&mut Evidence);
    const ODDITIES: &[(&str, Oddity)] = &[
        ("nothing", |_| {}),
        ("white space", |evidence| change(evidence, |token| token.padding = Some(Padding::WhiteSpace))),
        ("byte order mark", |evidence| change(evidence, |token| token.padding = Some(Padding::ByteOrderMark))),
        ("no exp", |evidence| change(evidence, |token| token.expires_at = None)),
        ("no times", |evidence| {
            change(evidence, |token| (token.expires_at, token.issued_at, token.not_before) = (None, None, None));
        }),
        ("expired", |evidence| change(evidence, |token| token.expires_at = Some(testing::NOW.plus(-60)))),
        ("early", |evidence| change(evidence, |token| token.not_before = Some(testing::NOW.plus(4_000)))),
        ("no issuer", |evidence| change(evidence, |token| token.issuer = None)),
        ("issuer of a cluster", |evidence| {
            change(evidence, |token| token.issuer = Some("https://kubernetes.default.svc".into()));
        }),
        ("foreign", |evidence| {
            change(evidence, |token| (token.subject, token.kubernetes) = (Some("repo:a/b".into()), Default::default()));
        }),
        ("two audiences", |evidence| change(evidence, |token| token.audience.push("vault".into()))),
        ("ten minutes behind", |evidence| skew(evidence, 600)),
        ("a day behind", |evidence| skew(evidence, 86_400)),
        ("a day ahead", |evidence| skew(evidence, -86_400)),
        ("no clock", |evidence| evidence.clock = Seen::Failed("the answer has no Date header".into())),
        ("another service account", |evidence| {
            evidence.expected.service_account = Some(("payments".into(), "basket".into()));
        }),
        ("plain http", |evidence| {
            let endpoint =
                Endpoint { https: false, url: "http://sts.eu-west-1.amazonaws.com".into(), ..testing::endpoint() };
            evidence.endpoint = Seen::Seen(endpoint);
        }),
        ("an override", |evidence| {
            let source = EndpointSource::Override("AWS_ENDPOINT_URL_STS");
            evidence.endpoint = Seen::Seen(Endpoint { https: false, source, ..testing::endpoint() });
        }),
        ("a session name", |evidence| {
            evidence.environment = testing::variables(&[
                ("AWS_ROLE_ARN", testing::ROLE),
                ("AWS_WEB_IDENTITY_TOKEN_FILE", "/token"),
                ("AWS_ROLE_SESSION_NAME", "checkout"),
            ]);
        }),
        ("keys", |evidence| {
            evidence.environment = testing::variables(&[
                ("AWS_ROLE_ARN", testing::ROLE),
                ("AWS_WEB_IDENTITY_TOKEN_FILE", "/token"),
                ("AWS_ACCESS_KEY_ID", "AKIAEXAMPLE"),
                ("AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://169.254.170.23/v1/credentials"),
            ]);
        }),
    ];

    fn change(evidence: &mut Evidence, change: impl FnOnce(&mut Token)) {
        if let Seen::Seen(token) = &mut evidence.token {
            change(token);
        }
    }

    fn skew(evidence: &mut Evidence, ahead_seconds: i64) {
        evidence.clock = Seen::Seen(Clock { ahead_seconds, source: ClockSource::DateHeader });
    }

    #[test]
    fn a_refusal_by_sts_is_an_error_whatever_else_is_odd() {
        for (operation, status, code, message) in REFUSALS {
            for (name, oddity) in ODDITIES {
                let mut evidence = testing::answered(*operation, *status, code, message);
                oddity(&mut evidence);
                assert_error(&evidence, &format!("{code} {message:?} with {name}"));
            }
        }
    }

    #[test]
    fn an_answer_that_is_not_from_sts_is_an_error_whatever_else_is_odd() {
        let kinds = [UnexpectedKind::Html, UnexpectedKind::Empty, UnexpectedKind::CutOff, UnexpectedKind::Unknown];
        for operation in [Operation::AssumeRoleWithWebIdentity, Operation::GetCallerIdentity] {
            for (status, kind) in
                [200, 403, 502].into_iter().flat_map(|status| kinds.iter().map(move |kind| (status, kind)))
            {
                for (name, oddity) in ODDITIES {
                    let answer =
                        Alien { operation, status, content_type: None, server: None, kind: kind.clone(), attempts: 1 };
                    let mut evidence = testing::failed(operation, CallFault::NotSts(answer));
                    oddity(&mut evidence);
                    assert_error(&evidence, &format!("{status} {kind:?} with {name}"));
                }
            }
        }
    }

    #[track_caller]
    fn assert_error(evidence: &Evidence, what: &str) {
        let findings: Vec<Finding> = judge(evidence).iter().filter_map(Judged::finding).collect();
        let is_error = findings.iter().any(|finding| finding.severity == Severity::Error);
        let codes: Vec<_> = findings.iter().map(|finding| finding.cause.code).collect();
        assert!(is_error, "{what}: {codes:?}");
    }
}
