use crate::aws::sdk_support::{Mechanism, judge_all};
use crate::causes::{Advice, Cause, Outcome, Severity};
use crate::probe::evidence::Evidence;

/// The application's SDK cannot use the token, however right it is.
pub static SDK_LACKS_WEB_IDENTITY: Cause = Cause {
        code: "sdk-lacks-web-identity",
        title: "the application's AWS SDK cannot use IRSA",
        severity: Severity::Error,
        advice: Advice::RecreatePod,
        // Sources: `sdk_support`.
        explanation: "\
IRSA works in this pod, yet the application does not use it: the credential chain of its AWS SDK has no web identity, or \
lacks a part of it. Such an application goes on to the role of the node, or says that it has no credentials.

Too old is what AWS's page \"Use IRSA with the AWS SDK\" says: before Java 2.10.11 (version 2) or 1.12.782 (version 1), \
boto3 1.9.220, botocore 1.12.200, AWS CLI 1.16.232, JavaScript 2.525.0 or 3.27.0, Go 1.23.13 (version 1), Ruby \
aws-sdk-core 3.58.0, PHP 3.110.7, C++ 1.7.174, .NET 3.3.659.1. Where that page said less in 2021 (Java 1.11.704, \
JavaScript 3.15.0, Ruby 2.11.345) a version in between is only a warning.

In Java, the module sts (version 2) or aws-java-sdk-sts (version 1) must be on the class path, and in .NET \
AWSSDK.SecurityToken must be there: without it the chain passes web identity by without a word.

The probe finds SDKs by what package managers and builds leave in the image, and Go and Rust by what their programs say \
of themselves. It does not see JavaScript that a bundler packed into one file, classes that were renamed when they were \
shaded, or an application that sets its own chain of credentials in code. Put a newer SDK into the image and roll it \
out.",
    judge: Some(judge),
};

fn judge(evidence: &Evidence) -> Outcome {
    judge_all(evidence, Mechanism::WebIdentity)
}
