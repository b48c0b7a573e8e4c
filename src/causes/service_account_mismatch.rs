use crate::causes::{Advice, Cause, Diagnosis, Facts, Fix, Names, Outcome, Severity};
use crate::probe::evidence::Evidence;
use crate::probe::evidence::name_or;

/// The workload uses another service account than it should.
pub(crate) static SERVICE_ACCOUNT_MISMATCH: Cause = Cause {
    code: "service-account-mismatch",
    title: "the pod uses a different service account than the role expects",
    compare: "the pod's serviceAccountName",
    severity: Severity::Error,
    advice: Advice::RecreatePod,
    explanation: "\
The trust policy allows one service account, system:serviceaccount:NAMESPACE:NAME, and the pod uses another. Common \
reasons are a chart that generated a name with a suffix, a workload that was deployed to another namespace, or a \
missing serviceAccountName, with which the pod runs as \"default\". STS answers the same AccessDenied as for a wrong \
trust policy.

Compare the token's sub with the sub in the role's trust policy, and correct serviceAccountName or the policy. A \
pod's service account is fixed when the pod is created.",
    says: &[],
    settles: false,
    hides_caller: false,
    judge: Some(judge),
    fix,
};

fn judge(evidence: &Evidence) -> Outcome {
    let Some((namespace, name)) = &evidence.expected.service_account else {
        return Outcome::skip("no service account was stated (--expect-service-account)");
    };
    let Some(token) = evidence.token.seen() else { return Outcome::skip(evidence.why_no_token()) };
    let expected = format!("system:serviceaccount:{namespace}:{name}");
    let subject = token.subject.as_deref().unwrap_or("(none)");
    if subject == expected {
        return Outcome::Pass;
    }
    let kind = match subject.strip_prefix("system:serviceaccount:") {
        Some(_) => "",
        None => " That is not a Kubernetes service account.",
    };
    Diagnosis::new(
        format!("The token's sub is not {expected}, which --expect-service-account states.{kind}"),
        fix(&Facts::of(evidence)),
    )
    .into()
}

fn fix(facts: &Facts) -> Fix {
    let names = facts.names();
    let Names { subject, .. } = &names;
    if let Some((namespace, name)) = &facts.expected_service_account {
        let (namespace, name) = (name_or(Some(namespace), "NAMESPACE"), name_or(Some(name), "NAME"));
        return Fix::new("Set serviceAccountName in the pod template, then recreate the pod.").command(format!(
            "kubectl patch deployment NAME -n {namespace} -p '{{\"spec\":{{\"template\":{{\"spec\":{{\"serviceAccountName\":\"{name}\"}}}}}}}}'"
        ));
    }
    Fix::new(format!(
        "Set serviceAccountName in the pod template to the service account that the role is for (the pod now runs as \
         {subject:?}), or allow this one in the role's trust policy."
    ))
    .command(names.show_annotations("ROLE", "role-arn"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::causes::testing;

    #[test]
    fn the_subject_is_compared_with_the_expected_service_account() {
        for (subject, fault) in [
            ("system:serviceaccount:payments:checkout", false),
            ("system:serviceaccount:payments:default", true),
            ("system:serviceaccount:payments:checkout2", true),
            ("repo:org/name:ref:refs/heads/main", true),
        ] {
            let mut evidence = testing::token(|token| token.subject = Some(subject.to_owned()));
            assert!(matches!(judge(&evidence), Outcome::Skip(_)));
            evidence.expected.service_account = Some(("payments".into(), "checkout".into()));
            assert_eq!(matches!(judge(&evidence), Outcome::Fault(_)), fault, "{subject}");
        }
    }
}
