use crate::finding::{Advice, Cause, Severity};

/// The program's SDK, or its own chain, does not know web identity.
pub static CAUSE: Cause = Cause {
    code: "sdk-lacks-web-identity",
    title: "the application's SDK does not use web identity",
    severity: Severity::Error,
    advice: Advice::Fix,
    explanation: "\
The variables are there and the probe gets the role with them, yet the program runs as the node's role or finds no \
credentials: its SDK is older than web identity (2019), its credential chain is its own, or the SDK's STS part is \
not linked in (Java's aws-java-sdk-sts or software.amazon.awssdk:sts, .NET's AWSSDK.SecurityToken).

First versions with it: boto3 1.9.220, Go 1.23.13, Java 1.11.704 and 2.10.11, JavaScript 2.525, PHP 3.110.7, Ruby \
3.58, .NET 3.3.659, C++ 1.7.174, CLI 1.16.232.

Update the SDK, add its STS module, and leave credentials to its default chain.",
};
