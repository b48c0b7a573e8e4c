//! Judges the evidence: each cause by what it inspects itself, and one by what STS answered or by how the connection
//! failed.

use super::{answer, network};
use crate::causes::{CAUSES, Cause, ENV_NOT_INJECTED, Facts, Finding, Outcome, Severity, webhook};
use crate::probe::evidence::Evidence;

/// What one cause made of the evidence.
#[derive(Clone, Debug)]
pub struct Judged {
    pub cause: &'static Cause,
    pub outcome: Outcome,
}

/// Judges every cause that evidence within a pod can prove, in the registry's order.
pub(crate) fn judge(evidence: &Evidence) -> Vec<Judged> {
    let absent = webhook::is_absent_as_allowed(evidence);
    let facts = Facts::of(evidence);
    let named = answer::read(evidence, &facts).or_else(|| network::read(evidence, &facts));
    let judge = |cause: &&'static Cause| {
        let judge = cause.judge?;
        let own = || judge(evidence);
        let outcome = match &named {
            _ if absent && *cause != &ENV_NOT_INJECTED => Outcome::skip(webhook::NOTHING_TO_CHECK),
            // What the cause itself has seen says more than an answer's words.
            Some((named, diagnosis)) if named == cause => match own() {
                fault @ Outcome::Fault(_) => fault,
                Outcome::Pass | Outcome::Skip(_) | Outcome::Warning(_) => diagnosis.clone().into(),
            },
            _ => own(),
        };
        let outcome = match outcome {
            Outcome::Fault(diagnosis) if cause.hides_caller && evidence.agent.seen().is_some() => {
                Outcome::Warning(diagnosis)
            }
            outcome => outcome,
        };
        Some(Judged { cause, outcome })
    };
    CAUSES.iter().filter_map(judge).collect()
}

impl Judged {
    /// The finding, if the fault is there.
    pub fn finding(&self) -> Option<Finding> {
        let (diagnosis, severity) = match &self.outcome {
            Outcome::Fault(diagnosis) => (diagnosis, self.cause.severity),
            Outcome::Warning(diagnosis) => (diagnosis, Severity::Warning),
            Outcome::Pass | Outcome::Skip(_) => return None,
        };
        Some(Finding {
            cause: self.cause,
            severity,
            advice: diagnosis.advice.unwrap_or(self.cause.advice),
            diagnosis: (**diagnosis).clone(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::causes::{Severity, testing};
    use crate::probe::evidence::{
        CallFault, Clock, ClockSource, Endpoint, EndpointSource, Operation, Padding, Seen, Token, UnexpectedKind,
        UnexpectedResponse,
    };

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
                    let answer = UnexpectedResponse {
                        operation,
                        status,
                        content_type: None,
                        server: None,
                        kind: kind.clone(),
                        attempts: 1,
                    };
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
