//! What AWS's answers mean, in the light of the clues.

mod caller;
mod trust_policy;

use super::Reading;
use super::clues::Clues;
use super::symptoms::Symptom;
use crate::aws::partition::Partition;
use crate::causes::{
    Candidate, IDP_REJECTED_CLAIM, INVALID_SESSION_NAME, ISSUER_NOT_PUBLIC_DEFAULT, ISSUER_UNREACHABLE,
    JWKS_KEY_MISMATCH, MALFORMED_ARN, NO_OIDC_PROVIDER, NOT_AUTHORIZED, OIDC_PROVIDER_NOT_FOUND,
    OPT_IN_REGION_V1_TOKEN, PACKED_POLICY_TOO_LARGE, POD_IDENTITY_PRECEDENCE, PROXY_INTERFERES, REGION_STS_DISABLED,
    REQUEST_CLOCK_SKEW, SCP_OR_BOUNDARY_DENY, SERVICE_ACCOUNT_MISMATCH, SESSION_CREDENTIALS_EXPIRED,
    SESSION_DURATION_EXCEEDS_MAX, SIGNED_CALL_REFUSED, STATIC_KEYS_OVERRIDE, STS_ANSWER_NOT_UNDERSTOOD,
    STS_ENDPOINT_MISCONFIGURED, STS_SERVER_ERROR, THROTTLED, THUMBPRINT_MISMATCH, TOKEN_AUDIENCE_FOR_OTHER_USE,
    TOKEN_EXPIRED, TOKEN_FILE_MALFORMED, TOKEN_NOT_YET_VALID, UNEXPECTED_AUTH_HEADER_ON_UNSIGNED_CALL,
    VERIFICATION_KEY_NOT_RETRIEVED, WRONG_ACCOUNT_IN_ROLE_ARN, WRONG_AUDIENCE, WRONG_PARTITION_ENDPOINT,
};
use crate::probe::evidence::Padding;

/// `symptom` is one that AWS says.
pub fn interpret(symptom: Symptom, clues: &Clues) -> Reading {
    use Symptom::*;
    let decided = |cause, why: &str| Reading::decided(symptom, cause, why);
    match symptom {
        ExplicitDeny => {
            decided(&SCP_OR_BOUNDARY_DENY, "AWS reports an explicit deny, which no trust policy can override")
        }
        NotAuthorized | Forbidden if clues.is_other_service_account() => {
            decided(&SERVICE_ACCOUNT_MISMATCH, "the token belongs to another service account than the expected one")
        }
        NotAuthorized | Forbidden => Reading::open(symptom, &NOT_AUTHORIZED, trust_policy::candidates(clues)),
        NoProvider => no_provider(symptom, clues),
        WrongAudience if clues.audience.as_deref().is_some_and(is_for_api_server) => decided(
            &TOKEN_AUDIENCE_FOR_OTHER_USE,
            "the token's audience is the API server's: this token was not issued for STS",
        ),
        WrongAudience => Reading::decided(symptom, &WRONG_AUDIENCE, wrong_audience(clues)),
        NoAudience => {
            decided(&TOKEN_AUDIENCE_FOR_OTHER_USE, "the token has no aud claim, so it was not issued for STS")
        }
        Thumbprint => {
            decided(&THUMBPRINT_MISMATCH, "the issuer's certificate chain does not match the provider's thumbprints")
        }
        NoVerificationKey => Reading::open(symptom, &VERIFICATION_KEY_NOT_RETRIEVED, no_key(clues)),
        IdpSilent => decided(&ISSUER_UNREACHABLE, "STS could not reach the issuer; AWS calls this often transient"),
        IdpRejected => decided(&IDP_REJECTED_CLAIM, "the identity provider itself rejected the token"),
        TokenExpired => token_expired(symptom, clues),
        BadToken | TokenRejected | RequestRejected if clues.padding.is_some() => {
            let padding = clues.padding.map(Padding::in_words).unwrap_or_default();
            Reading::decided(
                symptom,
                &TOKEN_FILE_MALFORMED,
                format!("the token file {padding}, which SDKs send with the token"),
            )
        }
        TokenRejected if clues.early.is_some() => {
            decided(&TOKEN_NOT_YET_VALID, "the claims iat and nbf say that the token is not valid yet")
        }
        TokenRejected => Reading::open(symptom, &STS_ANSWER_NOT_UNDERSTOOD, token_rejected(clues)),
        BadRoleArn => decided(&MALFORMED_ARN, "AWS rejects the format of the role ARN before it looks up the role"),
        BadSessionName => decided(&INVALID_SESSION_NAME, "AWS rejects the role session name"),
        BadToken => decided(&TOKEN_FILE_MALFORMED, "the value sent is not a token: it is empty or not text"),
        TooLong => decided(&SESSION_DURATION_EXCEEDS_MAX, "the requested session is longer than the role allows"),
        RequestRejected => Reading::open(symptom, &STS_ANSWER_NOT_UNDERSTOOD, request_rejected(clues)),
        RegionDisabled => {
            decided(&REGION_STS_DISABLED, "AWS says that STS is not activated in this region for the account")
        }
        Throttled => decided(&THROTTLED, "AWS limits the request rate"),
        ServerError => decided(&STS_SERVER_ERROR, "STS returned a server error; the request is not at fault"),
        PackedPolicy => {
            decided(&PACKED_POLICY_TOO_LARGE, "session tags and session policies together exceed the size limit")
        }
        SecondHopDenied => caller::second_hop(symptom, clues),
        CallerDenied => caller::denied(symptom, clues),
        ClockSkew => Reading::decided(symptom, &REQUEST_CLOCK_SKEW, clock_skew(clues)),
        SessionExpired if clues.clock_ahead.is_some_and(|ahead| ahead.abs() > 900) => {
            Reading::decided(symptom, &REQUEST_CLOCK_SKEW, clock_skew(clues))
        }
        SessionExpired => decided(
            &SESSION_CREDENTIALS_EXPIRED,
            "the session credentials expired (after an hour by default), not the service account token",
        ),
        SessionRefused => session_refused(symptom, clues),
        KeysRefused => decided(
            &STATIC_KEYS_OVERRIDE,
            "AWS does not know this access key or its secret; with IRSA, STS issues the keys itself",
        ),
        PodIdentity => decided(
            &POD_IDENTITY_PRECEDENCE,
            "credentials were requested from EKS Pod Identity, so this pod does not use IRSA, or not IRSA alone",
        ),
        WrongScope => {
            decided(&STS_ENDPOINT_MISCONFIGURED, "the call was signed for another region than the endpoint's")
        }
        _ => not_sts(symptom, clues),
    }
}

/// An answer that the table does not know.
pub fn unknown(code: &str, message: &str) -> Reading {
    let why = format!("this version has no entry for the STS error {code} {message:?}");
    Reading::decided(Symptom::NotSts, &STS_ANSWER_NOT_UNDERSTOOD, why)
}

fn is_for_api_server(audience: &[String]) -> bool {
    let api_server = |aud: &String| aud.contains("kubernetes.default") || aud == "api" || aud == "k3s";
    !audience.is_empty() && audience.iter().all(api_server)
}

fn no_provider(symptom: Symptom, clues: &Clues) -> Reading {
    let issuer = clues.issuer.as_deref().unwrap_or("the token's issuer");
    if clues.issuer_is_internal() {
        let why =
            format!("the issuer {issuer:?} is known only inside the cluster, so IAM cannot have a provider for it");
        return Reading::decided(symptom, &ISSUER_NOT_PUBLIC_DEFAULT, why);
    }
    if let Some(why) = other_partition(clues) {
        return Reading::decided(symptom, &WRONG_PARTITION_ENDPOINT, why);
    }
    let account = clues.role.as_ref().map(|role| role.account.as_str());
    let provider = clues.provider_arn().map_or_else(String::new, |arn| format!(": {arn}"));
    let in_account = account.map_or_else(|| "the role's account".to_owned(), |account| format!("account {account}"));
    let mut candidates = vec![
        Candidate::new(&NO_OIDC_PROVIDER, format!("{in_account} has no provider for {issuer}{provider}")),
        Candidate::new(&WRONG_ACCOUNT_IN_ROLE_ARN, wrong_account(clues)),
    ];
    if clues.is_of_other_account() == Some(true) {
        candidates.swap(0, 1);
    }
    if clues.issuer.is_some() && clues.issuer_partition().is_none() {
        let why = format!("{issuer} is not an EKS issuer: check that STS can reach it over the internet");
        candidates.push(Candidate::new(&ISSUER_NOT_PUBLIC_DEFAULT, why));
    }
    candidates.push(Candidate::new(
        &REGION_STS_DISABLED,
        "an STS endpoint of a region that is not enabled returns this error too; try another region",
    ));
    candidates.push(Candidate::new(
        &WRONG_PARTITION_ENDPOINT,
        "the STS of another partition (China, GovCloud) returns this error too",
    ));
    Reading::open(symptom, &OIDC_PROVIDER_NOT_FOUND, candidates)
}

/// Whether the role is of the node's account tells a cluster's own role from another account's, and no more: a role of
/// another account is as often meant so as mistyped.
fn wrong_account(clues: &Clues) -> String {
    let account = clues.role.as_ref().map_or("the one in AWS_ROLE_ARN", |role| role.account.as_str());
    let node = clues.node_account.as_deref().unwrap_or_default();
    match clues.is_of_other_account() {
        Some(true) => format!(
            "STS looks for the provider in the role's account {account}, but this node is in {node}: either the ARN \
             names the wrong account, or that account needs a provider for this issuer too"
        ),
        Some(false) => {
            format!("STS looks for the provider in the role's account {account}, also the node's account, so unlikely")
        }
        None => format!(
            "STS looks for the provider in the role's account {account}: check that the provider was created there"
        ),
    }
}

/// Why the called host is of another partition than role or issuer, if it is.
fn other_partition(clues: &Clues) -> Option<String> {
    let host = clues.host.as_deref()?;
    let called = Partition::of_host(host)?;
    let role = clues.role.as_ref().map(|role| role.partition);
    let region = clues.region.as_deref().and_then(Partition::of_region);
    let wanted = role.or_else(|| clues.issuer_partition()).or(region).filter(|wanted| *wanted != called)?;
    Some(format!("{host} belongs to partition {}, but the role or the issuer to {}", called.id(), wanted.id()))
}

fn wrong_audience(clues: &Clues) -> String {
    match clues.audience.as_deref() {
        // The client IDs may well hold the right one of them. Which one STS compares is not documented.
        Some(audience) if audience.len() > 1 => format!(
            "the token has {} audiences, {}, and no azp that says which one counts; AWS does not document which of \
             them STS compares with the client IDs of the IAM provider",
            audience.len(),
            quoted(audience)
        ),
        Some(audience) if clues.has_authorized_party => format!(
            "the token's azp {}, which STS compares instead of aud, is not among the client IDs of the IAM provider",
            quoted(audience)
        ),
        Some(audience) if !audience.is_empty() => format!(
            "the token's aud {} is not among the client IDs of the IAM provider (a mismatch in the trust policy would \
             be AccessDenied)",
            quoted(audience)
        ),
        _ => "the token's aud is not among the client IDs of the IAM provider (a mismatch in the trust policy would \
              be AccessDenied)"
            .to_owned(),
    }
}

fn quoted(audience: &[String]) -> String {
    audience.iter().map(|one| format!("{one:?}")).collect::<Vec<_>>().join(" and ")
}

fn no_key(clues: &Clues) -> Vec<Candidate> {
    let issuer = clues.issuer.as_deref().unwrap_or("the issuer");
    vec![
        Candidate::new(
            &ISSUER_UNREACHABLE,
            format!("STS must fetch the keys of {issuer} within 5 s: check for outages, firewalls and bursts of calls"),
        ),
        Candidate::new(
            &JWKS_KEY_MISMATCH,
            "compare the token's kid with the keys that the issuer publishes: they may have been rotated or recreated",
        ),
        Candidate::new(
            &UNEXPECTED_AUTH_HEADER_ON_UNSIGNED_CALL,
            "a client or proxy that adds an X-Amz-Security-Token or Authorization header has caused this error",
        ),
    ]
}

/// ExpiredTokenException judges by STS's clock.
fn token_expired(symptom: Symptom, clues: &Clues) -> Reading {
    match clues.clock_ahead {
        Some(ahead) if ahead.abs() > 900 => {
            let span = crate::text::timestamp::span(ahead);
            Reading::decided(
                symptom,
                &TOKEN_EXPIRED,
                format!("STS's clock is {span} from the local clock, and STS's decides"),
            )
        }
        _ => Reading::decided(
            symptom,
            &TOKEN_EXPIRED,
            "STS rejected the service account token as expired: it was not read again after the kubelet replaced the \
             file",
        ),
    }
}

fn token_rejected(clues: &Clues) -> Vec<Candidate> {
    let says_nothing = "AWS does not say what is wrong with the token";
    let mut candidates = vec![Candidate::new(
        &NO_OIDC_PROVIDER,
        format!(
            "{says_nothing}; most often the role's account has no provider for {}",
            clues.issuer.as_deref().unwrap_or("its issuer")
        ),
    )];
    candidates.push(Candidate::new(&WRONG_AUDIENCE, wrong_audience(clues)));
    candidates.push(Candidate::new(&THUMBPRINT_MISMATCH, "the issuer's certificate chain may have changed"));
    candidates.extend(no_key(clues).into_iter().take(2));
    candidates.push(Candidate::new(&WRONG_ACCOUNT_IN_ROLE_ARN, "STS looks for the provider in the role's account"));
    candidates
}

fn request_rejected(clues: &Clues) -> Vec<Candidate> {
    let arn = Candidate::new(&MALFORMED_ARN, "usually the role ARN: a typo, a name instead of an ARN, or empty");
    let name = Candidate::new(&INVALID_SESSION_NAME, "the role session name: 2 to 64 letters, digits and _+=,.@-");
    let token = Candidate::new(&TOKEN_FILE_MALFORMED, "the token: empty, or the file's path instead of its content");
    let duration = Candidate::new(&SESSION_DURATION_EXCEEDS_MAX, "the duration: 900 s to the role's maximum");
    // An ARN that parses is not what was refused.
    if clues.role.is_some() { vec![name, token, duration, arn] } else { vec![arn, name, token, duration] }
}

fn clock_skew(clues: &Clues) -> String {
    match clues.clock_ahead {
        Some(ahead) if ahead != 0 => {
            let side = if ahead > 0 { "behind" } else { "ahead of" };
            format!(
                "the local clock is {} {side} STS's; AWS rejects requests more than 15 min off",
                crate::text::timestamp::span(ahead)
            )
        }
        _ => "AWS rejects requests whose time is more than 15 min off its own".to_owned(),
    }
}

/// The signed call's "token is invalid": AWS made the session, but not for here.
fn session_refused(symptom: Symptom, clues: &Clues) -> Reading {
    if let Some(why) = other_partition(clues) {
        return Reading::decided(symptom, &WRONG_PARTITION_ENDPOINT, why);
    }
    let region = clues.region.as_deref().or(clues.host.as_deref().and_then(|host| host.split('.').nth(1)));
    if let Some(region) = region.filter(|region| Partition::is_opt_in(region)) {
        let why = format!(
            "{region} is an opt-in region, which rejects version-1 sessions of the global endpoint sts.amazonaws.com"
        );
        return Reading::decided(symptom, &OPT_IN_REGION_V1_TOKEN, why);
    }
    let opt_in = Candidate::new(
        &OPT_IN_REGION_V1_TOKEN,
        "opt-in regions reject sessions of the global endpoint sts.amazonaws.com",
    );
    let partition = Candidate::new(
        &WRONG_PARTITION_ENDPOINT,
        "sessions of one partition (China, GovCloud, commercial) are invalid in another",
    );
    let keys = Candidate::new(
        &STATIC_KEYS_OVERRIDE,
        "static keys set beside IRSA that were deleted or belong to another account are rejected like this too",
    );
    // Elsewhere than in the commercial partition, SDKs that call the wrong one are the common case.
    let elsewhere =
        clues.host.is_none() && region.and_then(Partition::of_region).is_some_and(|it| it != Partition::Aws);
    let candidates = if elsewhere { vec![partition, opt_in, keys] } else { vec![opt_in, partition, keys] };
    Reading::open(symptom, &SIGNED_CALL_REFUSED, candidates)
}

fn not_sts(symptom: Symptom, clues: &Clues) -> Reading {
    let why = match &clues.host {
        Some(host) => format!("{host} returned a response that STS never returns"),
        None => "a server other than STS answered: an endpoint override, or a proxy or portal in between".to_owned(),
    };
    Reading {
        symptom,
        candidates: vec![
            Candidate::new(&STS_ENDPOINT_MISCONFIGURED, why),
            Candidate::new(&PROXY_INTERFERES, "a proxy or portal may have answered instead"),
        ],
        umbrella: None,
    }
}
