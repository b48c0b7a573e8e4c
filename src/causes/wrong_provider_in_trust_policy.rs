use crate::causes::{Advice, Cause, Severity};

/// The federated principal is not the provider of the token's issuer.
pub static WRONG_PROVIDER_IN_TRUST_POLICY: Cause = Cause {
    code: "wrong-provider-in-trust-policy",
    title: "the trust policy names another provider than this token's issuer",
    severity: Severity::Error,
    advice: Advice::Fix,
    explanation: "\
The policy's principal must be {\"Federated\": \"arn:PARTITION:iam::ACCOUNT:oidc-provider/ISSUER\"}, where ACCOUNT \
is the role's own account and ISSUER the token's iss without https://.

Seen in the field: the provider of another cluster, or of the same cluster before it was made anew (the id at the \
end changes); region and words swapped in the host; the account of the cluster where the role is in another; a bare \
URL instead of an ARN; the dual-stack host oidc-eks.REGION.api.aws, which is right only if your \
token's iss says so.

Compare with the ARN that `irsa-probe trust-policy` prints, and correct the policy. Once the principal is right, the \
condition keys must name the same issuer.",
    judge: None,
};
