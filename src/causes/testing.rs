//! Evidence for the checks' tests: a healthy run, which each test changes.

use crate::aws::partition::Partition;
use crate::causes::{Cause, Outcome};
use crate::probe::evidence::*;
use crate::text::timestamp::Timestamp;

pub(crate) const NOW: Timestamp = Timestamp(1_795_395_600);
pub(crate) const ROLE: &str = "arn:aws:iam::111122223333:role/checkout";
const ISSUER: &str = "https://oidc.eks.eu-west-1.amazonaws.com/id/EXAMPLED539D4633E53DE1B71EXAMPLE";
const PATH: &str = "/var/run/secrets/eks.amazonaws.com/serviceaccount/token";

/// A run in a pod where everything works.
pub(crate) fn healthy() -> Evidence {
    let file = PathStep { path: PATH.into(), kind: PathStepKind::File, mode: 0o644, uid: 0, gid: 0, target: None };
    Evidence {
        now: NOW,
        expected: Expectations::default(),
        identity: Identity { pid: 1, uid: 1000, gid: 1000, groups: vec![], capabilities: Some(0) },
        environment: variables(&[
            ("AWS_ROLE_ARN", ROLE),
            ("AWS_WEB_IDENTITY_TOKEN_FILE", PATH),
            ("AWS_REGION", "eu-west-1"),
            ("AWS_DEFAULT_REGION", "eu-west-1"),
            ("AWS_STS_REGIONAL_ENDPOINTS", "regional"),
        ]),
        mechanism: Some(Mechanism::Irsa),
        token_file: Seen::Seen(TokenFile { path: PATH.into(), opened: PATH.into(), walk: vec![file], bytes: 1000 }),
        token: Seen::Seen(good_token()),
        endpoint: Seen::Seen(endpoint()),
        dial: Seen::Seen(Dial::default()),
        alternate_route: Seen::not_checked(""),
        other_connections: vec![],
        agent: Seen::not_checked(""),
        session: Seen::Seen(Session { expires_at: NOW.plus(3600), attempts: 1 }),
        caller: Seen::Seen(Caller {
            arn: "arn:aws:sts::111122223333:assumed-role/checkout/irsa-probe".into(),
            account: "111122223333".into(),
            user_id: "AROAEXAMPLE:irsa-probe".into(),
        }),
        clock: Seen::Seen(Clock { ahead_seconds: 0, source: ClockSource::DateHeader }),
        mounts: Seen::not_checked(""),
        api_token: Seen::not_checked(""),
        pod_context: PodContext {
            pod: Some("checkout-5d9".into()),
            namespace: Some("payments".into()),
            container: Some(Container { name: "app".into(), has_volumes: true, has_limits: false }),
        },
        issuer: Seen::not_checked(""),
        profile: Seen::not_checked(""),
        closed_profiles: vec![],
        boto_faults: vec![],
        active_credentials: Seen::not_checked(""),
        imds: Seen::not_checked(""),
        target: None,
        steps: vec![],
    }
}

/// A target process that the probe can see completely.
pub(crate) fn target() -> Target {
    Target {
        command: "java app.jar".into(),
        program: Some("java".into()),
        prober: Identity { pid: 40, uid: 0, gid: 0, groups: vec![], capabilities: Some(0) },
        variables: TargetVariables::Its,
        token_mounts: Seen::Seen(vec!["/run/secrets/eks.amazonaws.com/serviceaccount".into()]),
        image: Image::default(),
        sdks: Seen::Seen(SdkScan::default()),
        others: vec![],
    }
}

/// The role of [`profile`].
pub(crate) const PROFILE_ROLE: &str = "arn:aws:iam::111122223333:role/by-profile";

/// The default profile with a web identity token; an SDK then assumes `then`.
pub(crate) fn profile(then: &[&str]) -> Profile {
    let web_identity = WebIdentity {
        profile: "default".into(),
        file: "/home/app/.aws/config".into(),
        role_arn: PROFILE_ROLE.into(),
        token_file: "/profile-token".into(),
        session_name: None,
        then: then.iter().map(|role| (*role).to_owned()).collect(),
    };
    Profile {
        name: "default".into(),
        exists: true,
        settings: vec!["role_arn", "web_identity_token_file"],
        role_arn: Some(PROFILE_ROLE.into()),
        region: None,
        sts_regional_endpoints: None,
        web_identity: Some(Ok(web_identity)),
        of_container: vec![],
    }
}

/// A target that runs `program` and has this SDK in its image.
pub(crate) fn with_sdk(program: &str, kind: SdkKind, version: &str) -> Target {
    let sdk = Sdk { kind, version: Some(version.into()), path: "/app".into(), has_sts_module: None };
    let scan = SdkScan { sdks: vec![sdk], ..SdkScan::default() };
    Target { program: Some(program.into()), sdks: Seen::Seen(scan), ..target() }
}

/// Where a healthy pod calls STS.
pub(crate) fn endpoint() -> Endpoint {
    Endpoint {
        url: "https://sts.eu-west-1.amazonaws.com".into(),
        host: "sts.eu-west-1.amazonaws.com".into(),
        port: 443,
        https: true,
        region: "eu-west-1".into(),
        source: EndpointSource::Region("AWS_REGION"),
        partition: Some(Partition::Aws),
        proxy: None,
    }
}

fn good_token() -> Token {
    Token {
        algorithm: Some("RS256".into()),
        key_id: Some("k1".into()),
        issuer: Some(ISSUER.into()),
        subject: Some("system:serviceaccount:payments:checkout".into()),
        audience: vec!["sts.amazonaws.com".into()],
        authorized_party: None,
        expires_at: Some(NOW.plus(86_000)),
        issued_at: Some(NOW.plus(-400)),
        not_before: Some(NOW.plus(-400)),
        kubernetes: Kubernetes {
            namespace: Some("payments".into()),
            service_account: Some("checkout".into()),
            ..Kubernetes::default()
        },
        padding: None,
    }
}

pub(crate) fn variables(pairs: &[(&str, &str)]) -> Environment {
    Environment::from_values(|name| {
        let (_, value) = pairs.iter().find(|(known, _)| *known == name)?;
        Some(Ok((*value).to_owned()))
    })
}

/// A run with these variables and no others; the rest is as in a healthy pod.
pub(crate) fn environment(pairs: &[(&str, &str)]) -> Evidence {
    let environment = variables(pairs);
    Evidence { mechanism: Mechanism::of(&environment, None), environment, ..healthy() }
}

/// A run in a pod whose token file cannot be used.
pub(crate) fn token_file(kind: TokenFileFaultKind) -> Evidence {
    let fault = TokenFileFault { path: "/a/token".into(), walk: vec![], kind };
    let unread = "the token file could not be read";
    Evidence {
        token_file: Seen::Failed(fault),
        token: Seen::not_checked(unread),
        session: Seen::not_checked(unread),
        caller: Seen::not_checked(unread),
        ..healthy()
    }
}

/// A run in a pod whose token file does not hold a token.
pub(crate) fn malformed(malformed: Malformed) -> Evidence {
    Evidence { token: Seen::Failed(malformed), ..healthy() }
}

/// A run in a pod whose token differs from a valid one.
pub(crate) fn token(change: impl FnOnce(&mut Token)) -> Evidence {
    let mut token = good_token();
    change(&mut token);
    Evidence { token: Seen::Seen(token), ..healthy() }
}

/// A run in which STS answered the call with an error.
pub(crate) fn answered(operation: Operation, status: u16, code: &str, message: &str) -> Evidence {
    let refusal =
        StsError { operation, status, code: code.into(), message: message.into(), request_id: None, attempts: 1 };
    failed(operation, CallFault::Refused(refusal))
}

/// A run in which the call failed.
pub(crate) fn failed(operation: Operation, fault: CallFault) -> Evidence {
    match operation {
        Operation::AssumeRoleWithWebIdentity => {
            Evidence { session: Seen::Failed(fault), caller: Seen::not_checked("no credentials"), ..healthy() }
        }
        Operation::GetCallerIdentity => Evidence { caller: Seen::Failed(fault), ..healthy() },
    }
}

/// An issuer that publishes one key.
pub(crate) fn issuer(signature: Signature) -> Issuer {
    Issuer {
        url: ISSUER.into(),
        addresses: vec![],
        jwks_uri: format!("{ISSUER}/keys"),
        key_ids: vec!["k2".into()],
        signature,
        thumbprint: None,
    }
}

/// A run in which the connection to STS failed.
pub(crate) fn unreached(dial: Dial) -> Evidence {
    let operation = Operation::AssumeRoleWithWebIdentity;
    let no_answer = CallFault::NoAnswer(NoAnswer { operation, attempts: 1, out_of_time: false });
    Evidence { dial: Seen::Failed(dial), ..failed(operation, no_answer) }
}

/// What a run with this evidence says of the cause.
#[track_caller]
pub(crate) fn judge(cause: &Cause, evidence: &Evidence) -> Outcome {
    let judged = crate::diagnosis::judged::judge(evidence);
    judged.into_iter().find(|judged| judged.cause == cause).unwrap().outcome
}

/// Whether the cause finds its fault, as an error or as a warning.
#[track_caller]
pub(crate) fn found(cause: &Cause, evidence: &Evidence) -> bool {
    matches!(judge(cause, evidence), Outcome::Fault(_) | Outcome::Warning(_))
}

/// Asserts that this cause, and no other, finds its fault in each of these answers to `operation`, as in
/// `400 Throttling: Rate exceeded`.
#[track_caller]
pub(crate) fn assert_named(cause: &Cause, operation: Operation, answers: &[&str]) {
    for answer in answers {
        let (head, message) = answer.split_once(": ").unwrap();
        let (status, code) = head.split_once(' ').unwrap();
        let evidence = answered(operation, status.parse().unwrap(), code, message);
        let judged = crate::diagnosis::judged::judge(&evidence);
        let finders = judged.iter().filter_map(|judged| judged.finding()).map(|finding| finding.cause.code);
        assert_eq!(finders.collect::<Vec<_>>(), [cause.code], "{answer}");
    }
}
