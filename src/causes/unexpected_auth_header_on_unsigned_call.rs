use crate::causes::{Advice, Cause, Facts, Fix, Severity};

/// AssumeRoleWithWebIdentity is unsigned; a header of a signed call confuses STS.
pub(crate) static UNEXPECTED_AUTH_HEADER_ON_UNSIGNED_CALL: Cause = Cause {
    code: "unexpected-auth-header-on-unsigned-call",
    title: "the unsigned STS call has an authentication header of a signed call",
    compare: "headers a proxy adds",
    severity: Severity::Error,
    advice: Advice::Fix,
    explanation: "\
AssumeRoleWithWebIdentity has no signature: the token is the proof. A client that has other credentials, or a mesh or \
proxy, may still add X-Amz-Security-Token or Authorization. STS has answered such calls with \"Couldn't retrieve \
verification key from your identity provider\".

`irsa-probe` never adds these headers. If it succeeds and a program does not, check what that program sends.",
    says: &[],
    settles: false,
    hides_caller: false,
    judge: None,
    fix,
};

fn fix(_: &Facts) -> Fix {
    Fix::new(
        "Remove the Authorization or X-Amz-Security-Token header that a client, mesh or proxy adds to the unsigned \
         call.",
    )
}
