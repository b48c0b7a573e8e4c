//! The registry: every fault that has a name, in the order in which a credential travels (variables, token file,
//! token, endpoint, network, STS, caller). The first error of a run is the root cause.
//!
//! One fault is one file and one static [`Cause`]. The file's name is the fault's code. To add one, write the file, add
//! its line below and a directory in `tests/cases/`.

pub(crate) mod agent;
mod answered;
mod cause;
mod facts;
mod names;
mod saying;
mod sdk_versions;
#[cfg(test)]
pub(crate) mod testing;
pub(crate) mod webhook;

pub(crate) use answered::*;
pub use cause::*;
pub use facts::*;
pub use names::Names;
pub use saying::*;

/// `file: STATIC`, one line a fault.
macro_rules! registry {
    ($($file:ident: $cause:ident,)*) => {
        $(pub(crate) mod $file;)*
        $(pub(crate) use $file::$cause;)*

        /// Every fault that has a name.
        pub static CAUSES: &[&Cause] = &[$(&$cause),*];
    };
}

registry! {
    debug_container_without_target: DEBUG_CONTAINER_WITHOUT_TARGET,
    target_environment_denied: TARGET_ENVIRONMENT_DENIED,
    env_stripped_from_process: ENV_STRIPPED_FROM_PROCESS,
    profile_file_permission_denied: PROFILE_FILE_PERMISSION_DENIED,
    profile_file_unusable_by_boto: PROFILE_FILE_UNUSABLE_BY_BOTO,
    profile_not_found: PROFILE_NOT_FOUND,
    env_not_injected: ENV_NOT_INJECTED,
    env_partially_set: ENV_PARTIALLY_SET,
    profile_incomplete: PROFILE_INCOMPLETE,
    malformed_arn: MALFORMED_ARN,
    invalid_session_name: INVALID_SESSION_NAME,
    token_file_missing: TOKEN_FILE_MISSING,
    token_path_relative: TOKEN_PATH_RELATIVE,
    token_file_permission_denied: TOKEN_FILE_PERMISSION_DENIED,
    token_file_unreadable_by_target: TOKEN_FILE_UNREADABLE_BY_TARGET,
    token_file_unreadable_by_probe: TOKEN_FILE_UNREADABLE_BY_PROBE,
    probe_uid_differs_from_app: PROBE_UID_DIFFERS_FROM_APP,
    token_file_malformed: TOKEN_FILE_MALFORMED,
    token_audience_for_other_use: TOKEN_AUDIENCE_FOR_OTHER_USE,
    issuer_not_public_default: ISSUER_NOT_PUBLIC_DEFAULT,
    service_account_mismatch: SERVICE_ACCOUNT_MISMATCH,
    token_expired: TOKEN_EXPIRED,
    token_not_yet_valid: TOKEN_NOT_YET_VALID,
    token_not_refreshed: TOKEN_NOT_REFRESHED,
    pod_identity_env_partially_set: POD_IDENTITY_ENV_PARTIALLY_SET,
    container_uri_not_the_agent: CONTAINER_URI_NOT_THE_AGENT,
    pod_identity_wrong_audience: POD_IDENTITY_WRONG_AUDIENCE,
    agent_not_running: AGENT_NOT_RUNNING,
    agent_unreachable_timeout: AGENT_UNREACHABLE_TIMEOUT,
    agent_address_taken: AGENT_ADDRESS_TAKEN,
    agent_rate_limited: AGENT_RATE_LIMITED,
    association_missing: ASSOCIATION_MISSING,
    eks_auth_throttled: EKS_AUTH_THROTTLED,
    eks_auth_unreachable_from_node: EKS_AUTH_UNREACHABLE_FROM_NODE,
    node_credentials_missing: NODE_CREDENTIALS_MISSING,
    node_role_lacks_eks_auth: NODE_ROLE_LACKS_EKS_AUTH,
    eks_auth_token_refused: EKS_AUTH_TOKEN_REFUSED,
    eks_auth_server_error: EKS_AUTH_SERVER_ERROR,
    pod_identity_not_authorized: POD_IDENTITY_NOT_AUTHORIZED,
    region_missing: REGION_MISSING,
    china_partition_endpoint: CHINA_PARTITION_ENDPOINT,
    sts_endpoint_misconfigured: STS_ENDPOINT_MISCONFIGURED,
    wrong_partition_endpoint: WRONG_PARTITION_ENDPOINT,
    dns_failure: DNS_FAILURE,
    proxy_interferes: PROXY_INTERFERES,
    proxy_not_supported: PROXY_NOT_SUPPORTED,
    proxy_url_invalid: PROXY_URL_INVALID,
    sts_global_endpoint_in_private_vpc: STS_GLOBAL_ENDPOINT_IN_PRIVATE_VPC,
    sts_endpoint_unreachable_timeout: STS_ENDPOINT_UNREACHABLE_TIMEOUT,
    tls_unknown_ca: TLS_UNKNOWN_CA,
    tls_hostname_mismatch: TLS_HOSTNAME_MISMATCH,
    sts_unreachable: STS_UNREACHABLE,
    dns_degraded: DNS_DEGRADED,
    sts_slow: STS_SLOW,
    request_clock_skew: REQUEST_CLOCK_SKEW,
    throttled: THROTTLED,
    sts_server_error: STS_SERVER_ERROR,
    region_sts_disabled: REGION_STS_DISABLED,
    oidc_provider_not_found: OIDC_PROVIDER_NOT_FOUND,
    wrong_audience: WRONG_AUDIENCE,
    thumbprint_mismatch: THUMBPRINT_MISMATCH,
    jwks_key_mismatch: JWKS_KEY_MISMATCH,
    verification_key_not_retrieved: VERIFICATION_KEY_NOT_RETRIEVED,
    issuer_unreachable: ISSUER_UNREACHABLE,
    idp_rejected_claim: IDP_REJECTED_CLAIM,
    scp_or_boundary_deny: SCP_OR_BOUNDARY_DENY,
    not_authorized: NOT_AUTHORIZED,
    session_duration_exceeds_max: SESSION_DURATION_EXCEEDS_MAX,
    opt_in_region_v1_token: OPT_IN_REGION_V1_TOKEN,
    signed_call_refused: SIGNED_CALL_REFUSED,
    sts_answer_not_understood: STS_ANSWER_NOT_UNDERSTOOD,
    caller_is_not_expected_role: CALLER_IS_NOT_EXPECTED_ROLE,
    static_keys_override: STATIC_KEYS_OVERRIDE,
    profile_precedence: PROFILE_PRECEDENCE,
    pod_identity_precedence: POD_IDENTITY_PRECEDENCE,
    node_role_fallback: NODE_ROLE_FALLBACK,
    imds_reachable: IMDS_REACHABLE,
    sdk_lacks_web_identity: SDK_LACKS_WEB_IDENTITY,
    sdk_lacks_pod_identity: SDK_LACKS_POD_IDENTITY,
    agent_call_proxied: AGENT_CALL_PROXIED,
    sdk_calls_another_endpoint: SDK_CALLS_ANOTHER_ENDPOINT,
    sdk_ignores_proxy: SDK_IGNORES_PROXY,
    sdk_trusts_other_cas: SDK_TRUSTS_OTHER_CAS,
    // No evidence within a pod proves these: they are candidates, or read from an error text.
    pod_predates_association: POD_PREDATES_ASSOCIATION,
    pod_identity_injection_missed: POD_IDENTITY_INJECTION_MISSED,
    pod_identity_unsupported_compute: POD_IDENTITY_UNSUPPORTED_COMPUTE,
    association_change_not_yet_served: ASSOCIATION_CHANGE_NOT_YET_SERVED,
    pods_eks_trust_missing: PODS_EKS_TRUST_MISSING,
    tag_session_missing: TAG_SESSION_MISSING,
    pod_identity_condition_mismatch: POD_IDENTITY_CONDITION_MISMATCH,
    target_role_not_assumable: TARGET_ROLE_NOT_ASSUMABLE,
    call_refused_for_temporary_credentials: CALL_REFUSED_FOR_TEMPORARY_CREDENTIALS,
    condition_key_wrong_in_trust_policy: CONDITION_KEY_WRONG_IN_TRUST_POLICY,
    env_not_injected_annotation_missing_or_misplaced: ENV_NOT_INJECTED_ANNOTATION_MISSING_OR_MISPLACED,
    env_not_injected_by_opt_out: ENV_NOT_INJECTED_BY_OPT_OUT,
    env_not_injected_pod_predates_annotation: ENV_NOT_INJECTED_POD_PREDATES_ANNOTATION,
    env_not_injected_webhook_missing: ENV_NOT_INJECTED_WEBHOOK_MISSING,
    mesh_proxy_not_running: MESH_PROXY_NOT_RUNNING,
    explicit_deny_in_trust_policy: EXPLICIT_DENY_IN_TRUST_POLICY,
    no_oidc_provider: NO_OIDC_PROVIDER,
    packed_policy_too_large: PACKED_POLICY_TOO_LARGE,
    role_does_not_exist: ROLE_DOES_NOT_EXIST,
    role_lacks_permissions: ROLE_LACKS_PERMISSIONS,
    sdk_rejects_ipv6_agent: SDK_REJECTS_IPV6_AGENT,
    second_hop_assume_role_denied: SECOND_HOP_ASSUME_ROLE_DENIED,
    second_hop_tag_session_denied: SECOND_HOP_TAG_SESSION_DENIED,
    session_credentials_expired: SESSION_CREDENTIALS_EXPIRED,
    session_name_not_fixed: SESSION_NAME_NOT_FIXED,
    subject_wildcard_needs_stringlike: SUBJECT_WILDCARD_NEEDS_STRINGLIKE,
    token_path_not_absolute_on_windows: TOKEN_PATH_NOT_ABSOLUTE_ON_WINDOWS,
    trust_policy_lacks_web_identity_statement: TRUST_POLICY_LACKS_WEB_IDENTITY_STATEMENT,
    unexpected_auth_header_on_unsigned_call: UNEXPECTED_AUTH_HEADER_ON_UNSIGNED_CALL,
    wrong_account_in_role_arn: WRONG_ACCOUNT_IN_ROLE_ARN,
    wrong_aud_condition_in_trust_policy: WRONG_AUD_CONDITION_IN_TRUST_POLICY,
    wrong_provider_in_trust_policy: WRONG_PROVIDER_IN_TRUST_POLICY,
    wrong_subject_in_trust_policy: WRONG_SUBJECT_IN_TRUST_POLICY,
}

/// The cause with this code.
pub fn cause(code: &str) -> Option<&'static Cause> {
    CAUSES.iter().copied().find(|cause| cause.code == code)
}
