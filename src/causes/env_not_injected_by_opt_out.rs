use crate::causes::{Advice, Cause, Facts, Fix, Names, Severity};

/// The pod opts out of webhook injection.
pub(crate) static ENV_NOT_INJECTED_BY_OPT_OUT: Cause = Cause {
    code: "env-not-injected-by-opt-out",
    title: "the pod opts out of webhook injection",
    compare: "the pod's skip annotation and label",
    severity: Severity::Error,
    advice: Advice::RecreatePod,
    explanation: "\
A label or an annotation of the pod disables injection. The EKS Pod Identity Webhook does not mutate a pod with the \
label eks.amazonaws.com/skip-pod-identity-webhook. It skips the containers that the pod's annotation \
eks.amazonaws.com/skip-containers names. Both usually come from a chart or a sidecar injector that was configured for \
another reason.

If the pod needs the role, remove the label or the annotation from its template, then recreate the pod. The webhook \
acts only when a pod is created.",
    says: &[],
    settles: false,
    hides_caller: false,
    judge: None,
    fix,
};

fn fix(facts: &Facts) -> Fix {
    let Names { namespace, .. } = facts.names();
    Fix::new(
        "Remove the annotation eks.amazonaws.com/skip-containers or the label \
         eks.amazonaws.com/skip-pod-identity-webhook from the pod template, then recreate the pod.",
    )
    .command(format!(
        "kubectl get pods -n {namespace} -o 'custom-columns=POD:.metadata.name,SKIPPED_CONTAINERS:.metadata.annotations.eks\\.amazonaws\\.com/skip-containers,SKIP_POD:.metadata.labels.eks\\.amazonaws\\.com/skip-pod-identity-webhook'"
    ))
}
