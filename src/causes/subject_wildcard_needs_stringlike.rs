use crate::causes::{Advice, Cause, Severity};

/// A `*` under StringEquals is a plain character.
pub static SUBJECT_WILDCARD_NEEDS_STRINGLIKE: Cause = Cause {
    code: "subject-wildcard-needs-stringlike",
    title: "a * in the sub condition stands under StringEquals",
    severity: Severity::Error,
    advice: Advice::Fix,
    explanation: "\
IAM's StringEquals compares letter by letter: a * in its value matches only a star. A sub such as \
system:serviceaccount:NAMESPACE:* must stand under StringLike (or ForAnyValue:StringLike), while the aud can stay \
under StringEquals.

The same slip happens with ? and with a ${...} that a template left in. STS answers AccessDenied as for any other \
mismatch.

Move the condition to StringLike, or write the whole subject. Prefer the whole subject: every service account that a \
pattern matches can take the role.",
    judge: None,
};
