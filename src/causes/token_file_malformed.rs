use crate::causes::{
    Advice, Cause, Diagnosis, Facts, Fix, INVALID, Outcome, Priority, Reading, Saying, Severity, TOKEN_FILE,
    WEB_IDENTITY_OR_STS, agent, any, with,
};
use crate::probe::evidence::{AgentReason, Evidence, Seen, TokenFileFaultKind};

/// The token file does not hold a JWT.
pub(crate) static TOKEN_FILE_MALFORMED: Cause = Cause {
    code: "token-file-malformed",
    title: "the token file does not hold a token",
    compare: "the file must hold one JWT and nothing else",
    severity: Severity::Error,
    advice: Advice::RecreatePod,
    explanation: "\
The kubelet writes the token as one JWT: three base64url parts separated by dots, without a newline or a byte order \
mark. SDKs send the file's content to STS unchanged. STS accepts a newline at the end, but rejects most other \
additions.

Common reasons are another volume in place of the projected one, a file that was written by hand, or a file that \
holds a path instead of the token.

Let the webhook mount the projected volume, then recreate the pod.",
    says: &[Saying::new(
        Priority::Aws,
        &[
            with(&["webidentitytoken", "web_identity_token", "web-identity-token"], &[INVALID]),
            with(&["is empty", "empty token", "file is empty", "zero length"], &[TOKEN_FILE]),
            any(&["service account token cannot be parsed"]),
            with(
                &["not a legal header value", "invalid header value", "newline characters"],
                &[&["169.254.170.23", "fd00:ec2::23", "authorization_token", "authorization token", "container"]],
            ),
            any(&["id token provided is not a valid jwt"]),
            with(&["not a valid jwt", "invalid jwt", "jwt malformed"], &[WEB_IDENTITY_OR_STS]),
        ],
        |facts| {
            let why = "the value sent is not a token: it is empty or not text";
            padded(facts).unwrap_or_else(|| Reading::decided(&TOKEN_FILE_MALFORMED, why))
        },
    )],
    settles: false,
    hides_caller: false,
    judge: Some(judge),
    fix,
};

fn judge(evidence: &Evidence) -> Outcome {
    if let Some(fault) = evidence.token_file.failed() {
        let what = match fault.kind {
            TokenFileFaultKind::Empty => "is empty".to_owned(),
            TokenFileFaultKind::Fifo => "is a FIFO, and an SDK that opens it blocks forever".to_owned(),
            TokenFileFaultKind::Socket => "is a socket".to_owned(),
            TokenFileFaultKind::Device => "is a device".to_owned(),
            TokenFileFaultKind::TooLarge { bytes } => format!("has {bytes} bytes; a token has at most 20,000"),
            TokenFileFaultKind::Io(ref words) => format!("cannot be read: {words}"),
            _ => return Outcome::skip("the token file could not be read"),
        };
        return Diagnosis::new(format!("{} {what}.", fault.path), fix(&Facts::of(evidence))).into();
    }
    let token = match &evidence.token {
        Seen::NotChecked(why) => return Outcome::skip(why.clone()),
        Seen::Failed(malformed) => {
            return Diagnosis::new(format!("{} {}.", path(evidence), malformed.in_words()), fix(&Facts::of(evidence)))
                .into();
        }
        Seen::Seen(token) => token,
    };
    if evidence.agent_reason() == Some(AgentReason::TokenMalformed) {
        return Diagnosis::new(agent::in_words(evidence), fix(&Facts::of(evidence))).into();
    }
    if let Some(padding) = token.padding.filter(|_| evidence.has_pod_identity() && evidence.session.seen().is_none()) {
        let cause = format!(
            "{} {}. SDKs put both into a header, and some refuse a newline there (boto3, Rust).",
            path(evidence),
            padding.in_words()
        );
        return Diagnosis::new(cause, fix(&Facts::of(evidence))).into();
    }
    match token.padding {
        // STS accepted the token unchanged, or read it and refused it for another reason. STS does accept a
        // newline at the end: the Go SDK sends the file unchanged, and files with a newline work (mongo-go-driver, pull
        // request 1965).
        _ if evidence.session.seen().is_some() || evidence.sts_error().is_some() => Outcome::Pass,
        Some(padding) => Outcome::Warning(Box::new(Diagnosis::new(
            format!(
                "{} {}. SDKs send that to STS with the token. This run cannot show whether STS accepts it.",
                path(evidence),
                padding.in_words()
            ),
            fix(&Facts::of(evidence)),
        ))),
        None => Outcome::Pass,
    }
}

fn path(evidence: &Evidence) -> &str {
    evidence.token_file.seen().map_or("the token file", |file| file.path.as_str())
}

/// What the token file holds beside the token explains why STS rejects what an SDK sends.
pub(super) fn padded(facts: &Facts) -> Option<Reading> {
    let padding = facts.padding?.in_words();
    let why = format!("the token file {padding}, which SDKs send with the token");
    Some(Reading::decided(&TOKEN_FILE_MALFORMED, why))
}

fn fix(facts: &Facts) -> Fix {
    Fix::new(match facts.padding {
        Some(_) => {
            "Mount the projected token itself, or write the file without the addition (printf '%s' \"$TOKEN\" instead of \
             echo), then recreate the pod."
        }
        None => "Let the webhook mount the projected token instead of your own file, then recreate the pod.",
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::causes::testing;
    use crate::probe::evidence::{Malformed, Operation, Padding};

    #[test]
    fn each_kind_of_content_has_its_own_words() {
        use Malformed::*;
        let kinds = [
            NotUtf8,
            ByteOrderMark,
            Blank,
            IsAPath,
            SeveralLines { lines: 2 },
            Parts(1),
            Parts(2),
            NotBase64Url { part: "header" },
            NotJson { part: "claims" },
            WrongType { claim: "exp" },
            EmptySignature,
        ];
        let said: std::collections::BTreeSet<String> = kinds
            .into_iter()
            .map(|kind| match judge(&testing::malformed(kind)) {
                Outcome::Fault(diagnosis) => diagnosis.cause,
                other => panic!("{other:?}"),
            })
            .collect();
        assert_eq!(said.len(), 11);
        for kind in
            [TokenFileFaultKind::Empty, TokenFileFaultKind::Fifo, TokenFileFaultKind::TooLarge { bytes: 70_000 }]
        {
            assert!(matches!(judge(&testing::token_file(kind)), Outcome::Fault(_)));
        }
        assert!(matches!(judge(&testing::token_file(TokenFileFaultKind::LinkLoop)), Outcome::Skip(_)));
        assert_eq!(judge(&testing::healthy()), Outcome::Pass);
    }

    #[test]
    fn padding_counts_only_if_sts_rejects_it() {
        let padded = |padding, evidence: Evidence| Evidence {
            token: testing::token(|token| token.padding = Some(padding)).token,
            ..evidence
        };
        let refused = |code: &str, text: &str| testing::answered(Operation::AssumeRoleWithWebIdentity, 400, code, text);
        let unasked = Evidence { session: Seen::not_checked("--no-sts"), ..testing::healthy() };
        for padding in [Padding::WhiteSpace, Padding::ByteOrderMark] {
            for (evidence, is) in [
                (testing::healthy(), "pass"),
                (unasked.clone(), "warn"),
                (refused("InvalidIdentityToken", "The ID Token provided is not a valid JWT."), "fail"),
                (refused("InvalidIdentityToken", "The web identity token provided could not be validated"), "fail"),
                (refused("ValidationError", "Something about the request"), "fail"),
                (refused("InvalidIdentityToken", "Incorrect token audience"), "pass"),
            ] {
                let evidence = padded(padding, evidence);
                let outcome = match testing::judge(&TOKEN_FILE_MALFORMED, &evidence) {
                    Outcome::Pass => "pass",
                    Outcome::Warning(_) => "warn",
                    Outcome::Fault(_) => "fail",
                    Outcome::Skip(_) => "skip",
                };
                assert_eq!(outcome, is, "{padding:?} {:?}", evidence.session);
            }
        }
    }
}
