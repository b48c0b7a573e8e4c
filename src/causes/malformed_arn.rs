use crate::aws::arn::{ArnFault, RoleArn};
use crate::causes::{Advice, Cause, Diagnosis, Fix, Outcome, Severity};
use crate::diagnosis::sts_errors;
use crate::probe::evidence::Evidence;

/// `AWS_ROLE_ARN` is not the ARN of a role.
pub static MALFORMED_ARN: Cause = Cause {
    code: "malformed-arn",
    title: "AWS_ROLE_ARN is not the ARN of an IAM role",
    severity: Severity::Error,
    advice: Advice::RecreatePod,
    // Source: IAM user guide, "IAM identifiers".
    explanation: "\
The webhook copies the service account's annotation eks.amazonaws.com/role-arn into AWS_ROLE_ARN without looking at \
it, so a typing error there travels into every pod. STS answers such a call with ValidationError \"Request ARN is \
invalid\", and some SDKs fall through to the node's role instead.

A role's ARN has six fields: arn:PARTITION:iam::ACCOUNT:role/PATH/NAME. The region field is empty, the account has \
twelve digits, and the path (if the role has one) belongs in it.

Correct the annotation, then make the pod anew: its variables were set when it was made and never change.",
    judge: Some(judge),
};

fn judge(evidence: &Evidence) -> Outcome {
    let Some(value) = evidence.environment.value("AWS_ROLE_ARN") else {
        return Outcome::skip(evidence.why_no_value("AWS_ROLE_ARN"));
    };
    if let Some(flaw) = evidence.environment.variable("AWS_ROLE_ARN").flaw() {
        return Diagnosis::new(format!("AWS_ROLE_ARN is {value:?}: the ARN is {}.", flaw.in_words()), fix()).into();
    }
    match RoleArn::parse(value) {
        Ok(_) => sts_errors::pass_unless_said(MALFORMED_ARN.code, evidence),
        Err(fault) => {
            let hint = match fault {
                ArnFault::WrongService(ref service) if service == "sts" => {
                    " It is the ARN of a session; the role itself is needed."
                }
                ArnFault::NotARole(ref resource) if resource.starts_with("instance-profile/") => {
                    " An instance profile holds a role; the role itself is needed."
                }
                _ => "",
            };
            Diagnosis::new(format!("AWS_ROLE_ARN is {value:?}: it {fault}.{hint}"), fix()).into()
        }
    }
}

fn fix() -> Fix {
    Fix::new("set the service account's annotation to the role's ARN, then make the pod anew")
        .command("kubectl get serviceaccounts -A -o 'custom-columns=NAMESPACE:.metadata.namespace,NAME:.metadata.name,ROLE:.metadata.annotations.eks\\.amazonaws\\.com/role-arn'")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::causes::testing;

    #[test]
    fn the_first_fault_is_named_and_sessions_are_recognised() {
        for (arn, words) in [
            (testing::ROLE, None),
            ("checkout", Some("a name where the whole ARN is needed")),
            (" arn:aws:iam::111122223333:role/a", Some("surrounded by white space")),
            ("'x'", Some("wrapped in quotes")),
            ("arn:aws:sts::111122223333:assumed-role/checkout/s", Some("ARN of a session")),
            ("arn:aws:iam::111122223333:instance-profile/x", Some("instance profile holds a role")),
        ] {
            match (judge(&testing::environment(&[("AWS_ROLE_ARN", arn)])), words) {
                (Outcome::Pass, None) => {}
                (Outcome::Fault(found), Some(words)) => assert!(found.cause.contains(words), "{}", found.cause),
                (other, _) => panic!("{arn}: {other:?}"),
            }
        }
    }
}
