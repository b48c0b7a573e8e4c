use crate::aws::arn::{ArnFault, RoleArn};
use crate::causes::{
    Advice, Cause, Diagnosis, Facts, Fix, INVALID, Outcome, Priority, Reading, SECOND_HOP_ASSUME_ROLE_DENIED, Saying,
    Severity, any, with,
};
use crate::probe::evidence::{Evidence, Flaw};

/// What a variable or a profile has as the ARN of the role is none.
pub(crate) static MALFORMED_ARN: Cause = Cause {
    code: "malformed-arn",
    title: "the role ARN is malformed",
    compare: "the role ARN must be arn:aws:iam::ACCOUNT:role/NAME",
    severity: Severity::Error,
    advice: Advice::RecreatePod,
    // Source: IAM user guide, "IAM identifiers".
    explanation: "\
AWS_ROLE_ARN, or role_arn of the profile that gives the role, must be the ARN of a role. A role's ARN has six fields: \
arn:PARTITION:iam::ACCOUNT:role/PATH/NAME. The region field is empty, the account has twelve digits, and the path (if the \
role has one) is part of the ARN.

The webhook copies the service account's annotation eks.amazonaws.com/role-arn into AWS_ROLE_ARN without validation, \
so a typo in it reaches every pod. STS answers with ValidationError \"Request ARN is invalid\". Some SDKs fall back \
to the node role instead.

Correct the annotation, then recreate the pod. Its variables are set at creation and never change. If a profile has the \
ARN, correct its file, then restart the application.",
    says: &[
        // The ARN was taken for that of a resource, which no policy names.
        Saying::new(
            Priority::Aws,
            &[with(
                &[":role:"],
                &[&["arn:aws:iam", "arn:aws-cn:iam", "arn:aws-us-gov:iam"], &["assumerole", "accessdenied"]],
            )],
            |_| Reading::decided(&MALFORMED_ARN, "the role ARN has a colon after role where it needs a slash"),
        )
        .instead_of(&SECOND_HOP_ASSUME_ROLE_DENIED),
        Saying::new(
            Priority::Aws,
            &[
                any(&["request arn is invalid", "is not a valid role arn", "invalid role arn"]),
                with(&["rolearn", "role_arn", "role-arn"], &[INVALID]),
            ],
            |_| {
                let why = "AWS rejects the format of the role ARN before it looks up the role";
                Reading::decided(&MALFORMED_ARN, why)
            },
        ),
    ],
    settles: false,
    hides_caller: false,
    judge: Some(judge),
    fix,
};

fn judge(evidence: &Evidence) -> Outcome {
    let Some(value) = evidence.role_arn() else {
        return Outcome::skip(evidence.why_no_role());
    };
    let setting = evidence.role_setting();
    let cause = if let Some(flaw) = Flaw::of(value) {
        format!("{setting} is {value:?}. The ARN is {}.", flaw.in_words())
    } else if let Err(fault) = RoleArn::parse(value) {
        let hint = match fault {
            ArnFault::WrongService(ref service) if service == "sts" => {
                " This is the ARN of a session. The ARN of the role is needed."
            }
            ArnFault::NotARole(ref resource) if resource.starts_with("instance-profile/") => {
                " An instance profile contains a role. The ARN of that role is needed."
            }
            _ => "",
        };
        format!("{setting} is {value:?}. It {fault}.{hint}")
    } else {
        return Outcome::Pass;
    };
    let facts = Facts::of(evidence);
    let diagnosis = Diagnosis::new(cause, fix(&facts));
    match facts.profile {
        // A file may change while the pod runs.
        Some(_) => diagnosis.advise(Advice::Fix).into(),
        None => diagnosis.into(),
    }
}

fn fix(facts: &Facts) -> Fix {
    if let Some(profile) = &facts.profile {
        return Fix::new(format!("Set role_arn of {profile} to the ARN of the role, then restart the application."));
    }
    let names = facts.names();
    let account = match facts.account() {
        Some((namespace, name)) => format!("service account {namespace}/{name}"),
        None => "the pod's service account".to_owned(),
    };
    names.inspect_service_account(Fix::new(format!(
        "Set the annotation of {account} to the ARN of the role, then recreate the pod."
    )))
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
            ("arn:aws:iam::111122223333:instance-profile/x", Some("instance profile contains a role")),
        ] {
            match (judge(&testing::environment(&[("AWS_ROLE_ARN", arn)])), words) {
                (Outcome::Pass, None) => {}
                (Outcome::Fault(found), Some(words)) => assert!(found.cause.contains(words), "{}", found.cause),
                (other, _) => panic!("{arn}: {other:?}"),
            }
        }
    }

    #[test]
    fn the_fix_names_the_service_account_of_the_token() {
        let Outcome::Fault(found) = judge(&testing::environment(&[("AWS_ROLE_ARN", "checkout")])) else {
            panic!("no fault");
        };
        assert!(found.fix.text.contains("service account payments/checkout"), "{}", found.fix.text);
        let commands = found.fix.commands.join("\n");
        assert!(commands.contains("get serviceaccount -n payments checkout "), "{commands}");
    }
}
