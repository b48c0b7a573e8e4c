use crate::causes::{
    Advice, Cause, Diagnosis, Facts, Fix, NOT_SET, Names, Outcome, Priority, Reading, Saying, Severity, VariableState,
    any, env_not_injected, webhook, with,
};
use crate::probe::evidence::{Evidence, Flaw, Mechanism, Variable};
use crate::probe::sdks::network::listed;
use crate::probe::sdks::traps::failing_without_a_role;

/// One of the two IRSA variables has no value.
pub(crate) static ENV_PARTIALLY_SET: Cause = Cause {
    code: "env-partially-set",
    title: "only one of the two IRSA variables has a value",
    compare: "the container's env must set neither variable",
    severity: Severity::Error,
    advice: Advice::RecreatePod,
    explanation: "\
AWS_ROLE_ARN and AWS_WEB_IDENTITY_TOKEN_FILE only work together. If a manifest sets one of them, the webhook assumes \
that the container is already configured and does not set the other. SDKs then fail, or silently continue with the \
next source of credentials.

Beside EKS Pod Identity or a profile, most SDKs continue with that. boto3, the AWS CLI and the SDKs for Go fail if \
AWS_WEB_IDENTITY_TOKEN_FILE alone has a value: if the probe finds only such SDKs in the application's image, it reports \
an error, otherwise a warning.

A variable that is set but empty, blank or not UTF-8 counts as missing. It still prevents injection.

Remove the variable from the manifest and let the webhook set both, or set both to correct values. Then recreate the \
pod.",
    says: &[
        Saying::new(
            Priority::File(10),
            &[any(&[
                "from path , open : no such file",
                "open : no such file or directory",
                "no such file or directory: ''",
                "no such file or directory, open ''",
                "unable to read file at .",
                "read .: is a directory",
                "unable to read file at : ",
                "unable to read file at caused by",
            ])],
            |facts| reading(facts, "the token path is empty"),
        ),
        Saying::new(
            Priority::Sdk,
            &[
                any(&["has no role arn configured", "missing required argument: role_arn"]),
                with(&["aws_role_arn", "role arn", "rolearn", "role_arn"], &[NOT_SET]),
            ],
            |facts| reading(facts, "the token path is set but the role ARN is not"),
        ),
    ],
    settles: false,
    hides_caller: false,
    judge: Some(judge),
    fix,
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
    if let Some(mounts) = webhook::half_set(evidence) {
        cause = format!("{cause} {mounts}");
    }
    let fix = fix(&Facts::of(evidence));
    let has_token_file = environment.variable("AWS_WEB_IDENTITY_TOKEN_FILE").is_filled();
    if let (Some(mechanism @ (Mechanism::PodIdentity | Mechanism::IrsaProfile)), true, Some(names)) =
        (evidence.mechanism, has_token_file, failing_without_a_role(evidence))
    {
        let verb = if names.len() > 1 { "fail" } else { "fails" };
        cause += &format!(
            " {} in the image {verb} because AWS_ROLE_ARN has no value, although the pod has a role through {}.",
            listed(&names),
            mechanism.name()
        );
        return Diagnosis::new(cause, fix).into();
    }
    if evidence.has_pod_identity() {
        // botocore/credentials.py, AssumeRoleWithWebIdentityProvider; aws-sdk-go-v2, config/resolve_credentials.go: each
        // takes the token file for the decision to use web identity.
        cause += " Without the other one, most SDKs continue with EKS Pod Identity, but boto3, the AWS CLI and the SDK \
                  for Go fail if only AWS_WEB_IDENTITY_TOKEN_FILE is set.";
        return Outcome::Warning(Box::new(Diagnosis::new(cause, fix)));
    }
    if evidence.has_profile_identity() {
        // botocore/credentials.py, AssumeRoleWithWebIdentityProvider._get_config.
        cause += " A profile is complete, and most SDKs use it. boto3 and the AWS CLI take this variable in place of the \
                  profile's setting.";
        return Outcome::Warning(Box::new(Diagnosis::new(cause, fix)));
    }
    Diagnosis::new(cause, fix).into()
}

fn flaw(name: &str, variable: &Variable) -> Option<String> {
    match variable.flaw() {
        _ if !variable.is_set() => Some(format!("{name} is not set, although the other IRSA variable is")),
        Some(flaw @ (Flaw::Empty | Flaw::Blank | Flaw::NotUnicode)) => Some(format!("{name} is {}", flaw.in_words())),
        _ => None,
    }
}

fn reading(facts: &Facts, why: &'static str) -> Reading {
    match (facts.role_variable, facts.file_variable) {
        (VariableState::Missing, VariableState::Missing) => env_not_injected::no_credentials(facts),
        _ => Reading::decided(&ENV_PARTIALLY_SET, why),
    }
}

fn fix(facts: &Facts) -> Fix {
    let names = facts.names();
    let Names { namespace, .. } = &names;
    let fix = Fix::new(format!(
        "Remove both variables from the container's env so that the webhook sets them, then recreate the pod; {}.",
        webhook::RECREATE
    ))
    .command(format!("kubectl set env KIND/NAME -n {namespace} AWS_ROLE_ARN- AWS_WEB_IDENTITY_TOKEN_FILE-"));
    names.inspect_service_account(fix)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::causes::testing;
    use crate::probe::evidence::SdkKind;

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
        let file = ("AWS_WEB_IDENTITY_TOKEN_FILE", file);
        let pod = [
            ("AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://169.254.170.23/v1/credentials"),
            ("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", "/pod-token"),
        ];
        for (variable, sdk, is_fault) in [
            (file, None, false),
            (file, Some(SdkKind::Boto3), true),
            (file, Some(SdkKind::GoV2), true),
            (file, Some(SdkKind::Rust), false),
            (("AWS_ROLE_ARN", role), Some(SdkKind::Boto3), false),
        ] {
            let target = sdk.map(|kind| testing::with_sdk("app", kind, "1.40.0"));
            let evidence = Evidence { target, ..testing::environment(&[&pod[..], &[variable]].concat()) };
            match judge(&evidence) {
                Outcome::Fault(found) => {
                    assert!(is_fault && found.cause.contains("because AWS_ROLE_ARN has no value"), "{sdk:?}")
                }
                other => assert!(!is_fault && matches!(other, Outcome::Warning(_)), "{variable:?} {sdk:?}: {other:?}"),
            }
        }
        let whole = testing::environment(&[("AWS_ROLE_ARN", role), file]);
        assert_eq!(judge(&whole), Outcome::Pass);
    }
}
