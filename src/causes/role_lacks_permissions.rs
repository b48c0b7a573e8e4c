use crate::causes::{Advice, Cause, Severity};

/// IRSA works, and the role may not do what the workload needs.
pub static ROLE_LACKS_PERMISSIONS: Cause = Cause {
    code: "role-lacks-permissions",
    title: "the role may not do what the workload needs",
    severity: Severity::Error,
    advice: Advice::Fix,
    explanation: "\
To assume a role is one thing, what the role may do another. A role without policies can be assumed, and then every \
call but GetCallerIdentity is refused; so is one whose policies name other actions or resources.

`aws iam list-attached-role-policies` and `list-role-policies` show what it has; `aws iam simulate-principal-policy \
--policy-source-arn arn:aws:iam::ACCOUNT:role/ROLE --action-names ACTION --output json` says whether an action is allowed, and what denies it. Give its \
output to `irsa-probe audit`.

Attach or correct a policy. Nothing in the pod needs to change.",
    judge: None,
};
