use crate::causes::{
    Advice, Candidate, Cause, Diagnosis, ENV_NOT_INJECTED_ANNOTATION_MISSING_OR_MISPLACED, ENV_NOT_INJECTED_BY_OPT_OUT,
    ENV_NOT_INJECTED_POD_PREDATES_ANNOTATION, ENV_NOT_INJECTED_WEBHOOK_MISSING, ENV_STRIPPED_FROM_PROCESS, Fix,
    Outcome, Severity,
};
use crate::diagnosis::injection;
use crate::probe::evidence::{Evidence, Seen, Winner};

/// Neither variable of IRSA is there.
pub static ENV_NOT_INJECTED: Cause = Cause {
    code: "env-not-injected",
    title: "this container was not given IRSA's variables",
    severity: Severity::Error,
    advice: Advice::RecreatePod,
    explanation: "\
An AWS SDK uses IRSA only if AWS_ROLE_ARN and AWS_WEB_IDENTITY_TOKEN_FILE are both set. On EKS a mutating webhook adds \
them, and the volume with the token, to each new pod whose service account has the annotation \
eks.amazonaws.com/role-arn. Without them most SDKs silently fall back to the role of the node.

The webhook sees a pod once, when it is created, and its failure policy lets pods through unchanged. A missed injection \
lasts for the pod's whole life, and a restart of the container does not repair it. From inside the pod the reasons look \
alike: the service account has no annotation (or an empty or misspelt one, or the annotation is on the pod), the pod is \
older than the annotation or was created together with its service account, or the webhook was not available.

A pod that never asked for a role looks the same as well. With --if-configured, which fleet-wide injection uses, the \
probe warns of it and exits 0.

Read the service account's annotations, correct them if needed, and then recreate the pod.",
    judge: Some(judge),
};

fn judge(evidence: &Evidence) -> Outcome {
    if let Some(why) = evidence.unseen_variables() {
        return Outcome::skip(why);
    }
    let environment = &evidence.environment;
    let [role, file] = ["AWS_ROLE_ARN", "AWS_WEB_IDENTITY_TOKEN_FILE"].map(|name| environment.variable(name));
    if role.is_set() || file.is_set() {
        return Outcome::Pass;
    }
    let mut cause = match &evidence.expected.as_container {
        None => "Neither AWS_ROLE_ARN nor AWS_WEB_IDENTITY_TOKEN_FILE is set.".to_owned(),
        Some(name) => format!(
            "The pod's specification gives container {name} neither AWS_ROLE_ARN nor AWS_WEB_IDENTITY_TOKEN_FILE."
        ),
    };
    if environment.variable("AWS_IAM_ROLE_ARN").is_set() {
        cause += " AWS_IAM_ROLE_ARN is set, but no AWS SDK reads a variable of that name: it must be AWS_ROLE_ARN.";
    }
    if let Some(mounts) = injection::without_variables(evidence) {
        cause = format!("{cause} {mounts}");
    }
    if let Some((namespace, name)) = evidence.service_account() {
        cause += &format!(" The pod runs as service account {namespace}/{name}.");
    }
    cause += &instead(evidence);
    let fix = Fix::new(format!(
        "Read the annotation of the service account and correct it, then recreate the pod; {}.",
        injection::RECREATE
    ));
    let fix = injection::look_at_service_account(evidence, fix)
        .command("kubectl get mutatingwebhookconfigurations pod-identity-webhook")
        .command(format!(
            "kubectl get pod {} -o 'custom-columns=SKIPPED_CONTAINERS:.metadata.annotations.eks\\.amazonaws\\.com/skip-containers,SKIP_POD:.metadata.labels.eks\\.amazonaws\\.com/skip-pod-identity-webhook'",
            evidence.kubectl_pod()
        ));
    if injection::is_absent_as_allowed(evidence) {
        cause += " Nothing else here asks for IRSA either, which --if-configured allows.";
        let fix = Fix {
            text: "if this pod needs a role, annotate its service account, then recreate the pod".to_owned(),
            ..fix
        };
        let diagnosis = Diagnosis::new(cause, fix).could_be(candidates(evidence)).advise(Advice::None);
        return Outcome::Warning(Box::new(diagnosis));
    }
    Diagnosis::new(cause, fix).could_be(candidates(evidence)).into()
}

/// What an SDK uses here instead, as far as the variables tell.
fn instead(evidence: &Evidence) -> String {
    let environment = &evidence.environment;
    if let Seen::Seen(Winner { source, caller }) = &evidence.winner {
        format!(" The SDK's default chain resolves to {}, from {}.", caller.arn, source.in_words())
    } else if environment.variable("AWS_ACCESS_KEY_ID").is_filled() {
        " An SDK here uses the static keys of AWS_ACCESS_KEY_ID.".to_owned()
    } else if let Some((name, _)) =
        environment.first(&["AWS_CONTAINER_CREDENTIALS_FULL_URI", "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"])
    {
        format!(" An SDK here uses the container credentials of {name} (EKS Pod Identity or ECS).")
    } else {
        String::new()
    }
}

/// Which reason is likeliest depends on what is mounted: the others leave nothing behind.
fn candidates(evidence: &Evidence) -> Vec<Candidate> {
    let mounted = evidence.mounts.seen().is_some_and(|mounts| mounts.irsa.is_some());
    let lost = mounted.then(|| Candidate {
        cause: &ENV_STRIPPED_FROM_PROCESS,
        why: "the webhook mounted the token here, so it set the variables too".to_owned(),
    });
    let skipped = injection::skipped(evidence);
    let skipped = skipped.map(|why| Candidate { cause: &ENV_NOT_INJECTED_BY_OPT_OUT, why });
    lost.into_iter().chain(missed()).chain(skipped).collect()
}

fn missed() -> Vec<Candidate> {
    vec![
        Candidate {
            cause: &ENV_NOT_INJECTED_ANNOTATION_MISSING_OR_MISPLACED,
            why: "the most frequent; see the service account".to_owned(),
        },
        Candidate {
            cause: &ENV_NOT_INJECTED_POD_PREDATES_ANNOTATION,
            why: "if the annotation is there: compare its age with the pod's".to_owned(),
        },
        Candidate {
            cause: &ENV_NOT_INJECTED_WEBHOOK_MISSING,
            why: "if other pods with annotated service accounts miss the variables too".to_owned(),
        },
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::causes::testing;
    use crate::probe::evidence::Expectations;

    #[test]
    fn only_the_lack_of_both_is_this_fault() {
        for (variables, faulty) in [
            (&[][..], true),
            (&[("AWS_IAM_ROLE_ARN", "arn:aws:iam::111122223333:role/a")], true),
            (&[("AWS_ROLE_ARN", "")], false),
            (&[("AWS_WEB_IDENTITY_TOKEN_FILE", "/token")], false),
        ] {
            let outcome = judge(&testing::environment(variables));
            assert_eq!(matches!(outcome, Outcome::Fault(_)), faulty, "{variables:?}");
        }
        let expected = Expectations { as_container: Some("app".into()), ..Expectations::default() };
        let Outcome::Fault(specified) = judge(&Evidence { expected, ..testing::environment(&[]) }) else {
            panic!("no fault");
        };
        assert!(
            specified.cause.starts_with("The pod's specification gives container app neither"),
            "{}",
            specified.cause
        );
        let Outcome::Fault(slip) = judge(&testing::environment(&[("AWS_IAM_ROLE_ARN", "x")])) else {
            panic!("no fault");
        };
        assert!(slip.cause.contains("must be AWS_ROLE_ARN"), "{}", slip.cause);
    }

    #[test]
    fn where_no_configuration_is_allowed_it_is_a_warning() {
        let mut evidence = testing::environment(&[]);
        evidence.expected.if_configured = true;
        assert!(matches!(judge(&evidence), Outcome::Warning(_)));
        evidence.expected.service_account = Some(("payments".into(), "checkout".into()));
        assert!(matches!(judge(&evidence), Outcome::Fault(_)));
    }
}
