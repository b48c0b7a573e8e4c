use crate::aws::pod_identity::check_agent_url;
use crate::causes::{
    Advice, Cause, Diagnosis, Facts, Fix, Outcome, Priority, Reading, Saying, Severity, agent, any, webhook, with,
};
use crate::probe::evidence::Evidence;
use crate::probe::sdks::network::listed;
use crate::probe::sdks::traps::asking_ecs_before_the_agent;

/// `AWS_CONTAINER_CREDENTIALS_FULL_URI` is not the URL of the agent.
pub(crate) static CONTAINER_URI_NOT_THE_AGENT: Cause = Cause {
    code: "container-uri-not-the-agent",
    title: "the container credentials URI does not lead to the Pod Identity agent",
    compare: "http://169.254.170.23/v1/credentials",
    severity: Severity::Error,
    advice: Advice::RecreatePod,
    // Sources: aws/eks-pod-identity-agent: addresses, port and path; `probe::sdks::traps`.
    explanation: "\
AWS_CONTAINER_CREDENTIALS_FULL_URI must be http://169.254.170.23/v1/credentials, or \
http://[fd00:ec2::23]/v1/credentials in an IPv6 cluster. The webhook sets it so. Another value was set by hand: in \
the manifest, in the image, or for another source of credentials such as ECS.

If AWS_CONTAINER_CREDENTIALS_RELATIVE_URI is set too, boto3, the AWS CLI, Rust and some versions of Go read only that \
one, and call ECS at 169.254.170.2 instead of the agent. JavaScript 3 calls the agent.

The probe sends the token only to the agent. An SDK sends it wherever the variable says, if it accepts the host.

Remove the variable from the manifest, then recreate the pod, so that the webhook sets it.",
    says: &[Saying::new(
        Priority::Aws,
        &[any(&["called agent through invalid address"]), with(&["404 page not found"], &[agent::AGENT])],
        |_| {
            Reading::decided(
                &CONTAINER_URI_NOT_THE_AGENT,
                "the agent was called at another address or path than its own",
            )
        },
    )],
    settles: false,
    hides_caller: false,
    judge: Some(judge),
    fix,
};

fn judge(evidence: &Evidence) -> Outcome {
    const NAME: &str = "AWS_CONTAINER_CREDENTIALS_FULL_URI";
    if let Some(why) = evidence.unseen_variables().or(evidence.why_not_pod_identity()) {
        return Outcome::skip(why);
    }
    let Some(url) = evidence.environment.value(NAME) else {
        return Outcome::skip(evidence.why_no_value(NAME));
    };
    let Err(why) = check_agent_url(url) else { return of_ecs(evidence) };
    let fix = fix(&Facts::of(evidence));
    Diagnosis::new(format!("{NAME} is {url:?}. {}", why.in_words()), fix).into()
}

/// A relative URI, which only ECS sets.
fn of_ecs(evidence: &Evidence) -> Outcome {
    const NAME: &str = "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI";
    let Some(path) = evidence.environment.value(NAME) else { return Outcome::Pass };
    let (names, is_all) = asking_ecs_before_the_agent(evidence);
    if names.is_empty() {
        return Outcome::Pass;
    }
    let cause = format!(
        "{NAME} is {path:?}. It comes before AWS_CONTAINER_CREDENTIALS_FULL_URI for {}, and leads to ECS at 169.254.170.2 \
         instead of the agent.",
        listed(&names)
    );
    let facts = Facts::of(evidence);
    let fix = Fix::new(format!("Remove {NAME} from the container's env, then recreate the pod."))
        .command(format!("kubectl set env KIND/NAME -n {} {NAME}-", facts.names().namespace));
    let diagnosis = Diagnosis::new(cause, fix);
    if is_all { diagnosis.into() } else { Outcome::Warning(Box::new(diagnosis)) }
}

fn fix(facts: &Facts) -> Fix {
    let names = facts.names();
    Fix::new(format!(
        "Remove AWS_CONTAINER_CREDENTIALS_FULL_URI and AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE from the container's env so that the webhook sets them, \
         then recreate the pod; {}.",
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
    use crate::causes::testing::{environment, with_sdk};
    use crate::probe::evidence::SdkKind;

    #[test]
    fn the_variable_of_ecs_counts_for_the_sdks_that_read_it_first() {
        use SdkKind::*;
        for (sdk, expected) in [
            (None, "warning"),
            (Some(Boto3), "fault"),
            (Some(Rust), "fault"),
            (Some(GoV2), "warning"),
            (Some(JavaScriptV3), "pass"),
            (Some(GoV1), "pass"),
        ] {
            let mut evidence = environment(&[
                ("AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://169.254.170.23/v1/credentials"),
                ("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", "/token"),
                ("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "/v2/credentials/1"),
            ]);
            evidence.target = sdk.map(|kind| with_sdk("app", kind, "99.0.0"));
            let outcome = match of_ecs(&evidence) {
                Outcome::Pass => "pass",
                Outcome::Warning(_) => "warning",
                Outcome::Fault(_) => "fault",
                Outcome::Skip(_) => "skip",
            };
            assert_eq!(outcome, expected, "{sdk:?}");
        }
    }
}
