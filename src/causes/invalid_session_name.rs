use crate::causes::{
    Advice, Cause, Diagnosis, Facts, Fix, INVALID, Outcome, Priority, Reading, Saying, Severity, answered, with,
};
use crate::probe::evidence::Evidence;

/// The session name has characters or a length that STS rejects.
pub(crate) static INVALID_SESSION_NAME: Cause = Cause {
    code: "invalid-session-name",
    title: "AWS_ROLE_SESSION_NAME is not a valid role session name",
    compare: "2 to 64 letters, digits or _+=,.@-",
    severity: Severity::Error,
    advice: Advice::RecreatePod,
    // Source: STS API reference, AssumeRoleWithWebIdentity: RoleSessionName.
    explanation: "\
A valid session name has 2 to 64 characters: letters, digits and _+=,.@- (API reference of \
AssumeRoleWithWebIdentity). STS rejects names that are built from a path, contain brackets, or contain a space. The \
error is ValidationError at 'roleSessionName'. Some SDKs hide that text.

Set AWS_ROLE_SESSION_NAME to a valid name, or remove the variable: SDKs then generate a name. Then recreate the pod.",
    says: &[Saying::new(
        Priority::Aws,
        &[with(&["rolesessionname", "role_session_name", "role-session-name"], &[INVALID])],
        |_| Reading::decided(&INVALID_SESSION_NAME, "AWS rejects the role session name"),
    )],
    settles: false,
    hides_caller: false,
    judge: Some(judge),
    fix,
};

fn judge(evidence: &Evidence) -> Outcome {
    let Some(name) = evidence.session_name() else {
        return answered(evidence);
    };
    let bad = name.chars().find(|c| !c.is_ascii_alphanumeric() && !"_+=,.@-".contains(*c));
    let fault = match bad {
        Some(character) => format!("It contains the character {character:?}, which STS does not allow"),
        None if (2..=64).contains(&name.len()) => {
            return Outcome::Pass;
        }
        None => format!("It has {} characters, but STS allows 2 to 64", name.len()),
    };
    let cause = format!("{} is {name:?}. {fault}.", evidence.session_name_setting());
    let facts = Facts::of(evidence);
    match &facts.profile {
        // A file may change while the pod runs.
        Some(profile) => {
            let fix = Fix::new(format!(
                "Set role_session_name of {profile} to 2 to 64 letters, digits and _+=,.@-, then restart the application."
            ));
            Diagnosis::new(cause, fix).advise(Advice::Fix).into()
        }
        None => Diagnosis::new(cause, fix(&facts)).into(),
    }
}

fn fix(_: &Facts) -> Fix {
    Fix::new(
        "Set AWS_ROLE_SESSION_NAME to 2 to 64 letters, digits and _+=,.@- (or leave it empty), then recreate the pod.",
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::causes::testing::{answered, environment, found};
    use crate::probe::evidence::Operation::AssumeRoleWithWebIdentity;

    #[test]
    fn names_are_valid_by_the_rule_of_sts() {
        let (longest, too_long) = ("a".repeat(64), "a".repeat(65));
        for (name, bad) in [
            ("", false),
            ("a", true),
            ("a=b,c.d@e+f-g_h", false),
            ("PowerUser/me", true),
            ("bot[x]", true),
            ("a b", true),
            ("\u{e9}\u{e9}", true),
            (longest.as_str(), false),
            (too_long.as_str(), true),
        ] {
            assert_eq!(found(&INVALID_SESSION_NAME, &environment(&[("AWS_ROLE_SESSION_NAME", name)])), bad, "{name}");
        }
        let message = "1 validation error detected: Value 'a b' at 'roleSessionName' failed to satisfy constraint";
        assert!(found(&INVALID_SESSION_NAME, &answered(AssumeRoleWithWebIdentity, 400, "ValidationError", message)));
    }
}
