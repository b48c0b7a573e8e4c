//! Which part of a trust policy, or what beside it, keeps a token out: STS says the same in all cases.

use super::super::clues::{Clues, is_named_after_nodes};
use super::quoted;
use crate::aws::arn::without_scheme;
use crate::causes::{
    CONDITION_KEY_WRONG_IN_TRUST_POLICY, Candidate, ROLE_DOES_NOT_EXIST, SCP_OR_BOUNDARY_DENY,
    SERVICE_ACCOUNT_MISMATCH, SUBJECT_WILDCARD_NEEDS_STRINGLIKE, TRUST_POLICY_LACKS_WEB_IDENTITY_STATEMENT,
    WRONG_AUD_CONDITION_IN_TRUST_POLICY, WRONG_PROVIDER_IN_TRUST_POLICY, WRONG_SUBJECT_IN_TRUST_POLICY,
};

/// One text for all of these: ranked by how often each was the cause in public reports, then by what the clues say.
pub fn candidates(clues: &Clues) -> Vec<Candidate> {
    let sub = clues.subject.as_deref().map_or_else(|| "the token's sub".to_owned(), |sub| format!("{sub:?}"));
    let key = clues.issuer.as_deref().map_or_else(|| "ISSUER".to_owned(), |iss| without_scheme(iss).to_owned());
    let mut candidates = vec![
        subject(clues, &sub),
        provider(clues),
        statement(clues),
        (
            40,
            Candidate::new(
                &CONDITION_KEY_WRONG_IN_TRUST_POLICY,
                format!("the condition keys must be exactly \"{key}:sub\" and \"{key}:aud\""),
            ),
        ),
        account(clues, &sub),
        (30, Candidate::new(&SUBJECT_WILDCARD_NEEDS_STRINGLIKE, "a wildcard in the policy's sub requires StringLike")),
        audience(clues),
        (15, Candidate::new(&ROLE_DOES_NOT_EXIST, does_not_exist(clues))),
        (
            10,
            Candidate::new(
                &SCP_OR_BOUNDARY_DENY,
                "an organization policy that denies the call gives the same error; likely if everything else matches",
            ),
        ),
    ];
    candidates.sort_by_key(|(weight, _)| std::cmp::Reverse(*weight));
    candidates.into_iter().map(|(_, suspect)| suspect).collect()
}

/// A suspect with its place in the ranking: the higher, the likelier.
type Weighed = (u32, Candidate);

fn subject(clues: &Clues, sub: &str) -> Weighed {
    let why = match clues.service_account() {
        Some((namespace, name)) => {
            format!(
                "the policy's sub must be {sub}: namespace {namespace:?}, service account {name:?}, same letter case"
            )
        }
        None => format!("the policy's sub must be {sub}, same letter case"),
    };
    (50, Candidate::new(&WRONG_SUBJECT_IN_TRUST_POLICY, why))
}

fn account(clues: &Clues, sub: &str) -> Weighed {
    let (weight, why) = match clues.service_account() {
        Some((namespace, "default")) => (
            90,
            format!(
                "the pod runs as the \"default\" service account of {namespace}, which roles are rarely created for"
            ),
        ),
        Some((_, name)) if is_generated(name) => {
            (80, format!("the service account name {name:?} looks generated: check that the role is for this one"))
        }
        Some(("default", name)) => (55, format!("the pod runs as {name:?} in the namespace \"default\"")),
        _ => (35, format!("check that {sub} is the service account that the role is for")),
    };
    (weight, Candidate::new(&SERVICE_ACCOUNT_MISMATCH, why))
}

/// Whether a name ends in what Helm, Kubernetes and CI generate: a word with digits in it that nobody chooses.
fn is_generated(name: &str) -> bool {
    let Some((_, last)) = name.rsplit_once('-') else { return false };
    let digits = last.bytes().filter(u8::is_ascii_digit).count();
    let hash = last.len() >= 5 && last.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit()) && digits >= 2;
    (last.len() >= 8 && digits == last.len()) || hash && digits < last.len()
}

fn provider(clues: &Clues) -> Weighed {
    let why = match clues.provider_arn() {
        Some(arn) => format!(
            "the policy's principal must be {{\"Federated\": \"{arn}\"}}; recreated clusters have a new issuer id"
        ),
        None => "the policy's federated principal must be the provider of this issuer in the role's account; \
                 recreated clusters have a new issuer id"
            .to_owned(),
    };
    let dual_stack = clues.issuer_host().is_some_and(|host| host.ends_with("api.aws"));
    (if dual_stack { 70 } else { 45 }, Candidate::new(&WRONG_PROVIDER_IN_TRUST_POLICY, why))
}

fn statement(clues: &Clues) -> Weighed {
    let code = &TRUST_POLICY_LACKS_WEB_IDENTITY_STATEMENT;
    match &clues.role {
        Some(role) if is_named_after_nodes(&role.name) => (
            85,
            Candidate::new(
                code,
                format!("the role name {:?} looks like a node role's, which trusts only EC2", role.name),
            ),
        ),
        _ => (
            42,
            Candidate::new(
                code,
                "the policy may trust only EC2, another role or pods.eks.amazonaws.com, or allow only sts:AssumeRole",
            ),
        ),
    }
}

fn audience(clues: &Clues) -> Weighed {
    let code = &WRONG_AUD_CONDITION_IN_TRUST_POLICY;
    match clues.audience.as_deref() {
        Some([one]) if one == "sts.amazonaws.com" => (
            20,
            Candidate::new(
                code,
                "the policy's aud must be \"sts.amazonaws.com\", like the token's, in every partition",
            ),
        ),
        Some(audience) if !audience.is_empty() => (
            75,
            Candidate::new(
                code,
                format!("the token's aud is {}, but most policies name sts.amazonaws.com", quoted(audience)),
            ),
        ),
        _ => (25, Candidate::new(code, "the policy's aud must match the token's, usually sts.amazonaws.com")),
    }
}

fn does_not_exist(clues: &Clues) -> String {
    let role = clues.role.as_ref().map_or_else(|| "the role".to_owned(), ToString::to_string);
    format!("STS returns the same error if {role} does not exist or was created seconds ago")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::aws::arn::RoleArn;

    #[test]
    fn what_is_known_of_token_and_role_comes_first() {
        let role = |name: &str| RoleArn::parse(&format!("arn:aws:iam::111122223333:role/{name}")).ok();
        for (subject, audience, role_name, first) in [
            (
                "system:serviceaccount:payments:checkout",
                "sts.amazonaws.com",
                "checkout",
                "wrong-subject-in-trust-policy",
            ),
            ("system:serviceaccount:payments:default", "sts.amazonaws.com", "checkout", "service-account-mismatch"),
            ("system:serviceaccount:a:app-7f9c4d2b", "sts.amazonaws.com", "checkout", "service-account-mismatch"),
            ("system:serviceaccount:a:s3-csi-driver-sa", "sts.amazonaws.com", "x", "wrong-subject-in-trust-policy"),
            ("system:serviceaccount:a:b", "openshift", "checkout", "wrong-aud-condition-in-trust-policy"),
            (
                "system:serviceaccount:a:b",
                "sts.amazonaws.com",
                "eksctl-nodegroup-NodeInstanceRole-1Q",
                "trust-policy-lacks-web-identity-statement",
            ),
        ] {
            let clues = Clues {
                subject: Some(subject.into()),
                audience: Some(vec![audience.into()]),
                role: role(role_name),
                ..Clues::default()
            };
            let ranked = candidates(&clues);
            assert_eq!(ranked[0].cause.code, first, "{subject} {audience} {role_name}");
            for always in ["role-does-not-exist", "scp-or-boundary-deny"] {
                assert!(ranked.iter().any(|candidate| candidate.cause.code == always), "{always}");
            }
        }
    }
}
