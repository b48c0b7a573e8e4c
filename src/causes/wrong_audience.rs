use crate::aws::issuer::STS_AUDIENCE;
use crate::aws::pod_identity;
use crate::causes::{
    Advice, Cause, Facts, Fix, Names, Priority, Reading, Saying, Severity, TOKEN_AUDIENCE_FOR_OTHER_USE, answered, any,
};

/// The token's audience is not among the provider's client IDs.
pub(crate) static WRONG_AUDIENCE: Cause = Cause {
    code: "wrong-audience",
    title: "token audience is not registered with the OIDC provider",
    compare: "aud must be in the provider's client ID list",
    severity: Severity::Error,
    advice: Advice::Fix,
    explanation: "\
STS compares the token's aud (or azp, if the token has one) with the client IDs of the IAM OIDC provider and answers \
\"Incorrect token audience\". This is the provider's list, not the role's trust policy: a mismatch there gets \
AccessDenied.

A token may have several audiences, and AWS does not document which of them STS then compares. Request a token with \
one audience.

The webhook requests sts.amazonaws.com unless the annotation eks.amazonaws.com/audience names another. Providers that \
were created by hand often lack sts.amazonaws.com, or have another tool's audience.

Add the audience to the provider's client IDs, or request a token for an audience that is registered. After a change \
of the provider, the pod recovers by itself. After a change of the annotation, recreate the pod.",
    says: &[Saying::new(
        Priority::Aws,
        &[any(&["incorrect token audience", "more than one audience while authorized party is not present"])],
        |facts| match facts.audience.as_deref() {
            Some(audience) if is_for_api_server(audience) => Reading::decided(
                &TOKEN_AUDIENCE_FOR_OTHER_USE,
                "the token's audience is the API server's: this token was not issued for STS",
            ),
            _ => Reading::decided(&WRONG_AUDIENCE, why(facts)),
        },
    )],
    settles: true,
    hides_caller: false,
    judge: Some(answered),
    fix,
};

fn is_for_api_server(audience: &[String]) -> bool {
    let api_server = |aud: &String| aud.contains("kubernetes.default") || aud == "api" || aud == "k3s";
    !audience.is_empty() && audience.iter().all(api_server)
}

pub(super) fn why(facts: &Facts) -> String {
    match facts.audience.as_deref() {
        // The client IDs may include the right one. Which one STS compares is not documented.
        Some(audience) if audience.len() > 1 => format!(
            "the token has {} audiences, {}, and no azp; AWS does not document which of them STS compares with the \
             client IDs of the IAM provider",
            audience.len(),
            quoted(audience)
        ),
        Some(audience) if facts.has_authorized_party => format!(
            "the token's azp {}, which STS compares instead of aud, is not among the client IDs of the IAM provider",
            quoted(audience)
        ),
        Some(audience) if !audience.is_empty() => {
            format!("the token's aud {} is not among the client IDs of the IAM provider", quoted(audience))
        }
        _ => "the token's aud is not among the client IDs of the IAM provider".to_owned(),
    }
}

pub(super) fn quoted(audience: &[String]) -> String {
    audience.iter().map(|one| format!("{one:?}")).collect::<Vec<_>>().join(" and ")
}

fn fix(facts: &Facts) -> Fix {
    let names = facts.names();
    let Names { audience, provider_arn, iam_region, .. } = &names;
    if names.has_several_audiences {
        let fix = Fix::new(format!(
            "Have the token issued for {audience} alone, then recreate the pod. If the error stays, compare the \
             audiences with the provider's client IDs."
        ));
        return names.with_credentials(fix).command(format!(
            "aws iam get-open-id-connect-provider{iam_region} --open-id-connect-provider-arn {provider_arn} --query ClientIDList --output json"
        ));
    }
    if audience == pod_identity::AUDIENCE {
        return Fix::new(
            "Remove AWS_WEB_IDENTITY_TOKEN_FILE and AWS_ROLE_ARN from the manifest, then recreate the pod: this token is \
             for the agent of EKS Pod Identity, and STS does not take it.",
        );
    }
    if audience != STS_AUDIENCE && !names.is_foreign && facts.profile.is_none() {
        // The webhook's default is right, so an annotation requests another one.
        return Fix::new(format!(
            "Find what requests the audience {audience:?}: usually the service account's annotation \
             eks.amazonaws.com/audience. Remove it and recreate the pod. If the audience is intended, add it to the \
             provider's client IDs instead."
        ))
        .command(names.show_annotations("AUDIENCE", "audience"));
    }
    let fix = Fix::new(format!("Add the token's audience {audience:?} to the provider's client IDs."));
    names.with_credentials(fix).command(format!(
        "aws iam add-client-id-to-open-id-connect-provider{iam_region} --open-id-connect-provider-arn {provider_arn} --client-id {audience}"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::causes::testing::assert_named;
    use crate::probe::evidence::Operation::AssumeRoleWithWebIdentity;

    #[test]
    fn no_other_check_reports_its_answers() {
        assert_named(
            &WRONG_AUDIENCE,
            AssumeRoleWithWebIdentity,
            &["400 InvalidIdentityToken: Incorrect token audience"],
        );
    }
}
