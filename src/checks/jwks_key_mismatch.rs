use crate::finding::{Advice, Cause, Severity};

/// The issuer's published keys lack the one that signed the token.
pub static CAUSE: Cause = Cause {
    code: "jwks-key-mismatch",
    title: "the issuer does not publish the key that signed this token",
    severity: Severity::Error,
    advice: Advice::Fix,
    explanation: "\
The token's header names the key that signed it (kid), and the issuer's published set has none of that name: the \
signing key was rotated, the cluster was made anew behind the same issuer, or a hand-made set was never updated. STS \
answers \"Couldn't retrieve verification key\", as it does when it cannot reach the issuer at all.

Compare `kubectl get --raw /openid/v1/jwks` with what the issuer's jwks_uri serves. Publish the new key, and keep \
the old one until its last token has expired (a day).",
};
