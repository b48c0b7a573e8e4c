use crate::causes::{Advice, Cause, Facts, Fix, Priority, Reading, Saying, Severity, any};

/// An operation that takes an IAM user's keys only.
pub(crate) static CALL_REFUSED_FOR_TEMPORARY_CREDENTIALS: Cause = Cause {
    code: "call-refused-for-temporary-credentials",
    title: "the program calls an operation that refuses temporary credentials",
    compare: "no call of GetSessionToken",
    severity: Severity::Error,
    advice: Advice::Fix,
    // Source: IAM user guide, "Compare AWS STS credentials".
    explanation:
        "\
The pod has its role. The program then calls GetSessionToken or GetFederationToken, which AWS allows to the keys of an \
IAM user only: \"Cannot call GetSessionToken with session credentials\". The credentials of a role, whether through \
IRSA or EKS Pod Identity, are session credentials already.

Let the program use the credentials that it has, or AssumeRole if it needs a second session. No policy allows the call.",
    says: &[Saying::new(
        Priority::Aws,
        &[any(&[
            "cannot call getsessiontoken with session credentials",
            "cannot call getfederationtoken with session credentials",
            "getsessiontoken with session credentials",
            "getfederationtoken with session credentials",
            "cannot call this operation with session credentials",
        ])],
        |_| {
            let why = "the credentials are a role's session, and only an IAM user's keys may make this call";
            Reading::decided(&CALL_REFUSED_FOR_TEMPORARY_CREDENTIALS, why)
        },
    )],
    settles: false,
    hides_caller: false,
    judge: None,
    fix,
};

fn fix(_: &Facts) -> Fix {
    Fix::new(
        "Configure the program to use the pod's credentials as they are, or to call AssumeRole, instead of \
         GetSessionToken or GetFederationToken.",
    )
}
