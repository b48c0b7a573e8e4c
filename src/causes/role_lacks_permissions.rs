use crate::causes::{Advice, Cause, Severity};

/// IRSA works, but the role lacks permissions that the workload needs.
pub static ROLE_LACKS_PERMISSIONS: Cause = Cause {
    code: "role-lacks-permissions",
    title: "the role lacks permissions that the workload needs",
    compare: "the role's permission policies",
    severity: Severity::Error,
    advice: Advice::Fix,
    explanation: "\
The workload can assume the role, but the role's policies do not allow what it does next. A role without policies can \
be assumed, and AWS then refuses every call except GetCallerIdentity. AWS also refuses a call if the policies name \
other actions or resources.

`aws iam list-attached-role-policies` and `list-role-policies` show the role's policies. `aws iam \
simulate-principal-policy --policy-source-arn arn:aws:iam::ACCOUNT:role/ROLE --action-names ACTION --output json` \
shows whether an action is allowed, and what denies it. Pass its output to `irsa-probe audit`.

Attach or correct a policy. Nothing in the pod needs to change.",
    judge: None,
};
