use crate::causes::sdk_versions::judge_all;
use crate::causes::{
    Advice, Candidate, Cause, DNS_FAILURE, ENV_NOT_INJECTED, Facts, Fix, Outcome, Priority, REGION_MISSING, Reading,
    Saying, Severity, any, with,
};
use crate::probe::evidence::Evidence;
use crate::probe::sdks::support::Mechanism;

/// The application's SDK cannot use the token, even if the token is correct.
pub(crate) static SDK_LACKS_WEB_IDENTITY: Cause = Cause {
    code: "sdk-lacks-web-identity",
    title: "the application's AWS SDK cannot use IRSA",
    compare: "the SDK's version must support web identity",
    severity: Severity::Error,
    advice: Advice::RecreatePod,
    // Sources: `probe::sdks::support`.
    explanation: "\
IRSA works in this pod, but the application does not use it: the credential chain of its AWS SDK does not support web \
identity, or lacks a part of it. Such an application falls back to the node's role, or reports that it has no \
credentials.

AWS's page \"Use IRSA with the AWS SDK\" lists the minimum versions: Java 2.10.11 (version 2) or 1.12.782 (version \
1), boto3 1.9.220, botocore 1.12.200, AWS CLI 1.16.232, JavaScript 2.525.0 or 3.27.0, Go 1.23.13 (version 1), Ruby \
aws-sdk-core 3.58.0, PHP 3.110.7, C++ 1.7.174, .NET 3.3.659.1. In 2021 that page listed older versions for some SDKs \
(Java 1.11.704, JavaScript 3.15.0, Ruby 2.11.345). A version in between is only a warning.

Java needs the module sts (version 2) or aws-java-sdk-sts (version 1) on the class path. .NET needs \
AWSSDK.SecurityToken. Without it, the chain silently skips web identity.

The probe finds SDKs by the files that package managers and builds leave in the image. It finds Go and Rust SDKs by \
the information in the programs themselves. It does not see JavaScript that a bundler packed into one file, classes \
that were renamed when they were shaded, or an application that sets its own credential chain in code.

Update the SDK in the image and roll it out.",
    says: &[
        // A host without a name: the program builds the call to STS by itself.
        Saying::new(
            Priority::Sdk,
            &[with(&["getaddrinfo(host='')", "getaddrinfo(host=\"\")"], &[&["sts", "aws_credentials"]])],
            |_| {
                Reading::ranked(vec![
                    Candidate::new(
                        &SDK_LACKS_WEB_IDENTITY,
                        "the program's own client calls STS at an empty host: update it",
                    ),
                    Candidate::new(&REGION_MISSING, "if no region is set"),
                ])
            },
        )
        .instead_of(&DNS_FAILURE),
        Saying::new(
            Priority::Sdk,
            &[
                any(&[
                    "aws-java-sdk-sts",
                    "'sts' service module must be on the class path",
                    "sts module must be on the class path",
                    "no role assumption callback was provided",
                ]),
                with(
                    &["awssdk.securitytoken"],
                    &[&["could not be found", "could not load", "not found", "could not be loaded"]],
                ),
                with(
                    &[
                        "software.amazon.awssdk.services.sts",
                        "software/amazon/awssdk/services/sts",
                        "com.amazonaws.services.securitytoken",
                        "com/amazonaws/services/securitytoken",
                    ],
                    &[&["classnotfoundexception", "noclassdeffounderror", "no class def found"]],
                ),
            ],
            |_| Reading::decided(&SDK_LACKS_WEB_IDENTITY, "the program lacks the SDK module that calls STS"),
        ),
        // Hadoop, which names the providers of fs.s3a.aws.credentials.provider.
        Saying::new(
            Priority::Sdk,
            &[any(&["no aws credentials provided by", "no aws credentials in the hadoop configuration"])],
            |_| {
                Reading::ranked(vec![
                    Candidate::new(
                        &SDK_LACKS_WEB_IDENTITY,
                        "if no provider that the text names is of web identity: fs.s3a.aws.credentials.provider",
                    ),
                    Candidate::new(&ENV_NOT_INJECTED, "if one is: it found no variables"),
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
    if let Some(why) = evidence.why_not_irsa() {
        return Outcome::skip(why);
    }
    judge_all(evidence, Mechanism::WebIdentity)
}

fn fix(_: &Facts) -> Fix {
    Fix::new(
        "Check first that the container has AWS_ROLE_ARN and AWS_WEB_IDENTITY_TOKEN_FILE. Then update the program's SDK \
         to one with web identity, add its STS module, and use its default credential chain.",
    )
    .command("env | grep -oE '^AWS_(ROLE_ARN|WEB_IDENTITY_TOKEN_FILE)='")
}
