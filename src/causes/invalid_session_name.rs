use crate::causes::{Advice, Cause, Diagnosis, Outcome, Severity};
use crate::diagnosis::sts_errors::{self, Clues, fix};
use crate::probe::evidence::Evidence;

/// The session's name has characters or a length that STS refuses.
pub static INVALID_SESSION_NAME: Cause = Cause {
        code: "invalid-session-name",
        title: "AWS_ROLE_SESSION_NAME is none that STS takes",
        severity: Severity::Error,
        advice: Advice::RecreatePod,
        // Source: STS API reference, AssumeRoleWithWebIdentity: RoleSessionName.
        explanation: "\
A session's name has 2 to 64 characters out of letters, digits and _+=,.@- (API reference of AssumeRoleWithWebIdentity). \
Names built from a path, a user with brackets, or with a space in them are refused with ValidationError at \
'roleSessionName'; some SDKs hide that text.

Set AWS_ROLE_SESSION_NAME accordingly, or not at all: SDKs then make one up. Then recreate the pod.",
    judge: Some(judge),
};

fn judge(evidence: &Evidence) -> Outcome {
    let Some(name) = evidence.environment.value("AWS_ROLE_SESSION_NAME") else {
        return sts_errors::judge(&INVALID_SESSION_NAME, evidence);
    };
    let bad = name.chars().find(|c| !c.is_ascii_alphanumeric() && !"_+=,.@-".contains(*c));
    let fault = match bad {
        Some(character) => format!("it holds the character {character:?}"),
        None if (2..=64).contains(&name.len()) => {
            return sts_errors::pass_unless_said(&INVALID_SESSION_NAME, evidence);
        }
        None => format!("it has {} characters, and 2 to 64 are allowed", name.len()),
    };
    let cause = format!("AWS_ROLE_SESSION_NAME is {name:?}: {fault}.");
    Diagnosis::new(cause, fix(&INVALID_SESSION_NAME, &Clues::of(evidence))).into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::causes::testing::{answered, environment, found};
    use crate::probe::evidence::Operation::AssumeRoleWithWebIdentity;

    #[test]
    fn the_rule_is_that_of_sts() {
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
