use crate::causes::{Advice, Cause, Facts, Fix, Names, Severity, webhook};

/// The pod was created before its service account was annotated.
pub(crate) static ENV_NOT_INJECTED_POD_PREDATES_ANNOTATION: Cause = Cause {
    code: "env-not-injected-pod-predates-annotation",
    title: "the pod was created before its service account was annotated",
    compare: "the pod's creation time",
    severity: Severity::Error,
    advice: Advice::RecreatePod,
    explanation: "\
The webhook mutates pods only when they are created. A pod that existed before the annotation has no IRSA for its \
whole lifetime. The same happens to a pod that was created at the same moment as its service account, because the \
webhook's cache did not contain the service account yet.

Compare the pod's creationTimestamp with the time of the annotation. Then recreate the pod, for example with kubectl \
rollout restart.",
    says: &[],
    settles: false,
    hides_caller: false,
    judge: None,
    fix,
};

fn fix(facts: &Facts) -> Fix {
    let Names { namespace, .. } = facts.names();
    Fix::new(format!("Recreate the pod: the webhook mutates pods only when they are created. {}", webhook::OWNER))
        .command(format!("kubectl rollout restart KIND/NAME -n {namespace}"))
}
