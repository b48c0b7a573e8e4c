use crate::causes::{Advice, Cause, Facts, Fix, Severity};

/// The agent still hands out the role that the association had before.
pub(crate) static ASSOCIATION_CHANGE_NOT_YET_SERVED: Cause = Cause {
    code: "association-change-not-yet-served",
    title: "the agent still serves the association's former role",
    compare: "modifiedAt against the last 3 h",
    severity: Severity::Warning,
    advice: Advice::Retry,
    // Source: aws/eks-pod-identity-agent, internal/cloud/eksauth and the refreshing cache: an entry is renewed after the
    // smaller of 3 hours and the rest of its life.
    explanation: "\
The pod has credentials of another role than the one that the association names now, and the association was changed \
less than 3 hours ago. The agent on the node caches credentials by the pod's token and renews them after at most 3 \
hours. Until then, the pod keeps the former role.

Wait, or recreate the pod: a new pod has a new token, for which nothing is cached.",
    says: &[],
    settles: false,
    hides_caller: false,
    judge: None,
    fix,
};

fn fix(facts: &Facts) -> Fix {
    Fix::new("Wait up to 3 hours, or recreate the pod: for a new token, the agent asks EKS.")
        .command(facts.names().describe_association())
}
