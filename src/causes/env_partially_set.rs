use crate::causes::{Advice, Cause, Diagnosis, Fix, Outcome, Severity};
use crate::diagnosis::injection;
use crate::probe::evidence::{Evidence, Flaw, Variable};

/// One of the two IRSA variables has no value.
pub static ENV_PARTIALLY_SET: Cause = Cause {
    code: "env-partially-set",
    title: "only one of the two IRSA variables has a value",
    compare: "the container's env must set neither variable",
    severity: Severity::Error,
    advice: Advice::RecreatePod,
    explanation: "\
AWS_ROLE_ARN and AWS_WEB_IDENTITY_TOKEN_FILE only work together. If a manifest sets one of them, the webhook assumes \
that the container is already configured and does not set the other. SDKs then fail, or silently continue with the \
next source of credentials.

A variable that is set but empty, blank or not UTF-8 counts as missing. It still prevents injection.

Remove the variable from the manifest and let the webhook set both, or set both to correct values. Then recreate the \
pod.",
    judge: Some(judge),
};

const NAMES: [&str; 2] = ["AWS_ROLE_ARN", "AWS_WEB_IDENTITY_TOKEN_FILE"];

fn judge(evidence: &Evidence) -> Outcome {
    let environment = &evidence.environment;
    if let Some(why) = evidence.unseen_variables() {
        return Outcome::skip(why);
    }
    if NAMES.iter().all(|name| !environment.variable(name).is_set()) {
        return Outcome::skip("neither variable is set");
    }
    let wrong: Vec<String> = NAMES.iter().filter_map(|name| flaw(name, environment.variable(name))).collect();
    if wrong.is_empty() {
        return Outcome::Pass;
    }
    let mut cause = format!("{}.", wrong.join("; "));
    if !environment.variable("AWS_ROLE_ARN").is_set() && environment.variable("AWS_IAM_ROLE_ARN").is_set() {
        cause += " AWS_IAM_ROLE_ARN is set, but no AWS SDK reads it.";
    }
    if let Some(mounts) = injection::half_set(evidence) {
        cause = format!("{cause} {mounts}");
    }
    let fix = Fix::new(format!(
        "Remove both variables from the container's env so that the webhook sets them, then recreate the pod; {}.",
        injection::RECREATE
    ))
    .command(format!(
        "kubectl set env KIND/NAME -n {} AWS_ROLE_ARN- AWS_WEB_IDENTITY_TOKEN_FILE-",
        evidence.kubectl_namespace()
    ));
    Diagnosis::new(cause, injection::inspect_service_account(evidence, fix)).into()
}

fn flaw(name: &str, variable: &Variable) -> Option<String> {
    match variable.flaw() {
        _ if !variable.is_set() => Some(format!("{name} is not set, although the other IRSA variable is")),
        Some(flaw @ (Flaw::Empty | Flaw::Blank | Flaw::NotUnicode)) => Some(format!("{name} is {}", flaw.in_words())),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::causes::testing;

    #[test]
    fn each_flaw_has_its_own_text() {
        let (role, file) = ("arn:aws:iam::111122223333:role/a", "/var/run/token");
        for (variables, words) in [
            (&[("AWS_ROLE_ARN", role)][..], "AWS_WEB_IDENTITY_TOKEN_FILE is not set"),
            (&[("AWS_WEB_IDENTITY_TOKEN_FILE", file)], "AWS_ROLE_ARN is not set"),
            (&[("AWS_ROLE_ARN", ""), ("AWS_WEB_IDENTITY_TOKEN_FILE", file)], "AWS_ROLE_ARN is set but empty"),
            (&[("AWS_ROLE_ARN", "  "), ("AWS_WEB_IDENTITY_TOKEN_FILE", file)], "white space only"),
            (&[("AWS_IAM_ROLE_ARN", role), ("AWS_WEB_IDENTITY_TOKEN_FILE", file)], "AWS_IAM_ROLE_ARN is set, but"),
        ] {
            let Outcome::Fault(found) = judge(&testing::environment(variables)) else {
                panic!("no fault in {variables:?}");
            };
            assert!(found.cause.contains(words), "{}", found.cause);
        }
        let whole = testing::environment(&[("AWS_ROLE_ARN", role), ("AWS_WEB_IDENTITY_TOKEN_FILE", file)]);
        assert_eq!(judge(&whole), Outcome::Pass);
    }
}
