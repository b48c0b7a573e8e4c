use crate::causes::{Advice, Cause, Diagnosis, Facts, Fix, Outcome, Severity, webhook};
use crate::probe::evidence::{Evidence, POD_IDENTITY_VARIABLES};

/// One of the two variables of EKS Pod Identity has no value.
pub(crate) static POD_IDENTITY_ENV_PARTIALLY_SET: Cause = Cause {
    code: "pod-identity-env-partially-set",
    title: "only one of the two EKS Pod Identity variables has a value",
    compare: "the container's env must set neither",
    severity: Severity::Error,
    advice: Advice::RecreatePod,
    // Source: aws/amazon-eks-pod-identity-webhook, handler.go: if either variable is set, neither is added.
    explanation: "\
AWS_CONTAINER_CREDENTIALS_FULL_URI names the agent on the node, and AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE names \
the file with the token for it. They only work together. If a manifest sets one of them, the webhook adds neither, \
and SDKs send no token or call no agent.

Remove the variable from the manifest, then recreate the pod, so that the webhook sets both.",
    says: &[],
    settles: false,
    hides_caller: false,
    judge: Some(judge),
    fix,
};

fn judge(evidence: &Evidence) -> Outcome {
    if let Some(why) = evidence.unseen_variables().or(evidence.why_not_pod_identity()) {
        return Outcome::skip(why);
    }
    let environment = &evidence.environment;
    let [missing, there] = [false, true].map(|filled| {
        let names = POD_IDENTITY_VARIABLES.iter().copied();
        names.filter(|name| environment.variable(name).is_filled() == filled).collect::<Vec<_>>()
    });
    if missing.is_empty() {
        return Outcome::Pass;
    }
    if POD_IDENTITY_VARIABLES.iter().all(|name| !environment.variable(name).is_set()) {
        return Outcome::skip("neither variable is set");
    }
    let state = |name: &&str| match environment.variable(name).is_set() {
        true => format!("{name} is set without a value"),
        false => format!("{name} is not set"),
    };
    let state: Vec<String> = missing.iter().map(state).collect();
    let other = there.first().map(|name| format!(", although {name} is")).unwrap_or_default();
    let cause = format!("{}{other}. The webhook sets both or neither.", state.join("; "));
    let fix = fix(&Facts::of(evidence));
    Diagnosis::new(cause, fix).into()
}

fn fix(facts: &Facts) -> Fix {
    let names = facts.names();
    Fix::new(format!(
        "Remove both variables from the container's env so that the webhook sets them, then recreate the pod; {}.",
        webhook::RECREATE
    ))
    .command(format!(
        "kubectl set env KIND/NAME -n {} AWS_CONTAINER_CREDENTIALS_FULL_URI- AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE-",
        names.namespace
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::causes::testing::{environment, found};

    #[test]
    fn only_half_of_the_variables_is_this_fault() {
        const URI: (&str, &str) = ("AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://169.254.170.23/v1/credentials");
        const FILE: (&str, &str) = ("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", "/token");
        const EMPTY: (&str, &str) = ("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", "");
        for (variables, is) in
            [(&[][..], false), (&[URI, FILE], false), (&[URI], true), (&[FILE], true), (&[URI, EMPTY], true)]
        {
            assert_eq!(found(&POD_IDENTITY_ENV_PARTIALLY_SET, &environment(variables)), is, "{variables:?}");
        }
    }
}
