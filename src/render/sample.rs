//! Reports for the tests of what shows and schedules them.

use crate::causes::{Advice, Candidate, Cause, Diagnosis, Fix, Outcome, Severity, testing};
use crate::diagnosis::judged::Judged;
use crate::diagnosis::report::{Mode, Report};
use crate::probe::evidence::{
    CallFault, Caller, Evidence, Kubernetes, Mechanism, Operation, Seen, Session, Step, StepStatus, StsError, Token,
    TokenFile,
};
use crate::text::timestamp::Timestamp;

/// When all samples are made: 2026-11-22T01:00:00Z.
pub(crate) const NOW: Timestamp = Timestamp(1_795_309_200);

macro_rules! sample_cause {
    ($name:ident, $code:literal, $title:literal, $severity:ident, $advice:ident) => {
        static $name: Cause = Cause {
            code: $code,
            title: $title,
            compare: "one value with another",
            severity: Severity::$severity,
            advice: Advice::$advice,
            explanation: "",
            says: &[],
            settles: false,
            hides_caller: false,
            judge: Some(|_| Outcome::Pass),
            fix: |_| Fix::default(),
        };
    };
}

sample_cause!(REFUSED, "not-authorized", "the role's trust policy does not allow this service account", Error, Fix);
sample_cause!(SUBJECT, "wrong-subject-in-trust-policy", "the policy names another service account", Error, Fix);
sample_cause!(THROTTLED, "throttled", "STS asks for fewer calls", Error, Retry);
sample_cause!(FROZEN, "malformed-arn", "the role ARN is malformed", Error, RecreatePod);
sample_cause!(OLD, "token-not-refreshed", "the token has not been renewed", Warning, Fix);

/// IRSA works; the token was issued two hours ago for 24 hours, the session is an hour long.
pub(crate) fn healthy() -> Report {
    report(evidence(), vec![Judged { cause: &REFUSED, outcome: Outcome::Pass }])
}

/// EKS Pod Identity works.
pub(crate) fn pod_identity() -> Report {
    let mut evidence = evidence();
    evidence.mechanism = Some(Mechanism::PodIdentity);
    let mut token = evidence.token.seen().cloned().unwrap_or_default();
    token.kubernetes = Kubernetes {
        namespace: Some("payments".into()),
        service_account: Some("checkout".into()),
        pod: Some("checkout-0".into()),
        ..Kubernetes::default()
    };
    evidence.token = Seen::Seen(token);
    let session = "eks-prod-checkout-0-b7e4f6aa-1c52-4b0e-8a55-7f1d2b9c3e42";
    let arn = format!("arn:aws:sts::111122223333:assumed-role/checkout/{session}");
    evidence.caller = Seen::Seen(Caller { arn, account: "111122223333".into(), user_id: String::new() });
    report(evidence, vec![])
}

pub(crate) fn degraded() -> Report {
    let diagnosis = Diagnosis::new("the token is at 85 % of its life", Fix::new("inspect the kubelet's log"));
    report(evidence(), vec![fault(&OLD, diagnosis)])
}

/// STS refused; the text that it sent tries to break out of whatever shows it.
pub(crate) fn refused() -> Report {
    let refusal = StsError {
        operation: Operation::AssumeRoleWithWebIdentity,
        status: 403,
        code: "AccessDenied".into(),
        message: "Not authorized to perform sts:AssumeRoleWithWebIdentity".into(),
        request_id: Some("6f2c1d0e-1111-2222-3333-444455556666".into()),
        attempts: 1,
    };
    let fix = Fix::new("compare the role's policy with what this token needs")
        .command("aws iam get-role --role-name checkout > role.json")
        .command("irsa-probe trust-policy --check role.json");
    let diagnosis =
        Diagnosis::new("STS said: AccessDenied <script>alert('x')</script> & \"more\"\u{1b}[31m\n", fix).could_be(
            vec![Candidate { cause: &SUBJECT, why: "the token's subject is system:serviceaccount:payments:x".into() }],
        );
    report(failed(CallFault::Refused(refusal)), vec![fault(&REFUSED, diagnosis)])
}

pub(crate) fn throttled() -> Report {
    let refusal = StsError {
        operation: Operation::AssumeRoleWithWebIdentity,
        status: 400,
        code: "Throttling".into(),
        message: "Rate exceeded".into(),
        request_id: None,
        attempts: 3,
    };
    report(
        failed(CallFault::Refused(refusal)),
        vec![fault(&THROTTLED, Diagnosis::new("Rate exceeded", Fix::new("wait")))],
    )
}

/// Nothing was asked, for the pod is frozen in its fault.
pub(crate) fn frozen() -> Report {
    let mut evidence = evidence();
    evidence.session = Seen::not_checked("AWS_ROLE_ARN is no ARN");
    evidence.caller = Seen::not_checked("AWS_ROLE_ARN is no ARN");
    evidence.token = Seen::not_checked("no file");
    evidence.token_file = Seen::not_checked("no file");
    evidence.steps.clear();
    report(evidence, vec![fault(&FROZEN, Diagnosis::new("AWS_ROLE_ARN is \"x\"", Fix::new("set it right")))])
}

/// The same report, made `seconds` later.
pub(crate) fn later(mut report: Report, seconds: i64) -> Report {
    report.evidence.now = report.evidence.now.plus(seconds);
    report
}

fn report(evidence: Evidence, judged: Vec<Judged>) -> Report {
    Report::new(Mode::Serve, 57, evidence, judged, Default::default())
}

fn fault(cause: &'static Cause, diagnosis: Diagnosis) -> Judged {
    Judged { cause, outcome: diagnosis.into() }
}

fn failed(fault: CallFault) -> Evidence {
    let mut evidence = evidence();
    evidence.session = Seen::Failed(fault);
    evidence.caller = Seen::not_checked("no credentials");
    evidence.steps[0].status = StepStatus::Failed;
    evidence.steps.truncate(1);
    evidence
}

fn evidence() -> Evidence {
    let step = |name, duration_ms| Step { name, status: StepStatus::Ok, duration_ms, detail: String::new() };
    Evidence {
        now: NOW,
        token_file: Seen::Seen(TokenFile {
            path: "/token".into(),
            opened: "/token".into(),
            walk: Vec::new(),
            bytes: 900,
        }),
        token: Seen::Seen(Token {
            issuer: Some("https://oidc.eks.eu-west-1.amazonaws.com/id/EXAMPLE".into()),
            subject: Some("system:serviceaccount:payments:checkout".into()),
            audience: vec!["sts.amazonaws.com".into()],
            issued_at: Some(NOW.plus(-7_200)),
            expires_at: Some(NOW.plus(79_200)),
            ..Token::default()
        }),
        session: Seen::Seen(Session { expires_at: NOW.plus(3_600), attempts: 1 }),
        steps: vec![step("assume-role-with-web-identity", 41), step("get-caller-identity", 12)],
        ..testing::healthy()
    }
}
