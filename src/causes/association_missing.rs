use crate::causes::{
    Advice, Cause, Diagnosis, Facts, Fix, Names, Outcome, Priority, Reading, Saying, Severity, agent, any, with,
};
use crate::probe::evidence::{AgentReason, Evidence};

/// EKS knows no association for the token's service account.
pub(crate) static ASSOCIATION_MISSING: Cause = Cause {
    code: "association-missing",
    title: "no Pod Identity association exists for this service account",
    compare: "aws eks list-pod-identity-associations",
    severity: Severity::Error,
    advice: Advice::Fix,
    // Source: EKS API reference, AssumeRoleForPodIdentity, ResourceNotFoundException.
    explanation: "\
EKS finds no association for the namespace and the service account in the token. The variables are in the pod, so \
there was one when the pod was created: it was deleted since, or created in another cluster. Or the variables were \
set by hand.

An association names one namespace and one service account, exactly. Wildcards do not work. A new association takes \
a few seconds to arrive.

Create the association. This pod then recovers without being recreated.",
    says: &[Saying::new(
        Priority::Aws,
        &[
            any(&["has no service account role association for it", "]: (resourcenotfoundexception):"]),
            with(&["resourcenotfoundexception"], &[agent::EKS_AUTH]),
        ],
        |_| {
            Reading::decided(
                &ASSOCIATION_MISSING,
                "EKS finds no association for the token's namespace and service account",
            )
        },
    )],
    settles: true,
    hides_caller: false,
    judge: Some(judge),
    fix,
};

fn judge(evidence: &Evidence) -> Outcome {
    if let Some(outcome) = agent::is_not(AgentReason::NoAssociation, evidence) {
        return outcome;
    }
    let account = evidence.service_account();
    let named = account.map_or(String::new(), |(namespace, name)| format!(" The token is of {namespace}/{name}."));
    let fix = fix(&Facts::of(evidence));
    Diagnosis::new(format!("{}{named}", agent::in_words(evidence)), fix).into()
}

fn fix(facts: &Facts) -> Fix {
    let names = facts.names();
    let Names { namespace, service_account, region_option, .. } = &names;
    Fix::new(format!(
        "Create an association for namespace {namespace} and service account {service_account} (aws eks \
         create-pod-identity-association). A new one takes a few seconds.",
    ))
    .command(format!(
        "aws eks list-pod-identity-associations{region_option} --output json --cluster-name {} --namespace {namespace}",
        names.cluster
    ))
}
