use crate::causes::{Advice, Cause, Severity};

/// AssumeRoleWithWebIdentity is unsigned; a header that says otherwise confuses STS.
pub static UNEXPECTED_AUTH_HEADER_ON_UNSIGNED_CALL: Cause = Cause {
    code: "unexpected-auth-header-on-unsigned-call",
    title: "the unsigned call carries a header of a signed one",
    severity: Severity::Error,
    advice: Advice::Fix,
    explanation: "\
AssumeRoleWithWebIdentity carries no signature: the token is the proof. A client that has other credentials at hand, \
or a mesh or proxy, may add X-Amz-Security-Token or Authorization all the same. Such calls were seen to be answered \
\"Couldn't retrieve verification key from your identity provider\".

`irsa-probe` never adds them, so where it succeeds and a program does not, look at what that program sends.",
    judge: None,
};
