use crate::causes::{Advice, Cause, Facts, Fix, Names, Severity};

/// STS answers AccessDenied for a role that does not exist.
pub(crate) static ROLE_DOES_NOT_EXIST: Cause = Cause {
    code: "role-does-not-exist",
    title: "the role does not exist",
    compare: "aws iam get-role must find it",
    severity: Severity::Error,
    advice: Advice::Fix,
    // Source of the delay: IAM user guide, "Troubleshoot IAM: Changes that I make are not always immediately visible".
    explanation: "\
STS does not reveal which roles exist. A role that was deleted, misspelt or never created gets the same AccessDenied \
as a role whose trust policy does not allow the token. A check inside a pod can never exclude this cause.

A role that was created seconds ago may not be known everywhere yet; that passes within a minute.

Check whether the role exists, including path and letter case: `aws iam get-role --role-name NAME --output json`. If \
the annotation is wrong, correct it and recreate the pod. If the role was missing, the pod recovers once the role \
exists.",
    says: &[],
    settles: false,
    hides_caller: false,
    judge: None,
    fix,
};

fn fix(facts: &Facts) -> Fix {
    let names = facts.names();
    let Names { role, account, iam_region, .. } = &names;
    let fix = Fix::new(format!(
        "Check that the role {role:?} exists in account {account}. If it does not, correct the annotation of the \
         service account and recreate the pod. If the role was created within the last minutes, wait and retry."
    ));
    names
        .with_credentials(fix)
        .command(format!("aws iam get-role{iam_region} --role-name {role} --query Role.Arn --output json"))
}
