use crate::causes::webhook;
use crate::causes::{
    Advice, Candidate, Cause, Diagnosis, ENV_NOT_INJECTED, Facts, Fix, Outcome, Priority, Reading, Saying, Severity,
    any,
};
use crate::probe::evidence::{Evidence, Flaw, Seen};
use crate::probe::sdks::network::listed;
use crate::probe::sdks::traps::{failing_on_an_empty_profile, failing_without_their_profile};

/// `AWS_PROFILE` names a profile that no configuration file has.
pub(crate) static PROFILE_NOT_FOUND: Cause = Cause {
    code: "profile-not-found",
    title: "AWS_PROFILE names a profile that does not exist",
    compare: "the files must have the profile of AWS_PROFILE",
    severity: Severity::Error,
    advice: Advice::Fix,
    // Sources: botocore/session.py, get_scoped_config; aws-sdk-go-v2 config/config.go, resolveConfigLoaders.
    explanation: "\
AWS_PROFILE (or AWS_DEFAULT_PROFILE, which boto3, the AWS CLI and Go read too) names a profile, but no AWS configuration \
file that the process can read has it. boto3, the AWS CLI and Go 2 then fail, even if variables give the pod its role. \
Other SDKs continue with the next source of credentials. If the variable is empty, boto3 and the AWS CLI fail too.

The configuration file is AWS_CONFIG_FILE or ~/.aws/config, where a section is named [profile NAME]. The credentials file \
is AWS_SHARED_CREDENTIALS_FILE or ~/.aws/credentials, where it is named [NAME]. The files usually come from a Secret, a \
ConfigMap or the image.

Mount the file that has the profile, correct the name, or remove AWS_PROFILE if the role comes from variables.",
    says: &[Saying::new(
        Priority::Sdk,
        &[any(&["the config profile (", "failed to get shared config profile"])],
        |_| Reading::decided(&PROFILE_NOT_FOUND, "the SDK finds no profile of the configured name"),
    )],
    settles: false,
    hides_caller: false,
    judge: Some(judge),
    fix,
};

fn judge(evidence: &Evidence) -> Outcome {
    if let Some(why) = evidence.unseen_variables() {
        return Outcome::skip(why);
    }
    if let Some(why) = evidence.why_profiles_are_closed() {
        return Outcome::skip(why);
    }
    if let Some(cause) = empty_name(evidence) {
        return Outcome::Warning(Box::new(Diagnosis::new(cause, fix(&Facts::of(evidence)))));
    }
    let Some((variable, name)) = evidence.missing_profile() else {
        return Outcome::Pass;
    };
    let files = match &evidence.profile {
        Seen::NotChecked(why) | Seen::Failed(why) => format!(" The probe read no file: {why}."),
        Seen::Seen(_) => String::new(),
    };
    let cause = format!(
        "{variable} is {name:?}, and no configuration file that could be read has a profile of that name.{files}"
    );
    let fix = fix(&Facts::of(evidence));
    // A pod that asks for no role may well have such a variable from its image.
    if webhook::is_absent_as_allowed(evidence) {
        return Outcome::Pass;
    }
    if evidence.mechanism.is_none() {
        let why = "if the role should come from variables instead";
        let injected = vec![Candidate::new(&ENV_NOT_INJECTED, why)];
        return Diagnosis::new(cause, fix).could_be(injected).into();
    }
    let failing = failing_without_their_profile(evidence);
    if failing.is_empty() {
        return Outcome::Pass;
    }
    let verb = if failing.len() > 1 { "fail" } else { "fails" };
    let cause = format!("{cause} {} {verb} in that case, although the pod has a role without it.", listed(&failing));
    Outcome::Warning(Box::new(Diagnosis::new(cause, fix)))
}

/// A variable that is set but empty, beside a role that other SDKs find.
fn empty_name(evidence: &Evidence) -> Option<String> {
    // botocore takes the first that is set: configprovider.py, BOTOCORE_DEFAULT_SESSION_VARIABLES.
    let mut variables = ["AWS_DEFAULT_PROFILE", "AWS_PROFILE"].into_iter();
    let variable = variables.find(|name| evidence.environment.variable(name).is_set())?;
    let is_empty = evidence.environment.variable(variable).flaw() == Some(Flaw::Empty);
    let failing = failing_on_an_empty_profile(evidence);
    (is_empty && evidence.mechanism.is_some() && !failing.is_empty()).then(|| {
        let verb = if failing.len() > 1 { "fail" } else { "fails" };
        format!(
            "{variable} is empty. {} {verb} in that case, although the pod has a role. Other SDKs use the default profile.",
            listed(&failing)
        )
    })
}

fn fix(_: &Facts) -> Fix {
    Fix::new(
        "Mount the file that has the profile, or correct AWS_PROFILE. If the role comes from variables, remove AWS_PROFILE \
         from the pod template. Then recreate the pod.",
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::causes::testing::{ROLE, environment, profile, with_sdk};
    use crate::probe::evidence::{Profile, SdkKind};

    #[test]
    fn a_pod_that_asks_for_no_role_may_have_the_variable() {
        let mut evidence = environment(&[("AWS_PROFILE", "ops")]);
        assert!(matches!(judge(&evidence), Outcome::Fault(_)));
        evidence.expected.if_configured = true;
        assert_eq!(judge(&evidence), Outcome::Pass);
    }

    #[test]
    fn a_missing_profile_is_an_error_alone_and_a_warning_beside_variables() {
        let irsa = [("AWS_ROLE_ARN", ROLE), ("AWS_WEB_IDENTITY_TOKEN_FILE", "/token")];
        let missing = || Seen::Seen(Profile { exists: false, web_identity: None, settings: vec![], ..profile(&[]) });
        let absent = || Seen::not_checked("there are no profile files");
        for (variables, seen, sdk, expected) in [
            (vec![("AWS_PROFILE", "ops")], missing(), None, "fault"),
            (vec![("AWS_DEFAULT_PROFILE", "ops")], absent(), None, "fault"),
            (vec![("AWS_PROFILE", "default")], absent(), None, "pass"),
            (vec![], missing(), None, "pass"),
            (vec![("AWS_PROFILE", "")], absent(), None, "pass"),
            ([&irsa[..], &[("AWS_PROFILE", "")]].concat(), absent(), None, "warning"),
            ([&irsa[..], &[("AWS_PROFILE", "")]].concat(), absent(), Some(SdkKind::Boto3), "warning"),
            ([&irsa[..], &[("AWS_PROFILE", "")]].concat(), absent(), Some(SdkKind::GoV2), "pass"),
            ([&irsa[..], &[("AWS_DEFAULT_PROFILE", "default"), ("AWS_PROFILE", "")]].concat(), absent(), None, "pass"),
            (vec![("AWS_PROFILE", "ops")], Seen::Seen(profile(&[])), None, "pass"),
            ([&irsa[..], &[("AWS_PROFILE", "ops")]].concat(), missing(), None, "warning"),
            ([&irsa[..], &[("AWS_PROFILE", "ops")]].concat(), missing(), Some(SdkKind::Boto3), "warning"),
            ([&irsa[..], &[("AWS_PROFILE", "ops")]].concat(), missing(), Some(SdkKind::Rust), "pass"),
        ] {
            let target = sdk.map(|kind| with_sdk("app", kind, "1.40.0"));
            let outcome = match judge(&Evidence { profile: seen, target, ..environment(&variables) }) {
                Outcome::Fault(_) => "fault",
                Outcome::Warning(_) => "warning",
                Outcome::Pass => "pass",
                Outcome::Skip(_) => "skip",
            };
            assert_eq!(outcome, expected, "{variables:?} {sdk:?}");
        }
    }
}
