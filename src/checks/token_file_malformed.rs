use crate::checks::Check;
use crate::evidence::{Evidence, Malformed, Seen, TokenFileFaultKind};
use crate::finding::{Advice, Cause, Diagnosis, Fix, Outcome, Severity};
use crate::sts_errors;

/// What the variable points to holds no JWT.
pub static CHECK: Check = Check {
    cause: Cause {
        code: "token-file-malformed",
        title: "the token file does not hold a token",
        severity: Severity::Error,
        advice: Advice::RecreatePod,
        explanation: "\
The kubelet writes the token as one JWT, three parts in base64url with dots between, and nothing else: no newline, no \
byte order mark. SDKs send the file's content to STS as it stands, so whatever was added breaks it. The usual reasons: \
a volume of one's own in the place of the projected one, a file made by hand, or the path written where the content \
belongs.

Let the webhook mount the projected volume, and make the pod anew.",
    },
    judge,
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
    match &evidence.token {
        Seen::NotLooked(why) => Outcome::skip(why.clone()),
        Seen::Failed(malformed) => Diagnosis::new(format!("{} {}.", path(evidence), in_words(malformed)), fix()).into(),
        Seen::Seen(token) if token.surrounding_space => Outcome::Warning(Box::new(Diagnosis::new(
            format!("{} holds white space before or behind the token, which most SDKs send along.", path(evidence)),
            fix(),
        ))),
        Seen::Seen(_) => sts_errors::pass_unless_said(CHECK.cause.code, evidence),
    }
}

fn fix() -> Fix {
    Fix::new("let the webhook mount the projected token instead of a file of your own, then make the pod anew")
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
    use crate::checks::testing;

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
}
