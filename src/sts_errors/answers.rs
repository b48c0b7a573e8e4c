//! What AWS's answers mean, in the light of the clues.

use super::clues::{Clues, Told, is_named_after_nodes};
use super::symptoms::Symptom;
use super::{Reading, Suspect};
use crate::partition::Partition;

/// `symptom` is one that AWS says.
pub fn interpret(symptom: Symptom, clues: &Clues) -> Reading {
    use Symptom::*;
    let decided = |code, why: &str| Reading::decided(symptom, code, why);
    match symptom {
        ExplicitDeny => decided("scp-or-boundary-deny", "AWS names an explicit deny, which no trust policy can lift"),
        NotAuthorized | Forbidden if clues.is_other_service_account() => {
            decided("service-account-mismatch", "the token is not for the service account that was stated")
        }
        NotAuthorized | Forbidden => Reading::open(symptom, "not-authorized", trust_policy(clues)),
        NoProvider => no_provider(symptom, clues),
        WrongAudience if clues.audience.as_deref().is_some_and(is_for_api_server) => decided(
            "token-audience-for-other-use",
            "the token's audience is the API server's: this is not the token that was minted for STS",
        ),
        WrongAudience => Reading::decided(symptom, "wrong-audience", wrong_audience(clues)),
        NoAudience => {
            decided("token-audience-for-other-use", "the token holds no aud claim, so it was not minted for STS")
        }
        Thumbprint => decided(
            "thumbprint-mismatch",
            "STS compared the issuer's certificate chain with the provider's thumbprints",
        ),
        NoVerificationKey => Reading::open(symptom, "verification-key-not-retrieved", no_key(clues)),
        IdpSilent => decided("issuer-unreachable", "STS could not talk to the issuer; AWS calls this often transient"),
        IdpRejected => decided("idp-rejected-claim", "the identity provider itself refused the token"),
        TokenExpired => token_expired(symptom, clues),
        TokenRejected => Reading::open(symptom, "sts-answer-not-understood", token_rejected(clues)),
        BadRoleArn => decided("malformed-arn", "AWS refuses the role's ARN as such, before it looks for the role"),
        BadSessionName => decided("invalid-session-name", "AWS refuses the session's name"),
        BadToken => {
            decided("token-file-malformed", "what was sent as the token cannot be one: empty, or no text at all")
        }
        TooLong => decided("session-duration-exceeds-max", "a longer session was asked for than the role allows"),
        RequestRejected => Reading::open(symptom, "sts-answer-not-understood", request_rejected(clues)),
        RegionDisabled => {
            decided("region-sts-disabled", "AWS says that STS is switched off in this region for the account")
        }
        Throttled => decided("throttled", "AWS limits the rate of calls"),
        ServerError => decided("sts-server-error", "the server itself failed; nothing is wrong with the request"),
        PackedPolicy => decided("packed-policy-too-large", "session tags and session policies together are too large"),
        SecondHopDenied => second_hop(symptom, clues),
        CallerDenied => caller_denied(symptom, clues),
        ClockSkew => Reading::decided(symptom, "request-clock-skew", clock_skew(clues)),
        SessionExpired => decided(
            "session-credentials-expired",
            "it is the session's credentials that expired (after an hour by default), not the service account's token",
        ),
        SessionRefused => session_refused(symptom, clues),
        KeysRefused => decided(
            "static-keys-override",
            "AWS does not know this access key or its secret; keys that IRSA brings are made by AWS itself",
        ),
        WrongScope => {
            decided("sts-endpoint-misconfigured", "the call was signed for another region than the endpoint's")
        }
        _ => not_sts(symptom, clues),
    }
}

/// An answer that the table does not know.
pub fn unknown(code: &str, message: &str) -> Reading {
    let why = format!("STS answered {code} {message:?}, which this version has no entry for");
    Reading::decided(Symptom::NotSts, "sts-answer-not-understood", why)
}

fn is_for_api_server(audience: &[String]) -> bool {
    let api_server = |aud: &String| aud.contains("kubernetes.default") || aud == "api" || aud == "k3s";
    !audience.is_empty() && audience.iter().all(api_server)
}

/// A suspect with its place in the ranking: the higher, the likelier.
type Weighed = (u32, Suspect);

/// One text for all of these: ranked by how often each was the cause in public reports, then by what the clues say.
fn trust_policy(clues: &Clues) -> Vec<Suspect> {
    let sub = clues.subject.as_deref().map_or_else(|| "the token's sub".to_owned(), |sub| format!("{sub:?}"));
    let key =
        clues.issuer.as_deref().map_or_else(|| "ISSUER".to_owned(), |iss| crate::arn::without_scheme(iss).to_owned());
    let mut suspects = vec![
        subject(clues, &sub),
        provider(clues),
        statement(clues),
        (
            40,
            Suspect::new(
                "condition-key-wrong-in-trust-policy",
                format!("the condition keys must be \"{key}:sub\" and \"{key}:aud\", letter by letter"),
            ),
        ),
        account(clues, &sub),
        (
            30,
            Suspect::new(
                "subject-wildcard-needs-stringlike",
                format!("a * in the policy's sub matches {sub} only under StringLike"),
            ),
        ),
        audience(clues),
        (15, Suspect::new("role-does-not-exist", does_not_exist(clues))),
        (
            10,
            Suspect::new(
                "scp-or-boundary-deny",
                "an organization's policy that denies the call gets the same answer; likely if all else compares equal",
            ),
        ),
    ];
    suspects.sort_by_key(|(weight, _)| std::cmp::Reverse(*weight));
    suspects.into_iter().map(|(_, suspect)| suspect).collect()
}

fn subject(clues: &Clues, sub: &str) -> Weighed {
    let why = match clues.service_account() {
        Some((namespace, name)) => {
            format!(
                "the policy's sub must be {sub}: namespace {namespace:?}, service account {name:?}, same letter case"
            )
        }
        None => format!("the policy's sub must be {sub}, same letter case"),
    };
    (50, Suspect::new("wrong-subject-in-trust-policy", why))
}

fn account(clues: &Clues, sub: &str) -> Weighed {
    let (weight, why) = match clues.service_account() {
        Some((namespace, "default")) => {
            (90, format!("the pod runs as {namespace}'s \"default\" service account, which roles are seldom made for"))
        }
        Some((_, name)) if is_generated(name) => (
            80,
            format!("the service account's name {name:?} looks generated, so it may not be the one the role is for"),
        ),
        Some(("default", name)) => (55, format!("the pod runs as {name:?} in the namespace \"default\"")),
        _ => (
            35,
            format!("the policy may be right, and the pod run under another service account than meant: it is {sub}"),
        ),
    };
    (weight, Suspect::new("service-account-mismatch", why))
}

/// Whether a name ends in what Helm, Kubernetes and CI generate: a word with digits in it that nobody chooses.
fn is_generated(name: &str) -> bool {
    let Some((_, last)) = name.rsplit_once('-') else { return false };
    let digits = last.bytes().filter(u8::is_ascii_digit).count();
    let hash = last.len() >= 5 && last.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit()) && digits >= 2;
    (last.len() >= 8 && digits == last.len()) || hash && digits < last.len()
}

fn provider(clues: &Clues) -> Weighed {
    let why = match clues.provider_arn() {
        Some(arn) => format!("the policy's principal must be {{\"Federated\": \"{arn}\"}}; clusters that were made anew have a new id"),
        None => "the policy's federated principal must be the provider of this very issuer in the role's own account; clusters that were made anew have a new id".to_owned(),
    };
    let dual_stack = clues.issuer_host().is_some_and(|host| host.ends_with("api.aws"));
    (if dual_stack { 70 } else { 45 }, Suspect::new("wrong-provider-in-trust-policy", why))
}

fn statement(clues: &Clues) -> Weighed {
    let code = "trust-policy-lacks-web-identity-statement";
    match &clues.role {
        Some(role) if is_named_after_nodes(&role.name) => (
            85,
            Suspect::new(code, format!("the role {:?} is named like a node's, and those trust EC2 only", role.name)),
        ),
        _ => (
            42,
            Suspect::new(
                code,
                "the policy may only trust EC2, another role or pods.eks.amazonaws.com, or allow only sts:AssumeRole",
            ),
        ),
    }
}

fn audience(clues: &Clues) -> Weighed {
    let code = "wrong-aud-condition-in-trust-policy";
    match clues.audience.as_deref() {
        Some([one]) if one == "sts.amazonaws.com" => (
            20,
            Suspect::new(code, "the policy's aud must be \"sts.amazonaws.com\", as the token's is, in every partition"),
        ),
        Some(audience) if !audience.is_empty() => (
            75,
            Suspect::new(
                code,
                format!("the token's aud is {}, while policies mostly name sts.amazonaws.com", quoted(audience)),
            ),
        ),
        _ => (25, Suspect::new(code, "the policy's aud must be the token's, mostly sts.amazonaws.com")),
    }
}

fn does_not_exist(clues: &Clues) -> String {
    let role = clues.role.as_ref().map_or_else(|| "the role".to_owned(), ToString::to_string);
    format!("STS gives the same answer if {role} does not exist, or was made seconds ago")
}

fn no_provider(symptom: Symptom, clues: &Clues) -> Reading {
    let issuer = clues.issuer.as_deref().unwrap_or("the token's issuer");
    if clues.issuer_is_internal() {
        let why =
            format!("the issuer {issuer:?} is known only within the cluster, so IAM cannot have a provider for it");
        return Reading::decided(symptom, "issuer-not-public-default", why);
    }
    if let Some(why) = other_partition(clues) {
        return Reading::decided(symptom, "wrong-partition-endpoint", why);
    }
    let account = clues.role.as_ref().map(|role| role.account.as_str());
    let provider = clues.provider_arn().map_or_else(String::new, |arn| format!(": {arn}"));
    let in_account =
        account.map_or_else(|| "the role's account".to_owned(), |account| format!("the account {account}"));
    let mut suspects = vec![
        Suspect::new("no-oidc-provider", format!("{in_account} has no provider for {issuer}{provider}")),
        Suspect::new(
            "wrong-account-in-role-arn",
            format!(
                "STS looks in the role's account, {}; is it the one where the provider was made?",
                account.unwrap_or("the one in AWS_ROLE_ARN")
            ),
        ),
    ];
    if clues.issuer.is_some() && clues.issuer_partition().is_none() {
        let why = format!("{issuer} is not an issuer that EKS made: STS must be able to reach it over the internet");
        suspects.push(Suspect::new("issuer-not-public-default", why));
    }
    suspects.push(Suspect::new(
        "region-sts-disabled",
        "an STS endpoint of a region that the account has not switched on gives the same answer; try another region's",
    ));
    suspects.push(Suspect::new("wrong-partition-endpoint", "so does the STS of another partition (China, GovCloud)"));
    Reading::open(symptom, "oidc-provider-not-found", suspects)
}

/// Why the called host is of another partition than role or issuer, if it is.
fn other_partition(clues: &Clues) -> Option<String> {
    let host = clues.host.as_deref()?;
    let called = Partition::of_host(host)?;
    let role = clues.role.as_ref().map(|role| role.partition);
    let region = clues.region.as_deref().and_then(Partition::of_region);
    let wanted = role.or_else(|| clues.issuer_partition()).or(region).filter(|wanted| *wanted != called)?;
    Some(format!("{host} is of the partition {}, while role or issuer are of {}", called.id(), wanted.id()))
}

fn wrong_audience(clues: &Clues) -> String {
    match clues.audience.as_deref() {
        Some(audience) if !audience.is_empty() => format!(
            "the token's aud {} is not among the client ids of the IAM provider (a mismatch in the trust policy would be AccessDenied)",
            quoted(audience)
        ),
        _ => "the token's aud is not among the client ids of the IAM provider (a mismatch in the trust policy would be AccessDenied)".to_owned(),
    }
}

fn quoted(audience: &[String]) -> String {
    audience.iter().map(|one| format!("{one:?}")).collect::<Vec<_>>().join(" and ")
}

fn no_key(clues: &Clues) -> Vec<Suspect> {
    let issuer = clues.issuer.as_deref().unwrap_or("the issuer");
    vec![
        Suspect::new(
            "issuer-unreachable",
            format!(
                "STS must fetch the keys of {issuer} within 5 s; outages, firewalls and bursts of calls prevent it"
            ),
        ),
        Suspect::new(
            "jwks-key-mismatch",
            "the keys that the issuer publishes may lack the token's kid: rotated or made anew",
        ),
        Suspect::new(
            "unexpected-auth-header-on-unsigned-call",
            "a client or proxy that adds an X-Amz-Security-Token or Authorization header was seen to get this answer",
        ),
    ]
}

/// ExpiredTokenException judges by STS's clock.
fn token_expired(symptom: Symptom, clues: &Clues) -> Reading {
    match clues.clock_ahead {
        Some(ahead) if ahead.abs() > 900 => {
            let span = crate::timestamp::span(ahead);
            Reading::decided(
                symptom,
                "token-expired",
                format!("STS's clock is {span} from the local one, and STS's decides"),
            )
        }
        _ => Reading::decided(
            symptom,
            "token-expired",
            "STS judged the service account's token itself: it was not read anew after the kubelet replaced the file",
        ),
    }
}

fn token_rejected(clues: &Clues) -> Vec<Suspect> {
    let says_nothing = "AWS does not say what it found wrong with the token";
    let mut suspects = vec![Suspect::new(
        "no-oidc-provider",
        format!(
            "{says_nothing}; most often the role's account has no provider for {}",
            clues.issuer.as_deref().unwrap_or("its issuer")
        ),
    )];
    suspects.push(Suspect::new("wrong-audience", wrong_audience(clues)));
    suspects.push(Suspect::new("thumbprint-mismatch", "the issuer's certificate chain may have changed"));
    suspects.extend(no_key(clues).into_iter().take(2));
    suspects.push(Suspect::new("wrong-account-in-role-arn", "STS looks for the provider in the role's account"));
    suspects
}

fn request_rejected(clues: &Clues) -> Vec<Suspect> {
    let arn =
        Suspect::new("malformed-arn", "most often the role's ARN: a typing error, a name instead of an ARN, nothing");
    let name = Suspect::new("invalid-session-name", "the session's name: 2 to 64 of letters, digits and _+=,.@-");
    let token = Suspect::new("token-file-malformed", "the token: empty, or the file's path instead of its content");
    let duration = Suspect::new("session-duration-exceeds-max", "the duration: 900 s to the role's maximum");
    // An ARN that parses is not what was refused.
    if clues.role.is_some() { vec![name, token, duration, arn] } else { vec![arn, name, token, duration] }
}

fn second_hop(symptom: Symptom, clues: &Clues) -> Reading {
    if clues.caller_is_node() {
        return caller_denied(symptom, clues);
    }
    let caller = clues.caller.as_deref().map_or_else(|| "the caller".to_owned(), |caller| format!("{caller}"));
    let own = match (clues.caller_session(), &clues.role) {
        (Some((name, _)), Some(role)) if role.name == name => ", which is the very role it already has",
        _ => "",
    };
    let why = format!("{caller} has credentials and asks for a second role with sts:AssumeRole{own}");
    Reading {
        symptom,
        suspects: vec![
            Suspect::new("second-hop-assume-role-denied", why),
            Suspect::new("role-does-not-exist", "the answer is the same if the second role does not exist"),
        ],
        umbrella: None,
    }
}

/// AWS knows the caller, so credentials were found: whose?
fn caller_denied(symptom: Symptom, clues: &Clues) -> Reading {
    let caller = clues.caller.as_deref().unwrap_or("the caller");
    let open = |suspects| Reading { symptom, suspects, umbrella: None };
    if caller.contains(":user/") || caller.starts_with("user/") {
        return Reading::decided(
            symptom,
            "static-keys-override",
            format!("{caller} is an IAM user: static keys were used, not the service account's token"),
        );
    }
    let node =
        Suspect::new("node-role-fallback", format!("{caller} is the node's role: web identity was not used at all"));
    let sdk = Suspect::new(
        "sdk-lacks-web-identity",
        format!(
            "the variables are set, and still the call was made as {caller}: this SDK or its chain has no web identity"
        ),
    );
    let keys = Suspect::new(
        "static-keys-override",
        "keys in the environment or a file win over web identity in most SDKs".to_owned(),
    );
    let missing = Suspect::new(
        "env-not-injected-webhook-missing",
        "without AWS_ROLE_ARN in the container no SDK can use web identity".to_owned(),
    );
    let annotation = Suspect::new(
        "env-not-injected-annotation-missing-or-misplaced",
        "look for eks.amazonaws.com/role-arn at the pod's own service account".to_owned(),
    );
    let denied = Suspect::new(
        "token-file-permission-denied",
        "some SDKs go on to the node's role where they may not read the token".to_owned(),
    );
    let injected = clues.role_variable == Told::Set && clues.file_variable != Told::Missing;
    if clues.caller_is_node() {
        return open(match injected {
            true if clues.static_keys => vec![keys, sdk, node, denied],
            true => vec![sdk, node, denied],
            false if clues.role_variable == Told::Missing => vec![missing, annotation, node],
            false => vec![node, sdk, missing, annotation, denied],
        });
    }
    let is_the_role =
        matches!((clues.caller_session(), &clues.role), (Some((name, _)), Some(role)) if role.name == name);
    if injected && !is_the_role && clues.caller.is_some() {
        return open(vec![sdk, keys, denied]);
    }
    Reading::decided(
        symptom,
        "caller-is-not-expected-role",
        format!(
            "AWS knows {caller} as caller; if that is the role meant for this pod, IRSA works and the role's own permissions lack the action"
        ),
    )
}

fn clock_skew(clues: &Clues) -> String {
    match clues.clock_ahead {
        Some(ahead) if ahead != 0 => {
            let side = if ahead > 0 { "behind" } else { "ahead of" };
            format!(
                "the local clock is {} {side} STS's; signed calls bear 15 min at most",
                crate::timestamp::span(ahead)
            )
        }
        _ => "AWS compared the request's time with its own: signed calls bear 15 min at most".to_owned(),
    }
}

/// The signed call's "token is invalid": AWS made the session, but not for here.
fn session_refused(symptom: Symptom, clues: &Clues) -> Reading {
    if let Some(why) = other_partition(clues) {
        return Reading::decided(symptom, "wrong-partition-endpoint", why);
    }
    let region = clues.region.as_deref().or(clues.host.as_deref().and_then(|host| host.split('.').nth(1)));
    if let Some(region) = region.filter(|region| Partition::is_opt_in(region)) {
        let why = format!(
            "{region} is an opt-in region, which refuses version-1 sessions of the global endpoint sts.amazonaws.com"
        );
        return Reading::decided(symptom, "opt-in-region-v1-token", why);
    }
    Reading::open(
        symptom,
        "signed-call-refused",
        vec![
            Suspect::new(
                "opt-in-region-v1-token",
                "sessions of the global endpoint sts.amazonaws.com are refused in regions that must be switched on",
            ),
            Suspect::new(
                "wrong-partition-endpoint",
                "sessions of one partition (China, GovCloud, commercial) are unknown in another",
            ),
            Suspect::new(
                "static-keys-override",
                "keys that were deleted or belong to another account, set beside IRSA, are refused so too",
            ),
        ],
    )
}

fn not_sts(symptom: Symptom, clues: &Clues) -> Reading {
    let why = match &clues.host {
        Some(host) => format!("{host} gave an answer that STS never gives"),
        None => "something answered that is not STS: an endpoint override, or a proxy or portal in between".to_owned(),
    };
    Reading {
        symptom,
        suspects: vec![
            Suspect::new("sts-endpoint-misconfigured", why),
            Suspect::new("proxy-interferes", "a proxy or portal may have answered instead"),
        ],
        umbrella: None,
    }
}
