use crate::causes::{Advice, Cause, Diagnosis, Facts, Fix, Outcome, Severity};
use crate::probe::evidence::Evidence;
use crate::probe::sdks::chain::{Link, Takers, takers};

/// IRSA and Pod Identity are both configured.
pub(crate) static POD_IDENTITY_PRECEDENCE: Cause = Cause {
    code: "pod-identity-precedence",
    title: "IRSA and Pod Identity are both configured",
    compare: "AWS_CONTAINER_CREDENTIALS_* must not be set",
    severity: Severity::Warning,
    advice: Advice::RecreatePod,
    // The order of each SDK, with sources, is in `sdk_chain`.
    explanation: "\
Both AWS_WEB_IDENTITY_TOKEN_FILE and AWS_CONTAINER_CREDENTIALS_FULL_URI are set. Every AWS SDK except JavaScript 2 \
tries web identity first, so SDKs use the role of IRSA. The webhook itself, however, prefers a Pod Identity \
association. A person who reads the pod spec expects one role and gets the other.

The webhook sets one pair of variables, never both, so the other pair comes from the manifest. Decide which role the \
pod should have, remove the pair that was set by hand, then recreate the pod.",
    says: &[],
    settles: false,
    hides_caller: false,
    judge: Some(judge),
    fix,
};

fn judge(evidence: &Evidence) -> Outcome {
    let environment = &evidence.environment;
    if let Some(why) = evidence.unseen_variables() {
        return Outcome::skip(why);
    }
    let variables = ["AWS_CONTAINER_CREDENTIALS_FULL_URI", "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"];
    let Some((name, uri)) = environment.first(&variables) else {
        return Outcome::Pass;
    };
    let (Some(role), Some(_)) = (environment.value("AWS_ROLE_ARN"), environment.value("AWS_WEB_IDENTITY_TOKEN_FILE"))
    else {
        return Outcome::skip("the two IRSA variables do not both have a value");
    };
    let order = match takers(evidence, Link::Container) {
        Takers::None => "The SDKs in the image try web identity first, so they use that role".to_owned(),
        Takers::These(who) => format!("For credentials, {who} the container endpoint first, so that role is not used"),
        Takers::Unknown => "SDKs except JavaScript 2 try web identity first, so they use that role".to_owned(),
    };
    let cause = format!("{name} is {uri}, and AWS_ROLE_ARN is {role}. {order}. The webhook alone never sets both.");
    Diagnosis::new(cause, fix(&Facts::of(evidence))).into()
}

fn fix(_: &Facts) -> Fix {
    Fix::new(
        "Decide which of the two roles the pod should have, remove the variables that the manifest sets by hand, then \
         recreate the pod. The webhook sets only one pair.",
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::causes::testing::{ROLE, environment, found};

    #[test]
    fn only_both_together_are_this_fault() {
        let uri = ("AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://169.254.170.23/v1/credentials");
        let irsa = [("AWS_ROLE_ARN", ROLE), ("AWS_WEB_IDENTITY_TOKEN_FILE", "/token")];
        for (variables, is) in [(vec![uri], false), (irsa.to_vec(), false), ([&irsa[..], &[uri]].concat(), true)] {
            assert_eq!(found(&POD_IDENTITY_PRECEDENCE, &environment(&variables)), is, "{variables:?}");
        }
    }
}
