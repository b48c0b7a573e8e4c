use crate::causes::sdk_versions::judge_all;
use crate::causes::{Advice, Cause, Facts, Fix, Outcome, Severity};
use crate::probe::evidence::Evidence;
use crate::probe::sdks::support::Mechanism;

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
    says: &[],
    settles: false,
    hides_caller: false,
    judge: Some(judge),
    fix,
};

fn judge(evidence: &Evidence) -> Outcome {
    judge_all(evidence, Mechanism::PodIdentity)
}

fn fix(_: &Facts) -> Fix {
    Fix::new("Update the program's SDK to a version that supports EKS Pod Identity, and roll out the image.")
}
