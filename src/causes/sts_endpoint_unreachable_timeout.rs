use crate::causes::{Advice, Cause, Severity};
use crate::diagnosis::unreached;

/// The regional host of STS does not answer.
pub static STS_ENDPOINT_UNREACHABLE_TIMEOUT: Cause = Cause {
        code: "sts-endpoint-unreachable-timeout",
        title: "STS does not answer at its regional address",
        severity: Severity::Error,
        advice: Advice::Retry,
        // Sources: STS user guide, "Interface VPC endpoints"; `aws ec2 describe-vpc-endpoint-services` of each partition;
        // EKS user guide, "Security groups for pods" (source NAT is off for pods with a branch interface).
        explanation: "\
The name resolves, but packets to its address get no answer. If the address is private, a VPC endpoint stands there: its \
security group must let the pods' addresses in on port 443. If it is public, packets need a way out: NAT, a route, \
and an egress rule in NetworkPolicy and security group. Pods with security groups of their own lose source NAT \
unless that is set up.

Waiting helps while a node or a policy is being set up; it does not create a route or a VPC endpoint. \
`aws ec2 create-vpc-endpoint` with the service com.amazonaws.REGION.sts (in China cn.com.amazonaws.REGION.sts) and \
private DNS makes the regional name resolve to private addresses.

STS has many addresses and changes them, so allow it by name or by endpoint rather than by address.",
    judge: Some(|evidence| unreached::judge(&STS_ENDPOINT_UNREACHABLE_TIMEOUT, evidence)),
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::causes::testing::{found, unreached};
    use crate::probe::evidence::{AddressFault, Dial, TcpFault};

    #[test]
    fn silence_is_this_fault_and_refusal_is_not() {
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
