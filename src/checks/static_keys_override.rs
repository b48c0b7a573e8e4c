use crate::arn::RoleArn;
use crate::checks::Check;
use crate::evidence::{Environment, Evidence, Profile, Seen, Winner};
use crate::finding::{Advice, Cause, Diagnosis, Outcome, Severity};
use crate::sts_errors::{Clues, fix};

/// Keys win over web identity.
pub static CHECK: Check = Check {
    cause: Cause {
        code: "static-keys-override",
        title: "static keys win over web identity",
        severity: Severity::Warning,
        advice: Advice::RecreatePod,
        explanation: "\
AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY come before web identity in the default chains of all AWS SDKs but .NET 3. \
Keys in the default profile of a credentials file lose against web identity in boto, PHP, Java, Go 2 and .NET, and win \
in JavaScript 3; keys in the program's own configuration always win. Then IRSA is set up \
perfectly and never used; some SDKs stumble even over an empty AWS_ACCESS_KEY_ID.

Remove the keys from the pod's template (env and envFrom, ConfigMaps and Secrets), then recreate the pod.",
    },
    judge,
};

const KEYS: [&str; 2] = ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"];

fn judge(evidence: &Evidence) -> Outcome {
    let environment = &evidence.environment;
    if let Some(why) = evidence.unseen_variables() {
        return Outcome::skip(why);
    }
    if ["AWS_ROLE_ARN", "AWS_WEB_IDENTITY_TOKEN_FILE"].iter().all(|name| !environment.variable(name).is_filled()) {
        return Outcome::skip("there is no web identity to override");
    }
    let Some(cause) = in_variables(environment).or_else(|| in_profile(evidence)) else {
        return Outcome::Pass;
    };
    let role = environment.value("AWS_ROLE_ARN").and_then(|arn| RoleArn::parse(arn).ok());
    let winner = match (&evidence.winner, role) {
        (Seen::Seen(Winner { caller, .. }), Some(role)) if role.is_role_of(&caller.arn) => {
            " They are credentials of the same role.".to_owned()
        }
        (Seen::Seen(Winner { caller, .. }), _) => format!(" An SDK here is {}.", caller.arn),
        (Seen::Failed(why), _) => format!(" They do not work: {why}."),
        (Seen::NotLooked(_), _) => String::new(),
    };
    Diagnosis::new(format!("{cause}{winner}"), fix(CHECK.cause.code, &Clues::of(evidence))).into()
}

fn in_variables(environment: &Environment) -> Option<String> {
    let set: Vec<&str> = KEYS.into_iter().filter(|name| environment.variable(name).is_set()).collect();
    let filled: Vec<&str> = KEYS.into_iter().filter(|name| environment.variable(name).is_filled()).collect();
    match (set.len(), filled.len()) {
        (0, _) => None,
        (_, 2) => {
            Some("AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are set; SDKs take them before web identity.".into())
        }
        (_, 1) => Some(format!("{} is set without its other half; some SDKs fail over that, others go on.", filled[0])),
        _ => Some(format!("{} is set but empty; some SDKs stumble over that instead of going on.", set.join(" and "))),
    }
}

/// SDKs for Rust and JavaScript take the profile before web identity; the others do if `AWS_PROFILE` names it.
fn in_profile(evidence: &Evidence) -> Option<String> {
    let profile = evidence.profile.seen().filter(|profile| profile.gives_credentials())?;
    let Profile { name, settings, .. } = profile;
    let named = evidence.environment.value("AWS_PROFILE").is_some();
    let who = if named { "SDKs take it" } else { "some SDKs (Rust, JavaScript) take it" };
    let not_run = match profile.has("credential_process") {
        true => " The probe does not run other people's credential_process.",
        false => "",
    };
    Some(format!("The profile {name:?} has {}; {who} before web identity.{not_run}", settings.join(", ")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::{ROLE, environment, found};
    use crate::evidence::{Caller, Source};

    const IRSA: [(&str, &str); 2] = [("AWS_ROLE_ARN", ROLE), ("AWS_WEB_IDENTITY_TOKEN_FILE", "/token")];

    fn cause(evidence: &Evidence) -> String {
        match judge(evidence) {
            Outcome::Fault(diagnosis) => diagnosis.cause,
            outcome => format!("{outcome:?}"),
        }
    }

    #[test]
    fn keys_count_even_if_empty_but_only_beside_web_identity() {
        for (variables, words) in [
            (&[("AWS_ACCESS_KEY_ID", "AKIA"), ("AWS_SECRET_ACCESS_KEY", "x")][..], "before web identity"),
            (&[("AWS_ACCESS_KEY_ID", "AKIA")], "without its other half"),
            (&[("AWS_ACCESS_KEY_ID", "")], "set but empty"),
            (&[("AWS_SESSION_TOKEN", "x")], "Pass"),
            (&[], "Pass"),
        ] {
            let evidence = environment(&[&IRSA[..], variables].concat());
            assert!(cause(&evidence).contains(words), "{variables:?}: {}", cause(&evidence));
            assert!(!found(&CHECK, &environment(variables)), "{variables:?} alone");
        }
    }

    #[test]
    fn a_profile_counts_and_the_winner_is_named() {
        let mut evidence = environment(&IRSA);
        let profile =
            |settings: &[&'static str]| Profile { name: "a".into(), exists: true, settings: settings.to_vec() };
        evidence.profile = Seen::Seen(profile(&[]));
        assert_eq!(judge(&evidence), Outcome::Pass);
        evidence.profile = Seen::Seen(profile(&["credential_process"]));
        assert!(cause(&evidence).contains("does not run"));
        let caller = |arn: &str| Caller { arn: arn.into(), account: String::new(), user_id: String::new() };
        for (arn, words) in [
            ("arn:aws:iam::111122223333:user/ci", "An SDK here is arn:aws:iam::111122223333:user/ci"),
            ("arn:aws:sts::111122223333:assumed-role/checkout/x", "of the same role"),
        ] {
            evidence.winner = Seen::Seen(Winner { source: Source::Profile, caller: caller(arn) });
            assert!(cause(&evidence).contains(words), "{}", cause(&evidence));
        }
    }
}
