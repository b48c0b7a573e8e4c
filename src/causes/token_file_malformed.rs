use crate::causes::{Advice, Cause, Diagnosis, Fix, Outcome, Severity};
use crate::diagnosis::sts_errors;
use crate::probe::evidence::{Evidence, Malformed, Seen, TokenFileFaultKind};

/// What the variable points to holds no JWT.
pub static TOKEN_FILE_MALFORMED: Cause = Cause {
    code: "token-file-malformed",
    title: "the token file does not hold a token",
    severity: Severity::Error,
    advice: Advice::RecreatePod,
    explanation: "\
The kubelet writes the token as one JWT, three parts in base64url with dots between, and nothing else: no newline, no \
byte order mark. SDKs send the file's content to STS as it stands. STS accepts a newline at the end; it refuses most \
other additions. The usual reasons: \
a volume of one's own in the place of the projected one, a file made by hand, or the path written where the content \
belongs.

Let the webhook mount the projected volume, and make the pod anew.",
    judge: Some(judge),
};

fn judge(evidence: &Evidence) -> Outcome {
    if let Some(fault) = evidence.token_file.failed() {
        let what = match fault.kind {
            TokenFileFaultKind::Empty => "is empty".to_owned(),
            TokenFileFaultKind::Fifo => "is a FIFO: an SDK that opens it waits for ever".to_owned(),
            TokenFileFaultKind::Socket => "is a socket".to_owned(),
            TokenFileFaultKind::Device => "is a device".to_owned(),
            TokenFileFaultKind::TooLarge { bytes } => format!("has {bytes} bytes; STS takes 20,000 at most"),
            TokenFileFaultKind::Io(ref words) => format!("cannot be read: {words}"),
            _ => return Outcome::skip("the token file could not be read"),
        };
        return Diagnosis::new(format!("{} {what}.", fault.path), fix()).into();
    }
    let token = match &evidence.token {
        Seen::NotLooked(why) => return Outcome::skip(why.clone()),
        Seen::Failed(malformed) => {
            return Diagnosis::new(format!("{} {}.", path(evidence), in_words(malformed)), fix()).into();
        }
        Seen::Seen(token) => token,
    };
    match sts_errors::said(&TOKEN_FILE_MALFORMED, evidence) {
        Some(Outcome::Fault(diagnosis)) if token.padding.is_some() => {
            return Diagnosis::new(diagnosis.cause, without_padding()).into();
        }
        Some(fault) => return fault,
        None => {}
    }
    match token.padding {
        // STS has accepted the token as it stands, or has read it and refused it for another reason. It does accept a
        // newline at the end: the Go SDK sends the file unchanged, and files with a newline work (mongo-go-driver, pull
        // request 1965).
        _ if evidence.session.seen().is_some() || evidence.refusal().is_some() => Outcome::Pass,
        Some(padding) => Outcome::Warning(Box::new(Diagnosis::new(
            format!(
                "{} {}. SDKs send that to STS with the token, and this run does not know whether STS accepts it.",
                path(evidence),
                padding.in_words()
            ),
            without_padding(),
        ))),
        None => Outcome::Pass,
    }
}

fn fix() -> Fix {
    Fix::new("let the webhook mount the projected token instead of a file of your own, then make the pod anew")
}

fn without_padding() -> Fix {
    Fix::new(
        "Mount the projected token itself, or write the file without the addition (printf '%s' \"$TOKEN\" in place of \
         echo), then recreate the pod.",
    )
}

fn path(evidence: &Evidence) -> &str {
    evidence.token_file.seen().map_or("the token file", |file| file.path.as_str())
}

/// A clause that follows the file's path. Content is never shown: it could be a secret.
fn in_words(malformed: &Malformed) -> String {
    match malformed {
        Malformed::NotUtf8 => "is not text (not UTF-8)".to_owned(),
        Malformed::ByteOrderMark => "begins with a byte order mark, as editors on Windows write it".to_owned(),
        Malformed::Blank => "holds only white space".to_owned(),
        Malformed::IsAPath => "holds the path of a file where the token itself must stand".to_owned(),
        Malformed::SeveralLines { lines } => format!("holds {lines} lines where one token must stand alone"),
        Malformed::Parts(1) => "holds one word without dots; a JWT has three parts with dots between".to_owned(),
        Malformed::Parts(parts) => format!("holds {parts} parts between dots; a JWT has three"),
        Malformed::NotBase64Url { part } => format!("holds a JWT whose {part} is not base64url"),
        Malformed::NotJson { part } => format!("holds a JWT whose {part} is not a JSON object"),
        Malformed::WrongType { claim } => {
            format!("holds a JWT whose {claim:?} is of a type that RFC 7519 does not allow")
        }
        Malformed::EmptySignature => "holds a JWT without signature".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::causes::testing;
    use crate::probe::evidence::{Operation, Padding};

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
    fn what_stands_beside_the_token_counts_only_if_sts_minds_it() {
        let padded = |padding, evidence: Evidence| Evidence {
            token: testing::token(|token| token.padding = Some(padding)).token,
            ..evidence
        };
        let refused = |code: &str, text: &str| testing::answered(Operation::AssumeRoleWithWebIdentity, 400, code, text);
        let unasked = Evidence { session: Seen::not_looked("--no-sts"), ..testing::healthy() };
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
                let outcome = match judge(&evidence) {
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
