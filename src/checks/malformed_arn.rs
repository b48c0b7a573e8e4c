use crate::arn::{ArnFault, RoleArn};
use crate::checks::Check;
use crate::evidence::Evidence;
use crate::finding::{Advice, Cause, Diagnosis, Fix, Outcome, Severity};

/// `AWS_ROLE_ARN` is not the ARN of a role.
pub static CHECK: Check = Check {
    cause: Cause {
        code: "malformed-arn",
        title: "AWS_ROLE_ARN is not the ARN of an IAM role",
        severity: Severity::Error,
        advice: Advice::RecreatePod,
        explanation: "\
The webhook copies the service account's annotation eks.amazonaws.com/role-arn into AWS_ROLE_ARN without looking at \
it, so a typing error there travels into every pod. STS answers such a call with ValidationError \"Request ARN is \
invalid\", and some SDKs fall through to the node's role instead.

A role's ARN has six fields: arn:PARTITION:iam::ACCOUNT:role/PATH/NAME. The region field is empty, the account has \
twelve digits, and the path (if the role has one) belongs in it.

Correct the annotation, then make the pod anew: its variables were set when it was made and never change.",
    },
    judge,
};

fn judge(evidence: &Evidence) -> Outcome {
    let Some(value) = evidence.environment.value("AWS_ROLE_ARN") else {
        return Outcome::skip("AWS_ROLE_ARN has no value");
    };
    match RoleArn::parse(value) {
        Ok(_) => Outcome::Pass,
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
            Diagnosis::new(
                format!("AWS_ROLE_ARN is {value:?}: it {fault}.{hint}"),
                Fix::new("set the service account's annotation to the role's ARN, then recreate the pod"),
            )
            .into()
        }
    }
}
