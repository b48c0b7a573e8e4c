use crate::causes::sdk_versions::judge_all;
use crate::causes::{
    AGENT_NOT_RUNNING, AGENT_UNREACHABLE_TIMEOUT, ASSOCIATION_MISSING, Advice, Candidate, Cause, Diagnosis,
    ENV_NOT_INJECTED, Facts, Fix, NO_JWT, Outcome, POD_IDENTITY_NOT_AUTHORIZED, Priority, Reading, Saying, Severity,
    TOKEN_EXPIRED, TOKEN_FILE_MALFORMED, agent, any, with,
};
use crate::probe::evidence::Evidence;
use crate::probe::sdks::network::listed;
use crate::probe::sdks::support::Mechanism;
use crate::probe::sdks::traps::without_the_agent_as_source;

/// The application's SDK cannot use EKS Pod Identity.
pub(crate) static SDK_LACKS_POD_IDENTITY: Cause = Cause {
    code: "sdk-lacks-pod-identity",
    title: "the application's AWS SDK cannot use EKS Pod Identity",
    compare: "the SDK's version must support Pod Identity",
    severity: Severity::Error,
    advice: Advice::RecreatePod,
    // Sources: `probe::sdks::support`.
    explanation: "\
This pod uses EKS Pod Identity, not IRSA. Its credentials come from an agent on the node at 169.254.170.23, and the \
SDK authenticates with a token that it reads from a file. SDKs have supported that address and the token file since \
the end of 2023. An older SDK rejects the agent's address, sends no token, or skips the container credentials.

AWS's page \"Use Pod Identity with the AWS SDK\" lists the minimum versions: Java 2.21.30 (version 2) or 1.12.746 \
(version 1), boto3 and botocore 1.34.41, AWS CLI 1.30.0 or 2.15.0, JavaScript 2.1550.0 or 3.458.0, Go 1.47.11 \
(version 1) or release-2023-11-14 (version 2), Ruby aws-sdk-core 3.188.0, PHP 3.287.1, C++ 1.11.263, .NET 3.7.734.0, \
Kotlin 1.0.1, Rust release-2024-03-13.

Update the SDK in the image and roll it out, or go back to IRSA, which works with much older SDKs.",
    says: &[
        Saying::new(
            Priority::Sdk,
            &[with(
                &[
                    "only loopback hosts are allowed",
                    "only loopback/ecs hosts are allowed",
                    "invalid endpoint host",
                    "unsupported host",
                    "can only retrieve metadata from these hosts",
                    "has an invalid host",
                    "contains an invalid host",
                    "contains an unsupported host",
                    "did not refer to the loopback interface",
                    "must use a loopback",
                    "loopback address when using the http scheme",
                    "not within loop back cidr",
                    "no dns resolver was provided",
                ],
                &[agent::AGENT],
            )],
            |_| Reading::decided(&SDK_LACKS_POD_IDENTITY, "this SDK refuses the agent's address: it is too old"),
        ),
        Saying::new(Priority::Aws, &[any(&["service account token cannot be empty"])], |_| {
            let why = "the request had no token: this SDK does not read AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE";
            Reading::decided(&SDK_LACKS_POD_IDENTITY, why)
        }),
        // aws-sdk-go-v2 reads the agent's variable since pull request 2790 (September 2024); aws-sdk-go never did.
        Saying::new(
            Priority::Sdk,
            &[any(&[
                "ecscontainer was specified as the credential_source, but 'aws_container_credentials_relative_uri'",
            ])],
            |_| {
                let sdk = "the SDK for Go 1, and Go 2 before September 2024, use credential_source = EcsContainer with ECS \
                           only";
                let missing = "if the container has no variables of EKS Pod Identity";
                Reading::ranked(vec![
                    Candidate::new(&SDK_LACKS_POD_IDENTITY, sdk),
                    Candidate::new(&ENV_NOT_INJECTED, missing),
                ])
            },
        ),
        // The length of `Bearer`, then a blank.
        Saying::new(Priority::Aws, &[with(&["illegal base64 data at input byte 6"], &[NO_JWT])], |_| {
            let why = "the client sent Bearer before the token; the agent takes the bare token";
            Reading::decided(&SDK_LACKS_POD_IDENTITY, why)
        })
        .instead_of(&TOKEN_FILE_MALFORMED),
        // The last link of JavaScript's chain refuses the address, whatever the link for the agent failed of.
        Saying::new(
            Priority::Sdk,
            &[with(&["is not a valid container metadata service hostname"], &[agent::AGENT])],
            |_| {
                Reading::ranked(vec![
                    Candidate::new(
                        &SDK_LACKS_POD_IDENTITY,
                        "if the SDK is older than 3.458.0 (version 2: 2.1550.0); a later one says this for every failure of the agent",
                    ),
                    Candidate::new(
                        &ASSOCIATION_MISSING,
                        "if no association names the service account: run the probe in the pod",
                    ),
                    Candidate::new(&POD_IDENTITY_NOT_AUTHORIZED, "if EKS may not assume the association's role"),
                    Candidate::new(&AGENT_NOT_RUNNING, "if nothing answers at the agent's address"),
                    Candidate::new(&AGENT_UNREACHABLE_TIMEOUT, "if a policy drops the packets to the agent"),
                    Candidate::new(&TOKEN_EXPIRED, "if the token was not read again"),
                ])
            },
        ),
    ],
    settles: false,
    hides_caller: false,
    judge: Some(judge),
    fix,
};

fn judge(evidence: &Evidence) -> Outcome {
    if let Some(why) = evidence.why_not_pod_identity() {
        return Outcome::skip(why);
    }
    let names = without_the_agent_as_source(evidence);
    if !names.is_empty() {
        let cause = format!(
            "The profile has credential_source = EcsContainer, which {} in the image uses with ECS only, not with the agent \
             of EKS Pod Identity.",
            listed(&names)
        );
        let fix = Fix::new("Move the program to the SDK for Go 2, or assume the second role in its code.");
        return Diagnosis::new(cause, fix).into();
    }
    judge_all(evidence, Mechanism::PodIdentity)
}

fn fix(_: &Facts) -> Fix {
    Fix::new("Update the program's SDK to a version that supports EKS Pod Identity, and roll out the image.")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::causes::testing::{ROLE, environment, found, profile, with_sdk};
    use crate::probe::evidence::{Profile, SdkKind, Seen};

    #[test]
    fn go_1_does_not_build_a_profile_on_the_agent() {
        let pod = [
            ("AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://169.254.170.23/v1/credentials"),
            ("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", "/pod-token"),
        ];
        for (kind, version, roles, is) in [
            (SdkKind::GoV1, "1.55.0", &[ROLE][..], true),
            (SdkKind::GoV1, "1.55.0", &[], false),
            (SdkKind::Boto3, "1.40.0", &[ROLE], false),
        ] {
            let of_container = roles.iter().map(|role| (*role).to_owned()).collect();
            let profile = Seen::Seen(Profile { web_identity: None, of_container, ..profile(&[]) });
            let target = Some(with_sdk("app", kind, version));
            let evidence = Evidence { target, profile, ..environment(&pod) };
            assert_eq!(found(&SDK_LACKS_POD_IDENTITY, &evidence), is, "{kind:?} {roles:?}");
        }
    }

    #[test]
    fn an_old_sdk_that_uses_irsa_instead_is_not_broken() {
        let irsa = [("AWS_ROLE_ARN", ROLE), ("AWS_WEB_IDENTITY_TOKEN_FILE", "/token")];
        let pod = [
            ("AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://169.254.170.23/v1/credentials"),
            ("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", "/pod-token"),
        ];
        for (variables, version, is) in [
            (pod.to_vec(), "1.34.40", true),
            (pod.to_vec(), "1.34.41", false),
            ([irsa, pod].concat(), "1.34.40", false),
        ] {
            let target = Some(with_sdk("python3", SdkKind::Boto3, version));
            let evidence = Evidence { target, ..environment(&variables) };
            assert_eq!(found(&SDK_LACKS_POD_IDENTITY, &evidence), is, "{variables:?} {version}");
        }
    }
}
