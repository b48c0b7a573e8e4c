use crate::causes::{Advice, Cause, Severity};
use crate::diagnosis::unreached;

/// The regional STS host does not answer.
pub static STS_ENDPOINT_UNREACHABLE_TIMEOUT: Cause = Cause {
    code: "sts-endpoint-unreachable-timeout",
    title: "connections to the regional STS endpoint time out",
    compare: "routes, security groups, policies",
    severity: Severity::Error,
    advice: Advice::Retry,
    // Sources: STS user guide, "Interface VPC endpoints"; `aws ec2 describe-vpc-endpoint-services` of each partition;
    // EKS user guide, "Security groups for pods" (source NAT is off for pods with a branch interface).
    explanation: "\
The name of the STS endpoint resolves, but packets to its address get no answer. A private address belongs to a VPC \
endpoint: its security group must allow the pods' addresses on port 443. A public address needs a path to the \
internet: NAT, a route, and an egress rule in NetworkPolicy and security group. Pods with their own security groups \
lose source NAT unless it is configured.

Retrying helps while a node or a policy is being set up. It does not create a route or a VPC endpoint. `aws ec2 \
create-vpc-endpoint` with the service com.amazonaws.REGION.sts (in China cn.com.amazonaws.REGION.sts) and private DNS \
makes the regional name resolve to private addresses.

STS has many addresses and changes them. Allow it by name or by endpoint rather than by address.",
    judge: Some(|evidence| unreached::judge(&STS_ENDPOINT_UNREACHABLE_TIMEOUT, evidence)),
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::causes::testing::{found, unreached};
    use crate::probe::evidence::{AddressFault, Dial, TcpFault};

    #[test]
    fn a_time_out_is_this_fault_and_a_refusal_is_not() {
        for (fault, is) in [
            (TcpFault::TimedOut { after_ms: 3000 }, true),
            (TcpFault::NoRoute, false),
            (TcpFault::Rejected, false),
            (TcpFault::Refused, false),
            (TcpFault::Reset, false),
        ] {
            let faults = vec![AddressFault { address: ([10, 0, 1, 5], 443).into(), fault }];
            let dial = Dial { tcp: Some(Err(faults)), ..Dial::default() };
            assert_eq!(found(&STS_ENDPOINT_UNREACHABLE_TIMEOUT, &unreached(dial)), is, "{fault:?}");
        }
    }
}
