use crate::causes::{Advice, Cause, Facts, Fix, Names, Priority, Reading, Saying, Severity, any, with};

/// The service account does not have the annotation that the webhook reads.
pub(crate) static ENV_NOT_INJECTED_ANNOTATION_MISSING_OR_MISPLACED: Cause = Cause {
    code: "env-not-injected-annotation-missing-or-misplaced",
    title: "the service account is not annotated with the role",
    compare: "the annotation",
    severity: Severity::Error,
    advice: Advice::RecreatePod,
    explanation: "\
The webhook reads the annotation eks.amazonaws.com/role-arn of the service account that the pod uses. It ignores an \
annotation on the pod or its Deployment, under a misspelt key, or on another service account. It also ignores an \
empty value, without an error. Helm charts often read the annotation from another key of their values than expected, \
or create a service account with another name.

Find out which service account the pod uses (.spec.serviceAccountName), annotate that service account, then recreate \
the pod.",
    // Controllers that read the annotation themselves.
    says: &[Saying::new(
        Priority::Sdk,
        &[
            any(&[
                "iam role must be associated with service account",
                "missing role annotation on pod's service account",
            ]),
            with(
                &["eks.amazonaws.com/role-arn", "role-arn annotation", "role arn annotation", "iam role annotation"],
                &[&[
                    "missing",
                    "not found",
                    "is not annotated",
                    "not set",
                    "does not have",
                    "no annotation",
                    "required",
                    "lacks",
                ]],
            ),
        ],
        |_| {
            let why = "the controller finds no annotation eks.amazonaws.com/role-arn on the service account";
            Reading::decided(&ENV_NOT_INJECTED_ANNOTATION_MISSING_OR_MISPLACED, why)
        },
    )],
    settles: false,
    hides_caller: false,
    judge: None,
    fix,
};

fn fix(facts: &Facts) -> Fix {
    let names = facts.names();
    let Names { namespace, service_account, role_arn, .. } = &names;
    Fix::new(
        "Annotate the service account that the pod runs as (not the pod, not another account) with \
         eks.amazonaws.com/role-arn, then recreate the pod.",
    )
    .command(names.show_account())
    .command(format!(
        "kubectl annotate serviceaccount {service_account} -n {namespace} eks.amazonaws.com/role-arn={role_arn}"
    ))
}
