use crate::causes::{Advice, Cause, Facts, Fix, Names, Severity};

/// The trust policy's `:sub` is not the token's.
pub(crate) static WRONG_SUBJECT_IN_TRUST_POLICY: Cause = Cause {
    code: "wrong-subject-in-trust-policy",
    title: "the trust policy's sub condition does not match this token's sub",
    compare: ":sub must be the token's sub",
    severity: Severity::Error,
    advice: Advice::Fix,
    explanation: "\
The trust policy's condition on ISSUER:sub does not match the token's sub, system:serviceaccount:NAMESPACE:NAME. Most \
often the namespace differs (a chart was installed in another namespace than its docs say), then the service \
account's name: a typing error, an old name, or letter case, which counts.

Only the trust policy shows this; STS answers the same AccessDenied to all mistakes of this kind. Compare the sub \
that `irsa-probe` prints with the sub in the policy: `aws iam get-role --role-name NAME --output json > role.json`, \
then `irsa-probe trust-policy --check role.json`.

Correct the policy. The pod recovers by itself.",
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
        "Set the condition \"{key}:sub\" in the role's trust policy to exactly {subject:?}."
    )))
}
