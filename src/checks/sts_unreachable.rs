use crate::checks::Check;
use crate::finding::{Advice, Cause, Severity};
use crate::unreached;

/// No connection to STS could be made.
pub static CHECK: Check = Check {
    cause: Cause {
        code: "sts-unreachable",
        title: "STS cannot be reached from this pod",
        severity: Severity::Error,
        advice: Advice::Retry,
        explanation: "\
The call did not arrive. The report's steps say how far it came: name, connection, proxy, TLS, answer. Common \
reasons are a NetworkPolicy or security group without an exception for STS, a VPC without NAT or VPC endpoint, DNS, \
a proxy, and a service mesh whose proxy is not up yet while init containers run.",
    },
    judge: |evidence| unreached::judge(CHECK.cause.code, evidence),
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::{found, healthy, unreached};
    use crate::evidence::{Dial, HttpFault};
    use crate::finding::Outcome;

    #[test]
    fn candidates_stand_where_nothing_decides() {
        let broken_off = unreached(Dial { http: Some(HttpFault::Closed), ..Dial::default() });
        assert!(found(&CHECK, &broken_off));
        let Outcome::Fault(diagnosis) = (CHECK.judge)(&broken_off) else {
            panic!("no fault");
        };
        assert!(!diagnosis.candidates.is_empty());
        assert!(!found(&CHECK, &healthy()));
    }
}
