use crate::causes::{Advice, Cause, Diagnosis, Fix, Outcome, Severity};
use crate::probe::evidence::{Evidence, Imds, Profile, Seen};

/// The caller is the node's role.
pub static NODE_ROLE_FALLBACK: Cause = Cause {
    code: "node-role-fallback",
    title: "the application runs as the node's role instead of the pod's",
    severity: Severity::Error,
    advice: Advice::Fix,
    // Source: EC2 user guide, "IAM roles for Amazon EC2": the session of an instance is named after the instance.
    explanation: "\
The error, or GetCallerIdentity, names the node's instance role as caller (the session is named i-... after the \
instance). Web identity was not used: the variables were not in the process, the SDK does not know web identity, or \
it failed (token not readable, STS not reachable) and the SDK silently went on to the instance metadata.

See whether the container has AWS_ROLE_ARN and AWS_WEB_IDENTITY_TOKEN_FILE. If it has and the probe works, look at \
the program's SDK; if it has not, recreate the pod after looking at the service account. A hop limit of 1 for the \
instance metadata makes such failures loud.",
    judge: Some(judge),
};

fn judge(evidence: &Evidence) -> Outcome {
    let role = match &evidence.imds {
        Seen::NotLooked(why) => return Outcome::skip(why.clone()),
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
    let cause =
        format!("{why}, so SDKs go on to the instance metadata, which answers: they run as the node's role {role}.");
    let fix =
        Fix::new("put right what keeps web identity from working; with a hop limit of 1 such failures become loud");
    Outcome::Warning(Box::new(Diagnosis::new(cause, fix)))
}

/// What makes SDKs pass web identity by without an error. Where STS refuses, they fail instead.
fn why_not_web_identity(evidence: &Evidence) -> Option<&'static str> {
    let set = |name| evidence.environment.variable(name).is_filled();
    if evidence.unseen_variables().is_some() {
        None
    } else if !set("AWS_ROLE_ARN") || !set("AWS_WEB_IDENTITY_TOKEN_FILE") {
        Some("IRSA's variables are not both set")
    } else if evidence.token_file.failed().is_some() {
        Some("The token file cannot be read")
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::causes::testing::{ROLE, environment, found, healthy, token_file};
    use crate::probe::evidence::TokenFileFaultKind;

    #[test]
    fn the_node_answers_only_where_nothing_comes_before_it() {
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
