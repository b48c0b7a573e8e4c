use crate::causes::{Advice, Cause, Facts, Fix, Names, Severity};

/// The federated principal is not the provider of the token's issuer.
pub(crate) static WRONG_PROVIDER_IN_TRUST_POLICY: Cause = Cause {
    code: "wrong-provider-in-trust-policy",
    title: "the trust policy names another OIDC provider than the token's issuer",
    compare: "Federated must be iss's provider",
    severity: Severity::Error,
    advice: Advice::Fix,
    explanation: "\
The policy's principal must be {\"Federated\": \"arn:PARTITION:iam::ACCOUNT:oidc-provider/ISSUER\"}. ACCOUNT is the \
role's own account, and ISSUER is the token's iss without https://.

Common mistakes are the provider of another cluster, or of the same cluster before it was recreated (the ID at the \
end changes); region and words swapped in the host; the cluster's account when the role is in another account; a bare \
URL instead of an ARN; and the dual-stack host oidc-eks.REGION.api.aws, which is right only if your token's iss says \
so.

Compare the principal with the ARN that `irsa-probe trust-policy` prints, and correct the policy. The condition keys \
must then name the same issuer.",
    says: &[],
    settles: false,
    hides_caller: false,
    judge: None,
    fix,
};

fn fix(facts: &Facts) -> Fix {
    let names = facts.names();
    let Names { provider_arn, .. } = &names;
    names.compare(Fix::new(format!("Set the federated principal in the role's trust policy to {provider_arn:?}.")))
}
