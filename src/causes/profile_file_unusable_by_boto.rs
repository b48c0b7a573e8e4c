use crate::causes::{Advice, Cause, Diagnosis, Facts, Fix, Outcome, Priority, Reading, Saying, Severity, any, webhook};
use crate::probe::evidence::{BotoFault, BotoFaultKind, Evidence};
use crate::probe::sdks::network::listed;
use crate::probe::sdks::traps::reading_profiles_by_configparser;

/// boto3 and the AWS CLI refuse or misread a configuration file that other SDKs read.
pub(crate) static PROFILE_FILE_UNUSABLE_BY_BOTO: Cause = Cause {
    code: "profile-file-unusable-by-boto",
    title: "boto3 and the AWS CLI cannot use the AWS configuration file",
    compare: "duplicates, comments after values",
    severity: Severity::Error,
    advice: Advice::Fix,
    // Sources: `probe::profile::boto`; botocore/session.py, Session.full_config, which each session reads.
    explanation: "\
boto3 and the AWS CLI read ~/.aws/config and ~/.aws/credentials (or the files that AWS_CONFIG_FILE and \
AWS_SHARED_CREDENTIALS_FILE name) with Python's configparser, which is stricter than the parsers of most other SDKs.

They refuse a whole file if a section is there twice, if a setting is there twice in one section, if a line comes before \
the first section, or if a line is neither a section nor a setting. The error is \"Unable to parse config file\". They read \
both files at the start of each session, so they fail even if variables give the pod its role, and for a profile that \
they do not use.

A comment after a value, as in \"role_arn = ARN # checkout\", becomes part of the value for them. The ARN is then \
malformed, or the token file does not exist.

It is an error if the application is known to use boto3 or the AWS CLI, and a warning if its SDK is not known.

Merge duplicate sections, remove duplicate settings, and put each comment on a line of its own. SDKs read the files when \
the application starts.",
    says: &[Saying::new(Priority::Sdk, &[any(&["unable to parse config file"])], |_| {
        let why = "boto3 or the AWS CLI refuses the file that the message names, often for a duplicate section or setting";
        Reading::decided(&PROFILE_FILE_UNUSABLE_BY_BOTO, why)
    })],
    settles: false,
    hides_caller: false,
    judge: Some(judge),
    fix,
};

fn judge(evidence: &Evidence) -> Outcome {
    if let Some(why) = evidence.unseen_variables() {
        return Outcome::skip(why);
    }
    let matters = |fault: &&BotoFault| match &fault.kind {
        BotoFaultKind::Comment { profile, setting } => is_used(profile, setting, evidence),
        _ => true,
    };
    let Some(fault) = evidence.boto_faults.iter().find(matters) else {
        return Outcome::Pass;
    };
    let (names, is_certain) = reading_profiles_by_configparser(evidence);
    // A pod without a role has a fault that does not depend on its SDK.
    let is_undecided = !is_certain && evidence.mechanism.is_none();
    if names.is_empty() || is_undecided || webhook::is_absent_as_allowed(evidence) {
        return Outcome::Pass;
    }
    let one = names.len() == 1;
    let consequence = match fault.kind {
        BotoFaultKind::Comment { .. } => {
            format!("{} the comment as part of the value", if one { "reads" } else { "read" })
        }
        _ => format!("{} the whole file for that", if one { "refuses" } else { "refuse" }),
    };
    let cause = format!("{} {} {consequence}.", fault.in_words(), listed(&names));
    let diagnosis = Diagnosis::new(cause, fix(&Facts::of(evidence)));
    if is_certain { diagnosis.into() } else { Outcome::Warning(Box::new(diagnosis)) }
}

/// Whether the pod's role depends on this setting of this profile. A variable of the same meaning counts before it.
fn is_used(profile: &str, setting: &str, evidence: &Evidence) -> bool {
    let Some((identity, selected)) = evidence.web_identity().zip(evidence.profile.seen()) else { return false };
    let is_last = profile == identity.profile;
    let variable = match setting {
        "role_arn" => "AWS_ROLE_ARN",
        "web_identity_token_file" => "AWS_WEB_IDENTITY_TOKEN_FILE",
        "role_session_name" => "AWS_ROLE_SESSION_NAME",
        // A profile with a token file does not use its source_profile.
        _ => return !is_last && profile == selected.name,
    };
    (is_last || profile == selected.name) && !evidence.environment.variable(variable).is_filled()
}

fn fix(_: &Facts) -> Fix {
    Fix::new(
        "Write each section and each setting of the AWS configuration files once, and each comment on a line of its own, \
         then restart the application.",
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::causes::testing::{environment, healthy, profile, with_sdk};
    use crate::probe::evidence::{Mechanism, SdkKind, Seen};

    fn fault(kind: BotoFaultKind) -> Vec<BotoFault> {
        vec![BotoFault { path: "/home/app/.aws/config".into(), line: 3, kind }]
    }

    fn outcome(evidence: &Evidence) -> &'static str {
        match judge(evidence) {
            Outcome::Fault(_) => "fault",
            Outcome::Warning(_) => "warning",
            Outcome::Pass => "pass",
            Outcome::Skip(_) => "skip",
        }
    }

    #[test]
    fn it_is_an_error_only_where_the_application_surely_uses_boto() {
        use SdkKind::{Boto3, Botocore, Cli, GoV2, Rust};
        for (sdk, expected) in [
            (None, "warning"),
            (Some(("python3.12", Boto3, "1.40.0")), "fault"),
            (Some(("gunicorn", Botocore, "1.21.0")), "fault"),
            (Some(("aws", Cli, "2.15.0")), "fault"),
            (Some(("python", Boto3, "1.17.112")), "warning"),
            // The image of a program of its own may hold the AWS CLI for other reasons.
            (Some(("checkout", Cli, "2.15.0")), "warning"),
            (Some(("checkout", GoV2, "1.30.0")), "pass"),
            (Some(("checkout", Rust, "1.5.0")), "pass"),
        ] {
            let target = sdk.map(|(program, kind, version)| with_sdk(program, kind, version));
            let boto_faults = fault(BotoFaultKind::SectionTwice { section: "default".into() });
            assert_eq!(outcome(&Evidence { target, boto_faults, ..healthy() }), expected, "{sdk:?}");
        }
    }

    #[test]
    fn a_comment_matters_where_the_role_comes_from_its_value() {
        for (mechanism, of, setting, variables, expected) in [
            (Mechanism::IrsaProfile, "default", "role_arn", &[][..], "warning"),
            (Mechanism::IrsaProfile, "default", "web_identity_token_file", &[], "warning"),
            (Mechanism::IrsaProfile, "other", "role_arn", &[], "pass"),
            (Mechanism::IrsaProfile, "default", "source_profile", &[], "pass"),
            (Mechanism::IrsaProfile, "default", "role_session_name", &[("AWS_ROLE_SESSION_NAME", "a")], "pass"),
            (Mechanism::Irsa, "default", "role_arn", &[], "pass"),
        ] {
            let boto_faults = fault(BotoFaultKind::Comment { profile: of.into(), setting });
            let profile = Seen::Seen(profile(&[]));
            let mechanism = Some(mechanism);
            let evidence = Evidence { mechanism, profile, boto_faults, ..environment(variables) };
            assert_eq!(outcome(&evidence), expected, "{mechanism:?} {of} {setting}");
        }
    }

    #[test]
    fn a_pod_without_a_role_is_left_alone_unless_it_needs_one_and_uses_boto() {
        for (target, if_configured, expected) in [
            (None, false, "pass"),
            (Some(with_sdk("python3", SdkKind::Boto3, "1.40.0")), false, "fault"),
            (Some(with_sdk("python3", SdkKind::Boto3, "1.40.0")), true, "pass"),
        ] {
            let boto_faults = fault(BotoFaultKind::NoSection);
            let mut evidence = Evidence { target, boto_faults, ..environment(&[]) };
            evidence.expected.if_configured = if_configured;
            assert_eq!(outcome(&evidence), expected, "{if_configured}");
        }
    }
}
