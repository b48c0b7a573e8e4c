use crate::causes::{Advice, Cause, Facts, Fix, Names, Severity};

/// A `*` under StringEquals is a literal character.
pub(crate) static SUBJECT_WILDCARD_NEEDS_STRINGLIKE: Cause = Cause {
    code: "subject-wildcard-needs-stringlike",
    title: "a wildcard in the sub condition requires StringLike",
    compare: "a * in :sub needs StringLike",
    severity: Severity::Error,
    advice: Advice::Fix,
    explanation: "\
IAM's StringEquals compares values literally: a * in its value matches only the character *. A sub such as \
system:serviceaccount:NAMESPACE:* requires StringLike (or ForAnyValue:StringLike). The aud condition can keep \
StringEquals.

The same mistake happens with ? and with a ${...} that a template did not replace. STS answers AccessDenied, as for \
any other mismatch.

Move the condition to StringLike, or write the whole subject. Prefer the whole subject: every service account that a \
pattern matches can assume the role.",
    says: &[],
    settles: false,
    hides_caller: false,
    judge: None,
    fix,
};

fn fix(facts: &Facts) -> Fix {
    let names = facts.names();
    let Names { subject, .. } = &names;
    let key = names.key();
    names.compare(Fix::new(format!(
        "Move the condition on \"{key}:sub\" from StringEquals to StringLike, or write {subject:?} in full."
    )))
}
