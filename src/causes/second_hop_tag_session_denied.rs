use crate::causes::{
    Advice, Candidate, Cause, Facts, Fix, Priority, Reading, SECOND_HOP_ASSUME_ROLE_DENIED, Saying, Severity, any,
    role_lacks_permissions,
};

/// The pod has its role; a further AssumeRole carries session tags, and those are refused.
pub(crate) static SECOND_HOP_TAG_SESSION_DENIED: Cause = Cause {
    code: "second-hop-tag-session-denied",
    title: "sts:TagSession into a second role is refused; the first role works",
    compare: "both roles must allow sts:TagSession",
    severity: Severity::Error,
    advice: Advice::Fix,
    // Sources: EKS user guide, "Grant Pods access to AWS resources based on tags" (the tags are transitive); IAM user
    // guide, "Pass session tags in AWS STS".
    explanation: "\
The caller named in the error has its role. The program then assumes a second role, and the request carries session \
tags, so AWS also checks sts:TagSession. EKS Pod Identity adds six tags to every session and marks them transitive: \
each further AssumeRole carries them. IRSA adds none, so the same policies work until a workload moves to Pod Identity.

Allow sts:TagSession beside sts:AssumeRole in the second role's trust policy. If that policy names the account and not \
the first role, allow it in the first role's permissions as well. If nothing uses the tags, turn them off in the \
association (disableSessionTags), or in the program that adds them.",
    says: &[Saying::new(
        Priority::Aws,
        &[any(&[
            "not authorized to perform: sts:tagsession",
            "not authorized to perform sts:tagsession",
            "not authorized to perform: `sts:tagsession`",
        ])],
        reading,
    )
    .instead_of(&SECOND_HOP_ASSUME_ROLE_DENIED)],
    settles: true,
    hides_caller: false,
    judge: None,
    fix,
};

fn reading(facts: &Facts) -> Reading {
    if facts.caller_is_node() {
        // A program that assumes further roles by itself starts from whatever identity it finds.
        return role_lacks_permissions::denied(facts);
    }
    let caller = facts.caller.as_deref().unwrap_or("the caller");
    let why = format!("{caller} has credentials, and its request for a second role carries session tags");
    let assume = "a second role that does not trust the first at all is refused for sts:AssumeRole";
    Reading::ranked(vec![
        Candidate::new(&SECOND_HOP_TAG_SESSION_DENIED, why),
        Candidate::new(&SECOND_HOP_ASSUME_ROLE_DENIED, assume),
    ])
}

fn fix(facts: &Facts) -> Fix {
    let fix = Fix::new(
        "Allow sts:TagSession beside sts:AssumeRole in the second role's trust policy, and in the first role's \
         permissions. Or turn off the session tags: disableSessionTags in the association of EKS Pod Identity.",
    );
    facts.names().show_trust_policy(fix)
}
