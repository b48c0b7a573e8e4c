use crate::causes::{Advice, Cause, Severity};
use crate::diagnosis::unreached;

/// The pod could not connect to STS.
pub static STS_UNREACHABLE: Cause = Cause {
    code: "sts-unreachable",
    title: "this pod cannot reach STS",
    compare: "can another pod on this node reach STS?",
    severity: Severity::Error,
    advice: Advice::Retry,
    explanation: "\
The call did not reach STS. The report's steps show how far it got: name, connection, proxy, TLS, answer.

Common reasons are a NetworkPolicy or security group without an exception for STS, a VPC without NAT or VPC endpoint, \
DNS, a proxy, and a service mesh whose proxy is not running yet while init containers run.",
    judge: Some(|evidence| unreached::judge(&STS_UNREACHABLE, evidence)),
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::causes::Outcome;
    use crate::causes::testing::{found, healthy, judge, unreached};
    use crate::probe::evidence::{Dial, HttpFault};

    #[test]
    fn candidates_are_listed_where_the_evidence_does_not_decide() {
        let broken_off = unreached(Dial { http: Some(HttpFault::Closed), ..Dial::default() });
        assert!(found(&STS_UNREACHABLE, &broken_off));
        let Outcome::Fault(diagnosis) = judge(&STS_UNREACHABLE, &broken_off) else {
            panic!("no fault");
        };
        assert!(!diagnosis.candidates.is_empty());
        assert!(!found(&STS_UNREACHABLE, &healthy()));
    }
}
