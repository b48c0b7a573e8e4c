use crate::causes::{
    Advice, CALLER_IS_NOT_EXPECTED_ROLE, Candidate, Cause, ENV_NOT_INJECTED_ANNOTATION_MISSING_OR_MISPLACED,
    ENV_NOT_INJECTED_WEBHOOK_MISSING, Facts, Fix, NODE_ROLE_FALLBACK, Names, Priority, Reading, SDK_LACKS_WEB_IDENTITY,
    STATIC_KEYS_OVERRIDE, Saying, Severity, TOKEN_FILE_PERMISSION_DENIED, VariableState, any, with,
};

/// IRSA works, but the role lacks permissions that the workload needs.
pub(crate) static ROLE_LACKS_PERMISSIONS: Cause = Cause {
    code: "role-lacks-permissions",
    title: "the role lacks permissions that the workload needs",
    compare: "the role's permission policies",
    severity: Severity::Error,
    advice: Advice::Fix,
    explanation: "\
The workload can assume the role, but the role's policies do not allow what it does next. A role without policies can \
be assumed, and AWS then refuses every call except GetCallerIdentity. AWS also refuses a call if the policies name \
other actions or resources.

`irsa-probe doctor` with `--can ACTION --on RESOURCE`, from a laptop, asks IAM to simulate the role's policies: it names \
the policy that denies the action, the statement that is missing, the permissions boundary or the organization's policy. \
The policy of the resource itself is not part of the simulation. `aws iam list-attached-role-policies` and \
`list-role-policies` show the role's policies.

Attach or correct a policy. Nothing in the pod needs to change.",
    says: &[
        Saying::new(
            Priority::Elsewhere(50),
            &[with(
                &["is not authorized to perform", "not authorized to perform"],
                &[&["assumed-role/", "user: arn:", "user/", ":user/"]],
            )],
            denied,
        ),
        // KMS, EC2 and EFS do not always say who calls.
        Saying::new(
            Priority::Elsewhere(55),
            &[
                with(&["access denied by server while mounting"], &[&["efs", "amazon-efs", "webidentity"]]),
                any(&[
                    "ciphertext refers to a customer master key that does not exist",
                    "or you are not allowed to access",
                    "you are not authorized to perform this operation",
                    "please ensure you have the right aws permissions",
                ]),
            ],
            |_| {
                Reading::ranked(vec![
                    Candidate::new(
                        &ROLE_LACKS_PERMISSIONS,
                        "if the call was made with the pod's role: its policies or the key's policy",
                    ),
                    Candidate::new(
                        &NODE_ROLE_FALLBACK,
                        "if the call was made as the node: compare the caller in CloudTrail",
                    ),
                ])
            },
        ),
    ],
    settles: false,
    hides_caller: false,
    judge: None,
    fix,
};

/// AWS knows the caller, so credentials were found: whose?
pub(super) fn denied(facts: &Facts) -> Reading {
    let caller = facts.caller.as_deref().unwrap_or("the caller");
    if caller.contains(":user/") || caller.starts_with("user/") {
        let why = format!("{caller} is an IAM user: static keys were used instead of the service account token");
        return Reading::decided(&STATIC_KEYS_OVERRIDE, why);
    }
    let injected = facts.role_variable == VariableState::Set && facts.file_variable != VariableState::Missing;
    if facts.caller_is_node() {
        return Reading::ranked(node(facts, caller, injected));
    }
    if facts.caller_has_the_role() {
        let why = format!(
            "the call was made as {caller}, the pod's role: IRSA works, but the role does not allow this action"
        );
        return Reading::decided(&ROLE_LACKS_PERMISSIONS, why);
    }
    if injected && facts.caller.is_some() {
        return Reading::ranked(vec![no_web_identity(caller, injected), keys(), unreadable()]);
    }
    let why = format!(
        "the caller is {caller}: if that is the pod's role, IRSA works, but the role does not allow this action"
    );
    let other = Candidate::new(
        &CALLER_IS_NOT_EXPECTED_ROLE,
        "if it is not the pod's role, other credentials take precedence over web identity",
    );
    Reading::ranked(vec![Candidate::new(&ROLE_LACKS_PERMISSIONS, why), other])
}

/// Why a call was made as the node.
fn node(facts: &Facts, caller: &str, injected: bool) -> Vec<Candidate> {
    let node = Candidate::new(&NODE_ROLE_FALLBACK, format!("{caller} is the node role: web identity was not used"));
    let sdk = no_web_identity(caller, injected);
    let missing = Candidate::new(
        &ENV_NOT_INJECTED_WEBHOOK_MISSING,
        "without AWS_ROLE_ARN in the container, no SDK can use web identity",
    );
    let annotation = Candidate::new(
        &ENV_NOT_INJECTED_ANNOTATION_MISSING_OR_MISPLACED,
        "check the pod's own service account for the annotation eks.amazonaws.com/role-arn",
    );
    if injected && facts.static_keys {
        vec![keys(), sdk, node, unreadable()]
    } else if injected {
        vec![sdk, node, unreadable()]
    } else if facts.role_variable == VariableState::Missing {
        vec![missing, annotation, node]
    } else {
        vec![node, sdk, missing, annotation, unreadable()]
    }
}

fn no_web_identity(caller: &str, injected: bool) -> Candidate {
    let why = match injected {
        true => format!(
            "the variables are set, but the call was made as {caller}: this SDK or its chain has no web identity"
        ),
        false => format!(
            "the call was made as {caller}: if the container has AWS_ROLE_ARN, the SDK or its chain has no web identity"
        ),
    };
    Candidate::new(&SDK_LACKS_WEB_IDENTITY, why)
}

fn keys() -> Candidate {
    Candidate::new(
        &STATIC_KEYS_OVERRIDE,
        "keys in the environment or a file take precedence over web identity in most SDKs",
    )
}

fn unreadable() -> Candidate {
    Candidate::new(&TOKEN_FILE_PERMISSION_DENIED, "some SDKs fall back to the node role if they cannot read the token")
}

fn fix(facts: &Facts) -> Fix {
    let names = facts.names();
    let Names { iam_region, role, .. } = &names;
    let fix = Fix::new(
        "Allow the action on the resource in the role's policies (IRSA itself works), and check what denies it: the \
         resource's own policy, a permissions boundary, or the organization's policies.",
    );
    names
        .with_credentials(fix)
        .command(format!("aws iam list-attached-role-policies{iam_region} --role-name {role} --output json"))
}
