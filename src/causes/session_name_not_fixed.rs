use crate::causes::{Advice, Cause, Facts, Fix, Priority, Reading, Saying, Severity, any};

/// MSK ties a connection to one session, and new credentials come with another session name.
pub(crate) static SESSION_NAME_NOT_FIXED: Cause = Cause {
    code: "session-name-not-fixed",
    title: "MSK refuses a session name that changes; the role itself works",
    compare: "AWS_ROLE_SESSION_NAME must be set",
    severity: Severity::Error,
    advice: Advice::RecreatePod,
    // Sources: Apache Kafka, SaslServerAuthenticator; aws/aws-msk-iam-auth issue 104, aws/eks-pod-identity-agent issue
    // 29.
    explanation: "\
The pod has its role. Kafka lets a client authenticate again on an open connection, but only as the same principal. \
With IAM, the principal includes the name of the session, and SDKs make up a new name for every session. About an hour \
after the start, the broker answers \"Cannot change principals during re-authentication\".

IRSA: set AWS_ROLE_SESSION_NAME to a fixed value in the container. The broker compares names within one connection, \
so all pods may share it.

EKS Pod Identity: the agent's session names cannot be fixed. Give MSK's permissions to a second role, let the pod's \
role assume it, and name that role and a fixed session name in the client's configuration (awsRoleArn, \
awsRoleSessionName).",
    says: &[Saying::new(Priority::Aws, &[any(&["cannot change principals during re-authentication"])], |_| {
        let why = "the broker ties the connection to the first session's name, and new credentials have another";
        Reading::decided(&SESSION_NAME_NOT_FIXED, why)
    })],
    settles: false,
    hides_caller: false,
    judge: None,
    fix,
};

fn fix(facts: &Facts) -> Fix {
    if facts.is_pod_identity() {
        return Fix::new(
            "Give MSK's permissions to a second role that the pod's role may assume, and name it with a fixed session \
             name in the client's configuration (awsRoleArn, awsRoleSessionName): the agent's session names change.",
        );
    }
    Fix::new("Set AWS_ROLE_SESSION_NAME to a fixed value in the container, then roll it out.")
        .snippet("env:\n  - name: AWS_ROLE_SESSION_NAME\n    value: NAME")
}
