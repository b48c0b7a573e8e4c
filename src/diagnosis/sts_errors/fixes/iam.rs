//! Fixes in IAM: role, trust policy, provider, organization.

use super::Names;
use crate::causes::Fix;
use crate::documents::trust_policy::STS_AUDIENCE;

pub fn fix(code: &str, names: &Names) -> Option<Fix> {
    let Names {
        role, iam_region, account, provider_arn, issuer, subject, audience, namespace, service_account, ..
    } = names;
    let key = names.key();
    Some(match code {
        "not-authorized" => names.compare(Fix::new(format!(
            "Compare the role's trust policy with what this token needs: the action sts:AssumeRoleWithWebIdentity, \
             the federated principal {provider_arn}, \"{key}:sub\" equal to {subject:?} and \"{key}:aud\" equal to \
             {audience:?}. If the role or the provider was created within the last minutes, wait and retry: IAM \
             changes take seconds to a minute to reach all of AWS."
        ))),
        "wrong-subject-in-trust-policy" => names.compare(Fix::new(format!(
            "Set the condition \"{key}:sub\" in the role's trust policy to exactly {subject:?}."
        ))),
        "service-account-mismatch" => Fix::new(format!(
            "Set serviceAccountName in the pod template to the service account that the role is for (the pod now runs \
             as {subject:?}), or allow this one in the role's trust policy."
        ))
        .command(names.show_annotations("ROLE", "role-arn")),
        "subject-wildcard-needs-stringlike" => names.compare(Fix::new(format!(
            "Move the condition on \"{key}:sub\" from StringEquals to StringLike, or write {subject:?} in full."
        ))),
        "condition-key-wrong-in-trust-policy" => names.compare(Fix::new(format!(
            "Use the condition keys \"{key}:sub\" (for {subject:?}) and \"{key}:aud\" (for {audience:?}), and no \
             others, in the trust policy's statement. Give each further cluster its own statement."
        ))),
        "wrong-aud-condition-in-trust-policy" => names.compare(Fix::new(format!(
            "Set the condition \"{key}:aud\" in the role's trust policy to {audience:?}."
        ))),
        "wrong-provider-in-trust-policy" => {
            names.compare(Fix::new(format!(
                "Set the federated principal in the role's trust policy to {provider_arn:?}.")))
        }
        "trust-policy-lacks-web-identity-statement" => names
            .compare(Fix::new(format!(
                "Add a statement that allows sts:AssumeRoleWithWebIdentity to {provider_arn}. The second command \
                 prints the update, which keeps the other statements."
            ))),
        "role-does-not-exist" => Fix::new(format!(
            "Check that the role {role:?} exists in account {account}. If it does not, correct the annotation of the \
             service account and recreate the pod. If the role was created within the last minutes, wait and retry."
        ))
        .command(format!("aws iam get-role{iam_region} --role-name {role} --query Role.Arn --output json")),
        "scp-or-boundary-deny" => Fix::new(
            "Find the statement that denies (or does not allow) sts:AssumeRoleWithWebIdentity. Check first the policy \
             of the STS VPC endpoint and the organization's resource control policies, including those attached to \
             the root and the parent OUs.",
        )
        .command("aws ec2 describe-vpc-endpoints --query \"VpcEndpoints[?ends_with(ServiceName, '.sts')].PolicyDocument\" --output json"),
        "oidc-provider-not-found" | "no-oidc-provider" => Fix::new(format!(
            "Create the IAM OIDC provider for {issuer} in account {account} (the role's), with the audience \
             {audience:?}. If it was created within the last minutes, wait and retry."
        ))
        .command(format!("aws iam list-open-id-connect-providers{iam_region} --output json"))
        .command(format!(
            "aws iam create-open-id-connect-provider{iam_region} --url {issuer} --client-id-list {audience} --output json"
        )),
        "wrong-account-in-role-arn" => Fix::new(format!(
            "Check whether {account}, the account in AWS_ROLE_ARN, is the intended one. If not, correct the service \
             account's annotation and recreate the pod; if so, create the issuer's OIDC provider in that account too."
        ))
        .command(format!(
            "kubectl get serviceaccount {service_account} -n {namespace} -o 'custom-columns=NAME:.metadata.name,ROLE:.metadata.annotations.eks\\.amazonaws\\.com/role-arn'"
        )),
        "issuer-not-public-default" => Fix::new(
            "Give the API server a public issuer: set --service-account-issuer=https://HOST and publish the discovery \
             document and keys there. EKS already does this, so on EKS check that the token comes from this cluster.",
        )
        .command("kubectl get --raw /.well-known/openid-configuration"),
        "wrong-audience" if names.audiences.is_some() => Fix::new(format!(
            "Have the token issued for {audience} alone, then recreate the pod. If the error stays, compare the \
             audiences with the provider's client IDs."
        ))
        .command(format!(
            "aws iam get-open-id-connect-provider{iam_region} --open-id-connect-provider-arn {provider_arn} --query ClientIDList --output json"
        )),
        // The webhook's default is right, so an annotation asked for another one.
        "wrong-audience" if audience != STS_AUDIENCE && !names.is_foreign => Fix::new(format!(
            "Find out what requests the audience {audience:?}: usually the annotation eks.amazonaws.com/audience of \
             the service account. If nobody needs it, remove it and recreate the pod. Only if it is intended, add \
             {audience:?} to the provider's client IDs (aws iam add-client-id-to-open-id-connect-provider)."
        ))
        .command(names.show_annotations("AUDIENCE", "audience")),
        "wrong-audience" => {
            Fix::new(format!("Add the token's audience {audience:?} to the provider's client IDs.")).command(format!(
                "aws iam add-client-id-to-open-id-connect-provider{iam_region} --open-id-connect-provider-arn {provider_arn} --client-id {audience}"
            ))
        }
        "thumbprint-mismatch" if names.is_of_aws => Fix::new(format!(
            "Leave the provider's thumbprints unchanged: AWS runs {issuer} and does not use them for it. Run the \
             check again; if the error stays, open a case with AWS Support."
        )),
        "thumbprint-mismatch" if names.thumbprint.is_some() => Fix::new(
            "Set the provider's thumbprint to the one that was seen, if a private CA signed the issuer's certificate. \
             The command replaces the whole list of thumbprints. If a public CA signed it, AWS does not use \
             thumbprints.",
        )
        .command(format!(
            "aws iam update-open-id-connect-provider-thumbprint{iam_region} --open-id-connect-provider-arn {provider_arn} --thumbprint-list {}",
            names.thumbprint.as_deref().unwrap_or_default()
        )),
        "thumbprint-mismatch" => Fix::new(
            "Set the provider's thumbprint to the SHA-1 fingerprint of the last certificate that the issuer presents, \
             if a private CA signed it (aws iam update-open-id-connect-provider-thumbprint, which replaces the whole \
             list). If a public CA signed it, AWS does not use thumbprints.",
        )
        .command(format!(
            "openssl s_client -connect {} -servername {} -showcerts </dev/null",
            names.issuer_peer(),
            key.split(['/', ':']).next().unwrap_or(key)
        )),
        "verification-key-not-retrieved" => Fix::new(format!(
            "Check that {issuer} publishes its keys to the internet, answers within 5 s, and lists the token's kid \
             among its keys. If it does, wait and retry: the fault is temporary."
        ))
        .command(format!("curl --max-time 5 {issuer}/.well-known/openid-configuration")),
        "issuer-unreachable" => Fix::new(
            "Wait and retry: this fault is usually temporary. If it stays, make the issuer's discovery document and \
             keys reachable from the internet, and start fewer pods at once.",
        )
        .command(format!("curl --max-time 5 {issuer}/.well-known/openid-configuration")),
        "jwks-key-mismatch" => Fix::new(
            "Publish the key that signs the cluster's tokens at the issuer's jwks_uri. After a rotation, keep the old \
             key there until the last token that it signed has expired.",
        )
        .command("kubectl get --raw /openid/v1/jwks")
        .command(format!("curl --max-time 5 {issuer}/.well-known/openid-configuration")),
        "idp-rejected-claim" => Fix::new(
            "Ask the identity provider why it rejects the token. STS verifies Kubernetes tokens itself, so they never \
             get this error.",
        ),
        "region-sts-disabled" => Fix::new(
            "Activate STS for the region (IAM console, Account settings, Security Token Service endpoints; enable an \
             opt-in region as a whole, under Account, AWS Regions), or call another region's endpoint.",
        ),
        "session-duration-exceeds-max" => Fix::new(
            "Request a shorter session, or raise the role's MaxSessionDuration to what the program requests.")
            .command(format!("aws iam get-role{iam_region} --role-name {role} --query Role.MaxSessionDuration --output json")),
        "second-hop-assume-role-denied" => Fix::new(
            "Remove the role setting from the program if the second role is the pod's own: IRSA itself works. \
             Otherwise allow sts:AssumeRole in the first role's permissions, and name the first role in the second's \
             trust policy.",
        ),
        "role-lacks-permissions" => Fix::new(
            "Allow the action on the resource in the role's policies (IRSA itself works), and check what denies it: \
             the resource's own policy, a permissions boundary, or the organization's policies.",
        )
        .command(format!("aws iam list-attached-role-policies{iam_region} --role-name {role} --output json")),
        "packed-policy-too-large" => {
            Fix::new("Pass fewer or shorter session tags and a smaller session policy to the second sts:AssumeRole.")
        }
        _ => return None,
    })
}
