use crate::causes::{
    ASSOCIATION_MISSING, About, Advice, Candidate, Cause, Diagnosis, EKS_AUTH_THROTTLED, Facts, Fix, Outcome,
    POD_IDENTITY_CONDITION_MISMATCH, PODS_EKS_TRUST_MISSING, Priority, Reading, Saying, Severity, TAG_SESSION_MISSING,
    TARGET_ROLE_NOT_ASSUMABLE, TOKEN_EXPIRED, agent, any, with,
};
use crate::probe::evidence::{AgentReason, Evidence};

/// One text of EKS for four causes.
pub(crate) static POD_IDENTITY_NOT_AUTHORIZED: Cause = Cause {
    code: "pod-identity-not-authorized",
    title: "EKS may not assume the association's role",
    compare: "the trust policy of the role",
    severity: Severity::Error,
    advice: Advice::Fix,
    // Source: EKS user guide, "EKS Pod Identity role"; the text is from public reports.
    explanation: "\
EKS found the association, but IAM did not let it assume the role. EKS gives one text for every reason: \
\"Unauthorized Exception! EKS does not have permissions to assume the associated role.\"

The role's trust policy must allow the service pods.eks.amazonaws.com both sts:AssumeRole and sts:TagSession. EKS \
checks that when the association is created, so the policy was changed later, or a condition in it does not match \
this pod. If the association has a target role, the first role must be allowed to assume the target, and the target \
must trust the first role.

Read the association and the trust policy of its role. A corrected policy works within a minute, without a new pod.",
    says: &[
        Saying::new(
            Priority::Aws,
            &[any(&["eks does not have permissions to assume the associated role", "]: (accessdeniedexception):"])],
            |_| Reading::open(&POD_IDENTITY_NOT_AUTHORIZED, candidates()),
        ),
        // An SDK that keeps the agent's words to itself.
        Saying::new(
            Priority::Vague(60),
            &[
                with(&["received non 200 response", "bad request"], &[&["169.254.170.23", "fd00:ec2::23"]]),
                // The SDK for Rust says it without the address.
                any(&["non-success status from http credential provider"]),
            ],
            |_| {
                let log = "the SDK hides the agent's answer: read the agent's log on this node";
                Reading::ranked(vec![
                    Candidate::new(&POD_IDENTITY_NOT_AUTHORIZED, log),
                    Candidate::new(&ASSOCIATION_MISSING, "if the agent answered with status 404"),
                    Candidate::new(
                        &TOKEN_EXPIRED,
                        "if the agent answered with status 400 and the token was not read again",
                    ),
                    Candidate::new(&EKS_AUTH_THROTTLED, "if the agent answered with status 429"),
                ])
            },
        )
        .about(About::NotEcs),
    ],
    settles: true,
    hides_caller: false,
    judge: Some(judge),
    fix,
};

fn judge(evidence: &Evidence) -> Outcome {
    if let Some(outcome) = agent::is_not(AgentReason::Unauthorized, evidence) {
        return outcome;
    }
    let fix = fix(&Facts::of(evidence));
    Diagnosis::new(agent::in_words(evidence), fix).could_be(candidates()).into()
}

/// The text is the same for all. The trust policy of most roles was written for IRSA.
fn candidates() -> Vec<Candidate> {
    vec![
        Candidate::new(&PODS_EKS_TRUST_MISSING, "if no statement allows the service pods.eks.amazonaws.com"),
        Candidate::new(&TAG_SESSION_MISSING, "if the statement allows sts:AssumeRole only"),
        Candidate::new(&POD_IDENTITY_CONDITION_MISMATCH, "if the statement has a Condition: compare it with this pod"),
        Candidate::new(&TARGET_ROLE_NOT_ASSUMABLE, "if the association has a targetRoleArn"),
    ]
}

fn fix(facts: &Facts) -> Fix {
    let names = facts.names();
    let fix = Fix::new(
        "Find the association's role, and compare its trust policy with what EKS needs: pods.eks.amazonaws.com, \
         sts:AssumeRole and sts:TagSession.",
    )
    .command(names.list_associations())
    .command(names.describe_association());
    names.check_pod_identity_trust(fix)
}
