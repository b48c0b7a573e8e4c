use crate::causes::{Advice, Cause, Diagnosis, Facts, Fix, Outcome, Severity};
use crate::probe::evidence::{Evidence, Mechanism, Profile};
use crate::probe::sdks::choice;

/// A profile and variables give two roles.
pub(crate) static PROFILE_PRECEDENCE: Cause = Cause {
    code: "profile-precedence",
    title: "a profile and the variables of another mechanism are both set",
    compare: "only a profile or variables must give the role",
    severity: Severity::Warning,
    advice: Advice::RecreatePod,
    // The order of each SDK, with sources, is in `probe::sdks::chain`.
    explanation: "\
The profile that SDKs select gives a role for a web identity token, and the variables of IRSA or EKS Pod Identity are set \
too. Which of them an SDK uses depends on the SDK. boto3, the AWS CLI, Go, Java, Kotlin since 1.4.0, Ruby, PHP and .NET \
use the variables of IRSA before such a profile. JavaScript, Rust, C++ and Kotlin before 1.4.0 use the profile first. With \
source_profile, boto3 and the AWS CLI use the profile first too. Every SDK uses the profile before EKS Pod Identity.

If the SDK in the application's image is known, the probe checks the mechanism that this SDK uses, otherwise the one that \
most SDKs use. The option --identity selects another one.

Keep only one of them: remove the profile from the image or volume, or remove the annotation or association. Then recreate \
the pod.",
    says: &[],
    settles: false,
    hides_caller: false,
    judge: Some(judge),
    fix,
};

fn judge(evidence: &Evidence) -> Outcome {
    if let Some(why) = evidence.unseen_variables() {
        return Outcome::skip(why);
    }
    let Some(identity) = evidence.profile.seen().and_then(Profile::web_identity) else {
        return Outcome::Pass;
    };
    let configured = Mechanism::complete(&evidence.environment, evidence.profile.seen());
    let other = configured.into_iter().find(|mechanism| *mechanism != Mechanism::IrsaProfile);
    let (Some(other), Some(order)) = (other, choice::in_words(evidence)) else {
        return Outcome::Pass;
    };
    let of_variables = evidence.environment.value("AWS_ROLE_ARN");
    let is_same = identity.then.is_empty() && of_variables == Some(identity.role_arn.as_str());
    if is_same && other == Mechanism::Irsa {
        return Outcome::Pass;
    }
    let role = identity.then.last().unwrap_or(&identity.role_arn);
    let variables = match (other, of_variables) {
        (Mechanism::Irsa, Some(of_variables)) => format!("AWS_ROLE_ARN is {of_variables}"),
        _ => format!("the variables of {} are set", other.name()),
    };
    let cause = format!("The {} gives the role {role}, and {variables}. {order}", identity.place());
    Diagnosis::new(cause, fix(&Facts::of(evidence))).into()
}

fn fix(_: &Facts) -> Fix {
    Fix::new(
        "Remove the profile from the image or volume, or the service account's annotation or association, then recreate \
         the pod.",
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::causes::testing::{PROFILE_ROLE, ROLE, environment, profile};
    use crate::probe::evidence::Seen;

    #[test]
    fn two_roles_are_a_warning_and_the_same_role_twice_is_not() {
        let file = ("AWS_WEB_IDENTITY_TOKEN_FILE", "/token");
        let pod = [
            ("AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://169.254.170.23/v1/credentials"),
            ("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", "/pod-token"),
        ];
        for (variables, then, words) in [
            (vec![], &[][..], ""),
            (vec![("AWS_ROLE_ARN", ROLE)], &[], ""),
            (vec![("AWS_ROLE_ARN", PROFILE_ROLE), file], &[], ""),
            (
                vec![("AWS_ROLE_ARN", PROFILE_ROLE), file],
                &["arn:aws:iam::444455556666:role/ops"],
                "role/ops, and AWS_ROLE_ARN",
            ),
            (vec![("AWS_ROLE_ARN", ROLE), file], &[], "role/by-profile, and AWS_ROLE_ARN is"),
            (pod.to_vec(), &[], "the variables of EKS Pod Identity are set. All AWS SDKs use IRSA through a profile"),
        ] {
            let evidence = Evidence { profile: Seen::Seen(profile(then)), ..environment(&variables) };
            match judge(&evidence) {
                Outcome::Fault(found) => assert!(!words.is_empty() && found.cause.contains(words), "{}", found.cause),
                other => assert!(words.is_empty(), "{variables:?}: {other:?}"),
            }
        }
    }
}
