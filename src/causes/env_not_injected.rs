use crate::causes::{
    ASSOCIATION_MISSING, About, Advice, Candidate, Cause, Diagnosis, ENV_NOT_INJECTED_ANNOTATION_MISSING_OR_MISPLACED,
    ENV_NOT_INJECTED_BY_OPT_OUT, ENV_NOT_INJECTED_POD_PREDATES_ANNOTATION, ENV_NOT_INJECTED_WEBHOOK_MISSING,
    ENV_PARTIALLY_SET, ENV_STRIPPED_FROM_PROCESS, Facts, Fix, NOT_SET, Outcome, POD_IDENTITY_INJECTION_MISSED,
    POD_IDENTITY_UNSUPPORTED_COMPUTE, POD_PREDATES_ASSOCIATION, Priority, Reading, SDK_LACKS_POD_IDENTITY,
    SDK_LACKS_WEB_IDENTITY, Saying, Severity, VariableState, any, webhook, with,
};
use crate::probe::evidence::{ActiveCredentials, Evidence, Mechanism, POD_IDENTITY_VARIABLES, Seen};

/// Neither of the two IRSA variables is set.
pub(crate) static ENV_NOT_INJECTED: Cause = Cause {
    code: "env-not-injected",
    title: "the variables for the pod's role were not injected",
    compare: "kubectl get pod -o yaml: is AWS_ROLE_ARN set?",
    severity: Severity::Error,
    advice: Advice::RecreatePod,
    explanation: "\
Neither AWS_ROLE_ARN nor AWS_WEB_IDENTITY_TOKEN_FILE is set. An AWS SDK uses IRSA only if both are set. The variables of \
EKS Pod Identity are missing too, or --identity demands IRSA. Without either, most SDKs silently fall back to the node \
role.

On EKS, a mutating webhook adds both variables and the volume with the token to each new pod whose service account \
has the annotation eks.amazonaws.com/role-arn. The webhook sees a pod only once, at creation, and its failure policy \
lets pods through unchanged. A missed injection lasts for the pod's lifetime. A restart of the container does not \
repair it.

Several reasons run alike from inside the pod: the service account has no annotation (or an empty or misspelt one, \
or the annotation is on the pod); the pod is older than the annotation or was created together with its service \
account; the webhook was not available.

A pod that never needed a role runs the same. With --if-configured, which fleet-wide injection uses, the probe \
reports a warning and exits 0.

Read the service account's annotations, correct them if needed, then recreate the pod.",
    says: &[
        // A program that asks for both, and says not which one it found.
        Saying::new(
            Priority::Sdk,
            &[with(
                &[
                    "aws_web_identity_token_file and aws_role_arn",
                    "aws_role_arn and aws_web_identity_token_file",
                    "aws_web_identity_token_file or aws_role_arn",
                    "aws_role_arn or aws_web_identity_token_file",
                ],
                &[NOT_SET],
            )],
            no_credentials,
        )
        .instead_of(&ENV_PARTIALLY_SET),
        // A provider of web identity that was made without the variables.
        Saying::new(
            Priority::Sdk,
            &[
                any(&[
                    "must specify a value for rolearn and rolesessionname",
                    "you must specify a value for rolearn",
                    "you must specify a value for webidentitytokenfile",
                    "token file path is not set",
                ]),
                with(
                    &["could not be automatically inferred"],
                    &[&["stswebidentityprovider", "stswebidentitycredentialsprovider", "web identity", "aws_role_arn"]],
                ),
                with(
                    &["environment variable not set", "environment variables are not set", "environment variables not set"],
                    &[&["aws_web_identity_token_file", "$aws_web_identity_token_file"]],
                ),
            ],
            no_credentials,
        ),
        Saying::new(
        Priority::Chain(20),
        &[
            with(&["tokenfilewebidentitycredentials"], &[&["received undefined", "cannot read propert"]]),
            with(&["aws_web_identity_token_file", "webidentitytokenfile"], &[NOT_SET]),
            with(
                &[
                    "no credentials found",
                    "credentials not found",
                    "credentials were not found",
                    "no credentials were found",
                ],
                &[&[
                    "aws",
                    "iam",
                    "imds",
                    "credential provider",
                    "any provider",
                    "instance profile",
                    "instance metadata",
                ]],
            ),
            any(&[
                "unable to locate credentials",
                "nocredentialserror",
                "nocredentialproviders",
                "no valid providers in chain",
                "could not load credentials from any providers",
                "credentialsprovidererror",
                "missing credentials in config",
                "unable to load aws credentials",
                "unable to load credentials",
                "no ec2 imds role found",
                "ec2metadataerror",
                "ec2rolerequesterror",
                "failed to refresh cached credentials",
                "failed to retrieve credentials",
                "unable to get iam security credentials from ec2 instance metadata service",
                "error retrieving credentials from the instance profile metadata",
                "missingcredentialserror",
                "kind: missingcredentials",
                "http://169.254.169.254/latest/meta-data/iam/security-credentials",
                "unable to sign request without credentials",
                "no valid credential sources",
                "no credential providers",
                "no credential provider found",
                "instance meta error",
                "no providers in chain provided credentials",
                "no identity could be resolved from the chain",
                "could not find credentials",
                "unable to find credentials",
                "failed to resolve aws credentials",
                "request is missing authentication token",
                "web identity configuration not specified",
                "valid credentials could not be sourced",
            ]),
        ],
        no_credentials,
    )
    .about(About::NotEcs),
    ],
    settles: false,
    hides_caller: false,
    judge: Some(judge),
    fix,
};

fn judge(evidence: &Evidence) -> Outcome {
    if let Some(why) = evidence.unseen_variables() {
        return Outcome::skip(why);
    }
    let environment = &evidence.environment;
    let wanted = evidence.mechanism.unwrap_or(Mechanism::Irsa);
    let Some(variables) = wanted.variables() else {
        return Outcome::skip("the pod has its role by a profile, not by variables");
    };
    let is_allowed = webhook::is_absent_as_allowed(evidence);
    if let (Some(why), None, false) = (evidence.why_profiles_are_closed(), evidence.mechanism, is_allowed) {
        return Outcome::skip(why);
    }
    if evidence.mechanism.is_none() && evidence.missing_profile().is_some() && !is_allowed {
        return Outcome::skip("a variable names a profile that does not exist");
    }
    if variables.iter().any(|name| environment.variable(name).is_set()) {
        return Outcome::Pass;
    }
    if wanted == Mechanism::PodIdentity {
        return without_pod_identity(evidence);
    }
    let mut cause = match &evidence.expected.as_container {
        None => "Neither AWS_ROLE_ARN nor AWS_WEB_IDENTITY_TOKEN_FILE is set.".to_owned(),
        Some(name) => format!(
            "The pod's specification sets neither AWS_ROLE_ARN nor AWS_WEB_IDENTITY_TOKEN_FILE in container {name}."
        ),
    };
    if environment.variable("AWS_IAM_ROLE_ARN").is_set() {
        cause += " AWS_IAM_ROLE_ARN is set, but no AWS SDK reads it. The name must be AWS_ROLE_ARN.";
    }
    if let Some(mounts) = webhook::without_variables(evidence) {
        cause = format!("{cause} {mounts}");
    }
    if let Some((namespace, name)) = evidence.service_account() {
        cause += &format!(" The pod runs as service account {namespace}/{name}.");
    }
    cause += &instead(evidence);
    let facts = Facts::of(evidence);
    let fix = fix(&facts);
    if is_allowed {
        cause += " Nothing else in this container is configured for IRSA, and --if-configured allows that.";
        let text = "If this pod needs a role, annotate its service account, then recreate the pod.".to_owned();
        let diagnosis = Diagnosis::new(cause, Fix { text, ..fix }).could_be(candidates(&facts)).advise(Advice::None);
        return Outcome::Warning(Box::new(diagnosis));
    }
    // Some SDKs skip a line that they cannot read, so the pod may have its role.
    if let (Seen::Failed(_), None) = (&evidence.profile, evidence.mechanism) {
        let text = format!("Correct the AWS configuration file if it gives the role. Otherwise: {}", fix.text);
        let diagnosis = Diagnosis::new(cause, Fix { text, ..fix }).could_be(candidates(&facts));
        return diagnosis.advise(Advice::Retry).into();
    }
    Diagnosis::new(cause, fix).could_be(candidates(&facts)).into()
}

/// Demanded by `--identity`: without its variables, a pod does not show that it should have any.
fn without_pod_identity(evidence: &Evidence) -> Outcome {
    let account = evidence.service_account();
    let named = account.map_or(String::new(), |(namespace, name)| format!(" The pod runs as {namespace}/{name}."));
    let [uri, file] = POD_IDENTITY_VARIABLES;
    let names = Facts::of(evidence).names();
    let fix = Fix::new(format!(
        "Check that an association names the pod's service account and is older than the pod, then recreate the pod; {}.",
        webhook::RECREATE
    ))
    .command(names.list_associations())
    .command(names.show_creation_time());
    Diagnosis::new(format!("Neither {uri} nor {file} is set.{named}"), fix).could_be(without_association()).into()
}

/// The reasons why a pod has no variables of EKS Pod Identity. None of them leaves a trace in the pod.
pub(crate) fn without_association() -> Vec<Candidate> {
    vec![
        Candidate::new(&ASSOCIATION_MISSING, "if no association names the service account"),
        Candidate::new(&POD_PREDATES_ASSOCIATION, "if the association was created after the pod"),
        Candidate::new(&POD_IDENTITY_INJECTION_MISSED, "if the association is older than the pod"),
        Candidate::new(&POD_IDENTITY_UNSUPPORTED_COMPUTE, "if the pod runs on Fargate or on a Windows node"),
    ]
}

/// The credentials that an SDK uses instead, as far as the evidence shows.
fn instead(evidence: &Evidence) -> String {
    let environment = &evidence.environment;
    if let Seen::Seen(ActiveCredentials { source, caller }) = &evidence.active_credentials {
        format!(" The SDK's default chain resolves to {}, from {}.", caller.arn, source.in_words())
    } else if environment.variable("AWS_ACCESS_KEY_ID").is_filled() {
        " SDKs in this container use the static keys of AWS_ACCESS_KEY_ID.".to_owned()
    } else if let Some((name, _)) =
        environment.first(&["AWS_CONTAINER_CREDENTIALS_FULL_URI", "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"])
    {
        format!(" SDKs in this container use the container credentials of {name} (EKS Pod Identity or ECS).")
    } else if let Seen::Failed(why) = &evidence.profile {
        format!(" Whether a profile gives a role is not known: {why}.")
    } else if let (Some(_), Seen::NotChecked(why)) =
        (environment.first(&["AWS_SHARED_CREDENTIALS_FILE", "AWS_CONFIG_FILE"]), &evidence.profile)
    {
        format!(" No profile gives a role either: {why}.")
    } else {
        String::new()
    }
}

/// The reasons why a container has no variables. What is mounted, and whether anybody saw the variables, ranks them; most
/// leave no trace.
pub(crate) fn candidates(facts: &Facts) -> Vec<Candidate> {
    let mut candidates = vec![
        Candidate::new(
            &ENV_NOT_INJECTED_ANNOTATION_MISSING_OR_MISPLACED,
            "most frequent; check the service account's annotation",
        ),
        Candidate::new(
            &ENV_NOT_INJECTED_POD_PREDATES_ANNOTATION,
            "if the annotation exists, compare its age with the pod's",
        ),
        Candidate::new(
            &ENV_NOT_INJECTED_WEBHOOK_MISSING,
            "if other pods with annotated service accounts also lack the variables",
        ),
    ];
    if facts.token_volume == Some(true) {
        let why = "the webhook mounted the token, so it set the variables too";
        candidates.insert(0, Candidate::new(&ENV_STRIPPED_FROM_PROCESS, why));
    } else if facts.role_variable == VariableState::Unknown {
        let sdk = "if the container has AWS_ROLE_ARN and AWS_WEB_IDENTITY_TOKEN_FILE, the SDK is too old or uses its own \
                   chain";
        let stripped = "if the container has them but the process does not, a supervisor removed them";
        candidates.push(Candidate::new(&SDK_LACKS_WEB_IDENTITY, sdk));
        candidates.push(Candidate::new(&ENV_STRIPPED_FROM_PROCESS, stripped));
    }
    if facts.token_volume != Some(true) && facts.pod_identity_volume != Some(true) {
        candidates.push(Candidate::new(&ENV_NOT_INJECTED_BY_OPT_OUT, opted_out(facts.container.as_deref())));
    }
    candidates
}

fn opted_out(container: Option<&str>) -> String {
    let named = container.map_or("this container".to_owned(), |name| format!("this container, {name:?}"));
    format!(
        "if the pod's annotation eks.amazonaws.com/skip-containers names {named} (the pod's other containers then have \
         the variables and the token), or if the pod's label eks.amazonaws.com/skip-pod-identity-webhook excludes all \
         containers"
    )
}

/// No source of credentials gave any: the chain did not even try web identity, or could not.
pub(super) fn no_credentials(facts: &Facts) -> Reading {
    match (facts.role_variable, facts.file_variable) {
        _ if facts.is_pod_identity() => {
            let why = "the agent of EKS Pod Identity is configured, but this SDK or its chain does not ask it";
            Reading::decided(&SDK_LACKS_POD_IDENTITY, why)
        }
        (VariableState::Set, VariableState::Set) => {
            let why = "both variables are set, but no credentials were found: this SDK or its chain has no web \
                       identity";
            Reading::decided(&SDK_LACKS_WEB_IDENTITY, why)
        }
        (VariableState::Set, VariableState::Missing | VariableState::Empty)
        | (VariableState::Missing | VariableState::Empty, VariableState::Set)
        | (VariableState::Empty, VariableState::Empty) => {
            Reading::decided(&ENV_PARTIALLY_SET, "only one of the two variables has a value")
        }
        _ => Reading::open(&ENV_NOT_INJECTED, candidates(facts)),
    }
}

fn fix(facts: &Facts) -> Fix {
    let names = facts.names();
    let fix = Fix::new(format!(
        "Check and correct the annotation of the service account, then recreate the pod; {}.",
        webhook::RECREATE
    ))
    .command(names.doctor());
    names.inspect_service_account(fix).command(webhook::SHOW)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::causes::testing;
    use crate::probe::evidence::Expectations;

    #[test]
    fn only_the_absence_of_both_variables_is_this_fault() {
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
        for (evidence, words) in [
            (
                Evidence { expected, ..testing::environment(&[]) },
                "The pod's specification sets neither AWS_ROLE_ARN nor",
            ),
            (testing::environment(&[("AWS_IAM_ROLE_ARN", "x")]), "must be AWS_ROLE_ARN"),
            (
                Evidence { profile: Seen::Failed("it is torn".into()), ..testing::environment(&[]) },
                "Whether a profile gives a role is not known: it is torn.",
            ),
        ] {
            let outcome = judge(&evidence);
            assert!(matches!(&outcome, Outcome::Fault(fault) if fault.cause.contains(words)), "{outcome:?}");
        }
    }

    #[test]
    fn the_mounts_rank_the_reasons() {
        let facts = |irsa, pod_identity| Facts {
            role_variable: VariableState::Missing,
            token_volume: irsa,
            pod_identity_volume: pod_identity,
            container: Some("app".into()),
            ..Facts::default()
        };
        for (facts, first, opt_out) in [
            (facts(None, None), "env-not-injected-annotation-missing-or-misplaced", true),
            (facts(Some(false), Some(false)), "env-not-injected-annotation-missing-or-misplaced", true),
            (facts(Some(true), Some(false)), "env-stripped-from-process", false),
            (facts(Some(false), Some(true)), "env-not-injected-annotation-missing-or-misplaced", false),
        ] {
            let ranked = candidates(&facts);
            assert_eq!(ranked[0].cause.code, first, "{facts:?}");
            let named = ranked.iter().find(|candidate| candidate.cause == &ENV_NOT_INJECTED_BY_OPT_OUT);
            assert_eq!(named.is_some_and(|named| named.why.contains("\"app\"")), opt_out, "{facts:?}");
            assert!(ranked.iter().all(|candidate| candidate.cause != &SDK_LACKS_WEB_IDENTITY), "{facts:?}");
        }
    }

    #[test]
    fn if_configured_makes_it_a_warning() {
        let mut evidence = testing::environment(&[]);
        evidence.expected.if_configured = true;
        assert!(matches!(judge(&evidence), Outcome::Warning(_)));
        evidence.expected.service_account = Some(("payments".into(), "checkout".into()));
        assert!(matches!(judge(&evidence), Outcome::Fault(_)));
    }
}
