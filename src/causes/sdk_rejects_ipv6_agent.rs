use crate::causes::{Advice, Cause, Facts, Fix, Priority, Reading, SDK_LACKS_POD_IDENTITY, Saying, Severity, with};

/// Java refuses the agent's IPv6 address.
pub(crate) static SDK_REJECTS_IPV6_AGENT: Cause = Cause {
    code: "sdk-rejects-ipv6-agent",
    title: "the SDK refuses the IPv6 address of the Pod Identity agent",
    compare: "the SDK's endpoint mode must be IPv6",
    severity: Severity::Error,
    advice: Advice::RecreatePod,
    // Sources: aws/containers-roadmap issue 2683, aws/aws-sdk-java-v2 pull request 7086.
    explanation: "\
On an IPv6 cluster, the webhook sets AWS_CONTAINER_CREDENTIALS_FULL_URI to http://[fd00:ec2::23]/v1/credentials. The \
AWS SDK for Java 2 allows that address only if AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE is IPv6. Otherwise it says that \
the URI \"has an invalid host\", although its version supports EKS Pod Identity. Other SDKs allow the address.

Set AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE=IPv6 in the container. The SDK then calls the instance metadata service by \
IPv6 too.",
    says: &[Saying::new(
        Priority::Sdk,
        &[with(
            &["has an invalid host", "host should resolve to a loopback address"],
            &[&["http://[fd00:ec2::23]", "fd00:ec2::23"]],
        )],
        |_| {
            let why = "Java allows the agent's IPv6 address only if AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE is IPv6";
            Reading::decided(&SDK_REJECTS_IPV6_AGENT, why)
        },
    )
    .instead_of(&SDK_LACKS_POD_IDENTITY)],
    settles: false,
    hides_caller: false,
    judge: None,
    fix,
};

fn fix(_: &Facts) -> Fix {
    Fix::new("Set AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE=IPv6 in the container, then roll it out.")
        .snippet("env:\n  - name: AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE\n    value: IPv6")
}
