use crate::aws::pod_identity::check_agent_url;
use crate::causes::{
    Advice, Cause, Diagnosis, Facts, Fix, Outcome, Priority, Reading, Saying, Severity, agent, any, webhook, with,
};
use crate::probe::evidence::Evidence;

/// `AWS_CONTAINER_CREDENTIALS_FULL_URI` is not the URL of the agent.
pub(crate) static CONTAINER_URI_NOT_THE_AGENT: Cause = Cause {
    code: "container-uri-not-the-agent",
    title: "the container credentials URI does not lead to the Pod Identity agent",
    compare: "http://169.254.170.23/v1/credentials",
    severity: Severity::Error,
    advice: Advice::RecreatePod,
    // Source: aws/eks-pod-identity-agent: addresses, port and path.
    explanation: "\
AWS_CONTAINER_CREDENTIALS_FULL_URI must be http://169.254.170.23/v1/credentials, or \
http://[fd00:ec2::23]/v1/credentials in an IPv6 cluster. The webhook sets it so. Another value was set by hand: in \
the manifest, in the image, or for another source of credentials such as ECS.

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
    let Err(why) = check_agent_url(url) else { return Outcome::Pass };
    let fix = fix(&Facts::of(evidence));
    Diagnosis::new(format!("{NAME} is {url:?}. {}", why.in_words()), fix).into()
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
