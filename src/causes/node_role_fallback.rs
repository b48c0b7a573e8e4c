use crate::causes::{
    About, Advice, Cause, Diagnosis, Facts, Fix, Outcome, Priority, Saying, Severity, role_lacks_permissions, with,
};
use crate::probe::evidence::{Evidence, Imds, Profile, Seen};

/// The caller is the node role.
pub(crate) static NODE_ROLE_FALLBACK: Cause = Cause {
    code: "node-role-fallback",
    title: "the application uses the node role instead of the pod's role",
    compare: "caller ARN and the node role",
    severity: Severity::Error,
    advice: Advice::Fix,
    // Source: EC2 user guide, "IAM roles for Amazon EC2": the session of an instance is named after the instance.
    explanation: "\
The SDK used the node role instead of web identity. The error, or GetCallerIdentity, names the node role as the \
caller (the session is named i-... after the instance). Either the process does not have the variables, the SDK does \
not support web identity, or web identity failed (token not readable, STS not reachable) and the SDK silently fell \
back to IMDS.

Check whether the container has AWS_ROLE_ARN and AWS_WEB_IDENTITY_TOKEN_FILE. If it has both and the probe works, \
check the program's SDK. If it does not, check the service account, then recreate the pod. With a hop limit of 1 for \
IMDS, such failures become visible errors.",
    // Node roles are called by the nodes too. What counts is that somebody asked who calls, or refused the caller.
    says: &[Saying::new(
        Priority::Elsewhere(45),
        &[
            with(
                &["assumed-role/"],
                &[&[
                    "userid",
                    "user id",
                    "getcalleridentity",
                    "get-caller-identity",
                    "caller identity",
                    "accessdenied",
                    "access denied",
                    "accessdeniedexception",
                    "unauthorizedoperation",
                    "not authorized to",
                    "forbidden",
                ]],
            ),
            with(&["no permissions for"], &[&["user [name=arn"]]),
        ],
        role_lacks_permissions::denied,
    )
    .about(About::Node)],
    settles: false,
    hides_caller: false,
    judge: Some(judge),
    fix,
};

fn judge(evidence: &Evidence) -> Outcome {
    let role = match &evidence.imds {
        Seen::NotChecked(why) => return Outcome::skip(why.clone()),
        Seen::Failed(_) => return Outcome::Pass,
        Seen::Seen(Imds { role, .. }) => role.as_deref(),
    };
    let Some(role) = role else {
        return Outcome::Pass;
    };
    let environment = &evidence.environment;
    let others = ["AWS_ACCESS_KEY_ID", "AWS_CONTAINER_CREDENTIALS_FULL_URI", "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"];
    let others = others.iter().any(|name| environment.variable(name).is_filled())
        || evidence.profile.seen().is_some_and(Profile::gives_credentials);
    let Some(why) = why_not_web_identity(evidence).filter(|_| !others) else {
        return Outcome::Pass;
    };
    let cause = format!("{why}, and IMDS is reachable. SDKs therefore fall back to the node role {role}.");
    Outcome::Warning(Box::new(Diagnosis::new(cause, fix(&Facts::of(evidence)))))
}

/// Why SDKs skip web identity without an error. If STS rejects the call, they fail instead.
fn why_not_web_identity(evidence: &Evidence) -> Option<&'static str> {
    let set = |name| evidence.environment.variable(name).is_filled();
    if evidence.unseen_variables().is_some() {
        None
    } else if evidence.has_profile_identity() {
        // SDKs fail where a profile does not work.
        None
    } else if !set("AWS_ROLE_ARN") || !set("AWS_WEB_IDENTITY_TOKEN_FILE") {
        Some("AWS_ROLE_ARN and AWS_WEB_IDENTITY_TOKEN_FILE are not both set")
    } else if evidence.token_file.failed().is_some() {
        Some("The token file cannot be read")
    } else {
        None
    }
}

fn fix(_: &Facts) -> Fix {
    Fix::new(
        "Check that the container has AWS_ROLE_ARN and AWS_WEB_IDENTITY_TOKEN_FILE, that the token file can be read, and \
         that the program's SDK supports web identity and uses its default credential chain. With an IMDS hop limit of \
         1, such failures become visible errors.",
    )
    .command("env | grep -oE '^AWS_(ROLE_ARN|WEB_IDENTITY_TOKEN_FILE)='")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::causes::testing::{ROLE, environment, found, healthy, token_file};
    use crate::probe::evidence::TokenFileFaultKind;

    #[test]
    fn the_node_role_is_used_only_if_no_other_credentials_come_first() {
        let keys = ("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE");
        for (evidence, role, is) in [
            (healthy(), Some("nodes"), false),
            (environment(&[]), Some("nodes"), true),
            (environment(&[]), None, false),
            (environment(&[("AWS_ROLE_ARN", ROLE)]), Some("nodes"), true),
            (environment(&[keys]), Some("nodes"), false),
            (token_file(TokenFileFaultKind::Denied { at: "/a".into() }), Some("nodes"), true),
        ] {
            let imds =
                Imds { role: role.map(str::to_owned), account: None, region: None, instance: None, version_1: false };
            let evidence = Evidence { imds: Seen::Seen(imds), ..evidence };
            assert_eq!(found(&NODE_ROLE_FALLBACK, &evidence), is, "{:?} {role:?}", evidence.environment);
        }
        assert!(!found(&NODE_ROLE_FALLBACK, &environment(&[])));
    }
}
