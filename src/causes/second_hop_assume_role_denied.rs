use crate::causes::{
    Advice, Candidate, Cause, Facts, Fix, Priority, ROLE_DOES_NOT_EXIST, Reading, Saying, Severity, any,
    role_lacks_permissions, with,
};

/// IRSA works, but AWS refuses a further AssumeRole.
pub(crate) static SECOND_HOP_ASSUME_ROLE_DENIED: Cause = Cause {
    code: "second-hop-assume-role-denied",
    title: "sts:AssumeRole into a second role is refused; IRSA itself works",
    compare: "the second role must trust the first",
    severity: Severity::Error,
    advice: Advice::Fix,
    explanation: "\
IRSA works: the caller named in the error already is the role that IRSA provides. The program then calls \
sts:AssumeRole for a second role, and AWS refuses that call. Either the second role's trust policy does not name the \
first role, or the first role is not allowed to call sts:AssumeRole.

Often the program is configured with the same role that it already has (\"role\" in cert-manager, external-secrets, \
external-dns). A role cannot assume itself unless its trust policy allows it. In that case, remove the setting.

The trust policy and the OIDC provider of IRSA are not the cause.",
    says: &[Saying::new(
        Priority::Aws,
        &[
            any(&["not authorized to perform: sts:assumerole", "not authorized to perform sts:assumerole"]),
            with(
                &[
                    "calling the assumerole operation",
                    "sts: assumerole",
                    "sts/assumerole",
                    "sts:assumerole",
                    "action=assumerole",
                    "operation: assumerole",
                    "operation\": \"assumerole\"",
                    "operation\":\"assumerole\"",
                    "eventname\": \"assumerole\"",
                    "eventname\":\"assumerole\"",
                ],
                &[&["accessdenied"]],
            ),
        ],
        reading,
    )],
    settles: false,
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
    let own = if facts.caller_has_the_role() { ", which is the role it already has" } else { "" };
    let why = format!("{caller} has credentials and requests a second role with sts:AssumeRole{own}");
    Reading::ranked(vec![
        Candidate::new(&SECOND_HOP_ASSUME_ROLE_DENIED, why),
        Candidate::new(&ROLE_DOES_NOT_EXIST, "a second role that does not exist gives the same error"),
    ])
}

fn fix(_: &Facts) -> Fix {
    Fix::new(
        "Remove the role setting from the program if the second role is the pod's own: IRSA itself works. Otherwise \
         allow sts:AssumeRole in the first role's permissions, and name the first role in the second's trust policy.",
    )
}
