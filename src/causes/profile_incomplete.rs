use crate::causes::{Advice, Cause, Diagnosis, Facts, Fix, Outcome, Priority, Reading, Saying, Severity, any};
use crate::probe::evidence::{Evidence, Profile, ProfileFlaw, Seen};

/// A profile is meant to give the role, but lacks a setting.
pub(crate) static PROFILE_INCOMPLETE: Cause = Cause {
    code: "profile-incomplete",
    title: "the profile lacks a setting that its role needs",
    compare: "role_arn needs web_identity_token_file beside it",
    severity: Severity::Error,
    advice: Advice::Fix,
    // Source: AWS SDKs and tools reference guide, "Assume role credential provider".
    explanation: "\
A profile of the AWS configuration files gives a role for a web identity token if it has both role_arn and \
web_identity_token_file. A profile that has role_arn without it needs source_profile, which names another profile, or \
credential_source. Some SDKs fail where a profile lacks one of these settings. Others ignore the profile and continue \
with the node role.

SDKs read the profile that AWS_PROFILE names, or the profile default. The configuration file is AWS_CONFIG_FILE or \
~/.aws/config, where a section is named [profile NAME]. The credentials file is AWS_SHARED_CREDENTIALS_FILE or \
~/.aws/credentials, where it is named [NAME].

Add the setting to the profile. SDKs read the files when the application starts.",
    says: &[Saying::new(
        Priority::Sdk,
        &[any(&["partial credentials found in assume-role", "infinite loop in credential configuration detected"])],
        |_| {
            let why = "the profile's role_arn has no other profile or source to assume it with";
            Reading::decided(&PROFILE_INCOMPLETE, why)
        },
    )],
    settles: false,
    hides_caller: false,
    judge: Some(judge),
    fix,
};

fn judge(evidence: &Evidence) -> Outcome {
    if !evidence.has_profile_identity() {
        return Outcome::skip("the pod has its role without a profile");
    }
    if let Some(why) = evidence.why_profiles_are_closed() {
        return Outcome::skip(why);
    }
    let profile = match &evidence.profile {
        Seen::Seen(profile) => profile,
        Seen::NotChecked(why) | Seen::Failed(why) => {
            return incomplete(format!("A profile must give the role, but {why}."), evidence);
        }
    };
    let Some(flaw) = profile.flaw() else {
        return match profile.web_identity() {
            Some(_) => Outcome::Pass,
            None => incomplete(
                format!("{} must give the role. {}", named(&profile.name), without_identity(profile)),
                evidence,
            ),
        };
    };
    let name = named(flaw.profile());
    incomplete(
        match flaw {
            ProfileFlaw::NoRole { .. } => format!("{name} has web_identity_token_file, but no role_arn."),
            ProfileFlaw::NoSource { .. } => format!(
                "{name} has role_arn, but none of web_identity_token_file, source_profile and credential_source."
            ),
            ProfileFlaw::NoSuchSource { source, .. } => {
                format!("{name} has the source_profile {source:?}, and no file has a profile of that name.")
            }
            ProfileFlaw::Loop { .. } => format!("{name} has a source_profile that leads back to it."),
        },
        evidence,
    )
}

/// For a profile that `--identity` demands.
fn without_identity(profile: &Profile) -> String {
    match (profile.exists, profile.settings.as_slice()) {
        (false, _) => "No file has a profile of that name.".to_owned(),
        (true, []) => "It has neither role_arn nor web_identity_token_file.".to_owned(),
        (true, settings) => format!("It has {}, but no web_identity_token_file.", settings.join(", ")),
    }
}

fn named(profile: &str) -> String {
    format!("Profile {profile:?}")
}

fn incomplete(cause: String, evidence: &Evidence) -> Outcome {
    Diagnosis::new(cause, fix(&Facts::of(evidence))).into()
}

fn fix(_: &Facts) -> Fix {
    Fix::new(
        "Set role_arn and web_identity_token_file in the profile, or correct source_profile, then restart the \
         application.",
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::causes::testing::{healthy, profile as whole_profile};
    use crate::probe::evidence::{Mechanism, WebIdentity};

    #[test]
    fn what_the_profile_lacks_is_named() {
        let profile = || "ops".to_owned();
        let whole = WebIdentity {
            profile: profile(),
            file: "/home/.aws/config".into(),
            role_arn: "arn:aws:iam::111122223333:role/a".into(),
            token_file: "/token".into(),
            session_name: None,
            then: vec![],
        };
        for (web_identity, words) in [
            (Some(Ok(whole)), None),
            (Some(Err(ProfileFlaw::NoRole { profile: profile() })), Some("no role_arn")),
            (Some(Err(ProfileFlaw::NoSource { profile: profile() })), Some("none of web_identity_token_file")),
            (Some(Err(ProfileFlaw::NoSuchSource { profile: profile(), source: "x".into() })), Some("\"x\"")),
            (Some(Err(ProfileFlaw::Loop { profile: profile() })), Some("leads back")),
            (None, Some("neither role_arn nor")),
        ] {
            let profile =
                Profile { name: profile(), settings: vec![], role_arn: None, web_identity, ..whole_profile(&[]) };
            let mut evidence = healthy();
            (evidence.mechanism, evidence.profile) = (Some(Mechanism::IrsaProfile), Seen::Seen(profile));
            match (judge(&evidence), words) {
                (Outcome::Pass, None) => {}
                (Outcome::Fault(found), Some(words)) => assert!(found.cause.contains(words), "{}", found.cause),
                (other, words) => panic!("{words:?}: {other:?}"),
            }
        }
    }
}
