use crate::aws::arn::RoleArn;
use crate::causes::{Advice, Cause, Diagnosis, Facts, Fix, Outcome, Severity};
use crate::probe::evidence::{Evidence, Seen};

/// The session belongs to another identity than the role in `AWS_ROLE_ARN`.
pub(crate) static CALLER_IS_NOT_EXPECTED_ROLE: Cause = Cause {
    code: "caller-is-not-expected-role",
    title: "the caller is not the role in AWS_ROLE_ARN",
    compare: "caller ARN and AWS_ROLE_ARN",
    severity: Severity::Error,
    advice: Advice::Fix,
    // Source: IAM user guide, "IAM identifiers" (an assumed-role ARN holds the role name without its path); STS API
    // reference, GetCallerIdentity ("No permissions are required").
    explanation: "\
STS returned a caller that is not the role in AWS_ROLE_ARN. The caller's ARN, \
arn:PARTITION:sts::ACCOUNT:assumed-role/NAME/SESSION, must have the partition, account and name of AWS_ROLE_ARN. It \
never contains the role's path.

GetCallerIdentity needs no permission and succeeds with any credentials, including the node's. Its success alone \
proves nothing. Compare the caller that it returns.

If an error names an unexpected caller, the SDK used other credentials: static keys, a profile, Pod Identity or the \
node role. If it names the right role and says \"is not authorized to perform\", IRSA works, and the role's own \
permissions lack that action.",
    says: &[],
    settles: false,
    hides_caller: false,
    judge: Some(judge),
    fix,
};

fn judge(evidence: &Evidence) -> Outcome {
    let caller = match &evidence.caller {
        Seen::Seen(caller) => caller,
        Seen::NotChecked(why) => return Outcome::skip(why.clone()),
        Seen::Failed(_) => return Outcome::skip("STS did not return the caller's identity"),
    };
    let Some(role) = evidence.role_arn().and_then(|arn| RoleArn::parse(arn).ok()) else {
        return Outcome::skip("there is no valid role ARN to compare the caller with");
    };
    if role.is_role_of(&caller.arn) {
        return Outcome::Pass;
    }
    let cause = format!(
        "GetCallerIdentity returned {}, which is not a session of the role in {}.",
        caller.arn,
        evidence.role_setting()
    );
    Diagnosis::new(cause, fix(&Facts::of(evidence))).into()
}

fn fix(_: &Facts) -> Fix {
    Fix::new(
        "Compare the caller with AWS_ROLE_ARN. If they differ, other credentials take precedence over web identity.",
    )
    .command("aws sts get-caller-identity --output json")
    .command("env | grep -oE '^AWS_[A-Z0-9_]+'")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::causes::testing::{found, healthy};

    #[test]
    fn partition_account_and_name_must_match_the_role() {
        for (caller, is) in [
            ("arn:aws:sts::111122223333:assumed-role/checkout/irsa-probe", false),
            ("arn:aws:sts::111122223333:assumed-role/nodes/i-0abc", true),
            ("arn:aws:sts::999922223333:assumed-role/checkout/irsa-probe", true),
            ("arn:aws:iam::111122223333:user/me", true),
        ] {
            let mut evidence = healthy();
            if let Seen::Seen(seen) = &mut evidence.caller {
                seen.arn = caller.into();
            }
            assert_eq!(found(&CALLER_IS_NOT_EXPECTED_ROLE, &evidence), is, "{caller}");
        }
    }
}
