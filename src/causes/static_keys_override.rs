use crate::aws::arn::RoleArn;
use crate::causes::{
    Advice, Candidate, Cause, Diagnosis, Facts, Fix, Names, Outcome, PROXY_INTERFERES, Priority, Reading, Saying,
    Severity, any, with,
};
use crate::probe::evidence::{ActiveCredentials, Evidence, Profile, Seen};
use crate::probe::sdks::chain::{Link, takers};

/// Static keys come before web identity, and before EKS Pod Identity.
pub(crate) static STATIC_KEYS_OVERRIDE: Cause = Cause {
    code: "static-keys-override",
    title: "static keys override web identity",
    compare: "AWS_ACCESS_KEY_ID must not be set",
    severity: Severity::Warning,
    advice: Advice::RecreatePod,
    // The order of each SDK, with sources, is in `sdk_chain`; a test compares this text with it.
    explanation: "\
AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY come before web identity in the default credential chain of every AWS SDK \
except .NET 3, where web identity comes first. An empty AWS_ACCESS_KEY_ID still makes some SDKs fail.

Credentials in a profile (usually the default one of ~/.aws/credentials) come after web identity in boto3, the AWS \
CLI, Go, Java, Kotlin since 1.4.0, Ruby, PHP and .NET. They come before it in JavaScript, Rust, C++ and Kotlin before \
1.4.0. A profile that assumes a role (role_arn with source_profile or credential_source) comes before it in boto3 and \
the AWS CLI too. Credentials that a program sets in its own code always come first.

EKS Pod Identity comes after all of these in every SDK.

Where other credentials come first, the pod's identity is configured correctly but never used. Remove the keys from the pod \
template (env and envFrom, ConfigMaps and Secrets) or the profile from the image or volume, then recreate the pod.",
    says: &[
        Saying::new(
            Priority::Elsewhere(30),
            // MinIO has the same code.
            &[
                with(&["invalidaccesskeyid"], &[&["aws", "amazonaws", "amazon"]]),
                any(&["aws access key id you provided does not exist"]),
            ],
            |_| {
                let why = "AWS does not know this access key; with IRSA, STS issues the keys itself";
                Reading::decided(&STATIC_KEYS_OVERRIDE, why)
            },
        ),
        // Source: botocore, credentials.py: of variables and of files.
        Saying::new(
            Priority::Sdk,
            &[with(&["partial credentials found in"], &[&["aws_secret_access_key"]])],
            |_| {
                let why = "a key id is set without its secret, and boto3 fails there instead of going on";
                Reading::decided(&STATIC_KEYS_OVERRIDE, why)
            },
        ),
        Saying::new(Priority::Elsewhere(35), &[any(&["request signature we calculated does not match"])], |_| {
            Reading::ranked(vec![
                Candidate::new(&STATIC_KEYS_OVERRIDE, "if keys are set by hand: the secret is not the one of the key id"),
                Candidate::new(&PROXY_INTERFERES, "if a proxy changes requests after they are signed"),
            ])
        }),
    ],
    settles: false,
    hides_caller: false,
    judge: Some(judge),
    fix,
};

const KEYS: [&str; 2] = ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"];

fn judge(evidence: &Evidence) -> Outcome {
    if let Some(why) = evidence.unseen_variables() {
        return Outcome::skip(why);
    }
    if evidence.mechanism.is_none() {
        return Outcome::skip("there is no identity to override");
    }
    let (cause, fix) = match (in_variables(evidence), in_profile(evidence)) {
        (Some(cause), _) => (cause, fix(&Facts::of(evidence))),
        (None, Some((cause, fix))) => (cause, fix),
        (None, None) => return Outcome::Pass,
    };
    let role = evidence.role_arn().and_then(|arn| RoleArn::parse(arn).ok());
    let active_credentials = match (&evidence.active_credentials, role) {
        (Seen::Seen(ActiveCredentials { caller, .. }), Some(role)) if role.is_role_of(&caller.arn) => {
            " They are credentials of the same role.".to_owned()
        }
        (Seen::Seen(ActiveCredentials { caller, .. }), _) => format!(" They belong to {}.", caller.arn),
        (Seen::Failed(why), _) => format!(" They do not work: {why}."),
        (Seen::NotChecked(_), _) => String::new(),
    };
    Diagnosis::new(format!("{cause}{active_credentials}"), fix).into()
}

fn in_variables(evidence: &Evidence) -> Option<String> {
    let environment = &evidence.environment;
    let set: Vec<&str> = KEYS.into_iter().filter(|name| environment.variable(name).is_set()).collect();
    let filled: Vec<&str> = KEYS.into_iter().filter(|name| environment.variable(name).is_filled()).collect();
    match (set.len(), filled.len()) {
        (0, _) => None,
        (_, 2) => {
            let (who, what) = match evidence.has_pod_identity() {
                true => ("every SDK takes".to_owned(), "EKS Pod Identity"),
                false => (takers(evidence, Link::Keys).or("every SDK except .NET 3 takes")?, "web identity"),
            };
            Some(format!("AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are set, and {who} them before {what}."))
        }
        (_, 1) => Some(format!(
            "{} is set without the other key variable. Some SDKs fail on that; others continue.",
            filled[0]
        )),
        _ => {
            Some(format!("The value of {} is empty. Some SDKs fail on that instead of continuing.", set.join(" and ")))
        }
    }
}

fn in_profile(evidence: &Evidence) -> Option<(String, Fix)> {
    let profile = evidence.profile.seen().filter(|profile| profile.gives_credentials())?;
    // Such a profile is a mechanism of its own: `profile-precedence`.
    if profile.web_identity().is_some() {
        return None;
    }
    // It assumes its role with the credentials of EKS Pod Identity, not in place of them.
    if evidence.has_pod_identity() && !profile.of_container.is_empty() {
        return None;
    }
    let Profile { name, settings, role_arn, .. } = profile;
    if role_arn.is_some() && role_arn.as_deref() == evidence.environment.value("AWS_ROLE_ARN") {
        return None;
    }
    let assumes = role_arn.as_deref().filter(|_| !profile.has("web_identity_token_file"));
    let (link, all) = match assumes {
        Some(_) => (Link::AssumeRole, "boto3, the AWS CLI and the SDKs for JavaScript, Rust and C++ take"),
        None => (Link::Profile, "the SDKs for JavaScript, Rust and C++ take"),
    };
    let (who, identity) = match evidence.has_pod_identity() {
        true => ("every SDK takes".to_owned(), "EKS Pod Identity"),
        false => (takers(evidence, link).or(all)?, "web identity"),
    };
    let not_run = match profile.has("credential_process") {
        true => " The probe does not run a credential_process.",
        false => "",
    };
    let what = match assumes {
        Some(role) => format!("The profile {name:?} assumes the role {role} with other credentials"),
        None => format!("The profile {name:?} has {}", settings.join(", ")),
    };
    let fix = Fix::new(format!(
        "Remove {} from the profile {name:?} in the image or volume that holds the AWS configuration files, then \
         recreate the pod.",
        settings.join(", ")
    ));
    Some((format!("{what}, and {who} it before {identity}.{not_run}"), fix))
}

fn fix(facts: &Facts) -> Fix {
    let Names { namespace, .. } = facts.names();
    Fix::new(
        "Remove AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN (even if empty) from the pod template, and \
         keys from mounted files, then recreate the pod.",
    )
    .command(format!(
        "kubectl get pods -n {namespace} -o 'custom-columns=POD:.metadata.name,VARIABLES:.spec.containers[*].env[*].name,FROM:.spec.containers[*].envFrom'"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::causes::testing::{ROLE, environment, found};
    use crate::probe::evidence::{Caller, Sdk, SdkKind, SdkScan, Source, Target};
    use crate::probe::sdks::chain::comes_before_web_identity;

    const IRSA: [(&str, &str); 2] = [("AWS_ROLE_ARN", ROLE), ("AWS_WEB_IDENTITY_TOKEN_FILE", "/token")];

    fn cause(evidence: &Evidence) -> String {
        match judge(evidence) {
            Outcome::Fault(diagnosis) => diagnosis.cause,
            outcome => format!("{outcome:?}"),
        }
    }

    #[test]
    fn keys_count_even_if_empty_but_only_together_with_web_identity() {
        for (variables, words) in [
            (&[("AWS_ACCESS_KEY_ID", "AKIA"), ("AWS_SECRET_ACCESS_KEY", "x")][..], "before web identity"),
            (&[("AWS_ACCESS_KEY_ID", "AKIA")], "without the other key variable"),
            (&[("AWS_ACCESS_KEY_ID", "")], "is empty"),
            (&[("AWS_SESSION_TOKEN", "x")], "Pass"),
            (&[], "Pass"),
        ] {
            let evidence = environment(&[&IRSA[..], variables].concat());
            assert!(cause(&evidence).contains(words), "{variables:?}: {}", cause(&evidence));
            assert!(!found(&STATIC_KEYS_OVERRIDE, &environment(variables)), "{variables:?} alone");
        }
    }

    fn profile(settings: &[&'static str], role_arn: Option<&str>) -> Seen<Profile, String> {
        let role_arn = role_arn.map(str::to_owned);
        Seen::Seen(Profile {
            name: "a".into(),
            exists: true,
            settings: settings.to_vec(),
            role_arn,
            region: None,
            sts_regional_endpoints: None,
            web_identity: None,
            of_container: vec![],
        })
    }

    #[test]
    fn a_profile_counts_and_the_winner_is_named() {
        let mut evidence = environment(&IRSA);
        evidence.profile = profile(&[], None);
        assert_eq!(judge(&evidence), Outcome::Pass);
        evidence.profile = profile(&["credential_process"], None);
        assert!(cause(&evidence).contains("does not run"));
        let caller = |arn: &str| Caller { arn: arn.into(), account: String::new(), user_id: String::new() };
        for (arn, words) in [
            ("arn:aws:iam::111122223333:user/ci", "They belong to arn:aws:iam::111122223333:user/ci"),
            ("arn:aws:sts::111122223333:assumed-role/checkout/x", "of the same role"),
        ] {
            evidence.active_credentials =
                Seen::Seen(ActiveCredentials { source: Source::Profile, caller: caller(arn) });
            assert!(cause(&evidence).contains(words), "{}", cause(&evidence));
        }
    }

    #[test]
    fn a_profile_with_the_same_role_is_no_fault_and_another_role_is_named() {
        let other = "arn:aws:iam::111122223333:role/other";
        for (settings, role_arn, words) in [
            (&["role_arn", "web_identity_token_file"][..], ROLE, "Pass"),
            (&["role_arn", "source_profile"], ROLE, "Pass"),
            (&["role_arn", "source_profile"], other, "assumes the role arn:aws:iam::111122223333:role/other"),
            (&["role_arn", "source_profile"], other, "and boto3, the AWS CLI"),
            (&["role_arn", "web_identity_token_file"], other, "and the SDKs for JavaScript"),
        ] {
            let evidence = Evidence { profile: profile(settings, Some(role_arn)), ..environment(&IRSA) };
            assert!(cause(&evidence).contains(words), "{settings:?} {role_arn}: {}", cause(&evidence));
        }
    }

    #[test]
    fn the_sdk_of_the_target_decides_what_comes_first() {
        let keys = [("AWS_ACCESS_KEY_ID", "AKIA"), ("AWS_SECRET_ACCESS_KEY", "x")];
        let file = || profile(&["aws_access_key_id"], None);
        let both = &[(SdkKind::Boto3, "1.34.0"), (SdkKind::Rust, "1.5.0")][..];
        for (program, sdks, in_variables, in_file) in [
            ("python3", &[(SdkKind::Boto3, "1.34.0")][..], "boto3 1.34.0 in the image takes them", "Pass"),
            ("dotnet", &[(SdkKind::DotNet, "3.7.400.0")], "Pass", "Pass"),
            ("dotnet", &[(SdkKind::DotNet, "4.0.0.2")], "SDK for .NET 4.0.0.2 in the image takes", "Pass"),
            ("node", &[(SdkKind::JavaScriptV3, "3.500.0")], "JavaScript 3 3.500.0 in", "JavaScript 3 3.500.0 in"),
            (
                "app",
                both,
                "boto3 1.34.0, AWS SDK for Rust 1.5.0 in the image take",
                "Rust 1.5.0 (but not boto3 1.34.0)",
            ),
            ("app", &[], "every SDK except .NET 3", "the SDKs for JavaScript, Rust and C++ take"),
        ] {
            let sdk = |(kind, version): &(SdkKind, &str)| Sdk {
                kind: *kind,
                version: Some((*version).to_owned()),
                path: "/app".into(),
                has_sts_module: None,
            };
            let scan = SdkScan { sdks: sdks.iter().map(sdk).collect(), ..SdkScan::default() };
            let target = || Target {
                program: Some(program.into()),
                sdks: Seen::Seen(scan.clone()),
                ..crate::causes::testing::target()
            };
            let with_keys = Evidence { target: Some(target()), ..environment(&[&IRSA[..], &keys].concat()) };
            assert!(cause(&with_keys).contains(in_variables), "{program} {sdks:?}: {}", cause(&with_keys));
            let with_file = Evidence { target: Some(target()), profile: file(), ..environment(&IRSA) };
            assert!(cause(&with_file).contains(in_file), "{program} {sdks:?}: {}", cause(&with_file));
        }
    }

    #[test]
    fn the_explanation_matches_the_table_of_orders() {
        let text = STATIC_KEYS_OVERRIDE.explanation.replace('\n', " ");
        let sentence = |word: &str| text.split(". ").find(|sentence| sentence.contains(word)).unwrap();
        let (lose, win) = (sentence("come after web identity"), sentence("They come before it in"));
        for (kind, name) in [
            (SdkKind::Boto3, "boto3"),
            (SdkKind::Cli, "AWS CLI"),
            (SdkKind::GoV1, "Go"),
            (SdkKind::GoV2, "Go"),
            (SdkKind::JavaV1, "Java,"),
            (SdkKind::JavaV2, "Java,"),
            (SdkKind::JavaScriptV2, "JavaScript"),
            (SdkKind::JavaScriptV3, "JavaScript"),
            (SdkKind::Ruby, "Ruby"),
            (SdkKind::Php, "PHP"),
            (SdkKind::DotNet, ".NET"),
            (SdkKind::Cpp, "C++"),
            (SdkKind::Rust, "Rust"),
        ] {
            let wins = comes_before_web_identity(kind, None, Link::Profile);
            assert_eq!((lose.contains(name), win.contains(name)), (wins == Some(false), wins == Some(true)), "{name}");
        }
    }
}
